import { alerts } from './alerts.ts';
import { breaker } from './breaker.ts';
import { dashboard } from './dashboard.ts';
import { opentelemetry } from './opentelemetry.ts';
import { prometheus } from './prometheus.ts';
import { statsd } from './statsd.ts';

/** The sections of config.json by their names; each is a file here. */
export const SECTIONS = { breaker, prometheus, statsd, opentelemetry, dashboard, alerts };
