import { flag, whole } from '../file/config-setting.ts';
import { alerts } from './alerts.ts';
import { breaker } from './breaker.ts';
import { dashboard } from './dashboard.ts';
import { dedupe } from './dedupe.ts';
import { drill } from './drill.ts';
import { exporting } from './export.ts';
import { network } from './network.ts';
import { opentelemetry } from './opentelemetry.ts';
import { prometheus } from './prometheus.ts';
import { statsd } from './statsd.ts';

/** Settings outside all sections. */
export const TOP_LEVEL = {
  /** How long the daemon keeps executions. */
  retention_days: whole(7, 'days', { min: 0, max: 36_500 }),
  /** False allows HOOKBUS_REDACT=0, which stores secrets. */
  redact: flag(true),
};

/** The sections of config.json by their names; each is a file here. */
export const SECTIONS = {
  breaker,
  drill,
  export: exporting,
  prometheus,
  statsd,
  opentelemetry,
  dashboard,
  alerts,
  network,
  dedupe,
};
