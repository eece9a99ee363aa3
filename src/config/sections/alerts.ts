import { ALERT_RULES } from '../../domain/alert.ts';
import { milliseconds, shellLine, someOf, webAddress } from '../file/config-places.ts';
import { flag, names, share, whole } from '../file/config-setting.ts';

/** Longer than any hook takes. */
const HOUR_MS = 3_600_000;

/**
 * When somebody is to hear of it, and how. Thresholds of overhead and failures are the alert levels of
 * src/metrics/targets.ts; a test compares.
 */
export const alerts = {
  enabled: flag(true),
  /** Rules that are switched off. */
  rules_off: someOf(ALERT_RULES),
  /** Hooks of which nobody is to hear. */
  hooks_off: names('hook names', 'lint', 'format'),
  window_minutes: whole(60, 'minutes', { least: 1, most: 1440 }),
  least_runs: whole(20, 'executions', { least: 1, most: 500 }),
  /** An alert stays open for at least so long, and away for as long. */
  hold_seconds: whole(60, 'seconds', { least: 0, most: 86_400 }),
  failure_rate: share(0.01),
  hook_p95_ms: milliseconds(5000, HOUR_MS),
  overhead_p50_ms: milliseconds(5, HOUR_MS),
  overhead_p95_ms: milliseconds(15, HOUR_MS),
  overhead_p99_ms: milliseconds(50, HOUR_MS),
  spool_records: whole(200, 'records', { least: 1, most: 1_000_000 }),
  exporter_seconds: whole(60, 'seconds', { least: 1, most: 86_400 }),
  command: shellLine(),
  webhook: webAddress(),
  desktop: flag(false),
};
