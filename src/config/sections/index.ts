import { alerts } from './alerts.ts';
import { breaker } from './breaker.ts';

/** The sections of config.json by their names; each is a file here. */
export const SECTIONS = { breaker, alerts };
