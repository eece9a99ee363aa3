import { breaker } from './breaker.ts';
import { dashboard } from './dashboard.ts';

/** The sections of config.json by their names; each is a file here. */
export const SECTIONS = { breaker, dashboard };
