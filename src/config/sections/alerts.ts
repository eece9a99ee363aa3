import { ALERT_RULES } from '../../domain/alert.ts';
import { HOUR_MS } from '../../domain/time.ts';
import { milliseconds, shellLine, someOf, webAddress } from '../file/config-places.ts';
import { flag, names, share, whole } from '../file/config-setting.ts';

/**
 * When to raise alerts, and whom to notify. The thresholds for overhead and failures are the alert levels of
 * src/metrics/targets.ts; a test compares them.
 */
export const alerts = {
  enabled: flag(true),
  /** Disabled rules. */
  rules_off: someOf(ALERT_RULES),
  /** Hooks that raise no alerts. */
  hooks_off: names('hook names', 'lint', 'format'),
  window_minutes: whole(60, 'minutes', { min: 1, max: 1440 }),
  least_runs: whole(20, 'executions', { min: 1, max: 500 }),
  /** An alert stays open, and stays cleared, for at least this long. */
  hold_seconds: whole(60, 'seconds', { min: 0, max: 86_400 }),
  failure_rate: share(0.01),
  failures_in_a_row: whole(3, 'executions', { min: 2, max: 100 }),
  silent_calls: whole(20, 'calls', { min: 5, max: 1000 }),
  changed_hours: whole(24, 'hours', { min: 1, max: 720 }),
  hook_p95_ms: milliseconds(5000, HOUR_MS),
  overhead_p50_ms: milliseconds(5, HOUR_MS),
  overhead_p95_ms: milliseconds(15, HOUR_MS),
  overhead_p99_ms: milliseconds(50, HOUR_MS),
  spool_records: whole(200, 'records', { min: 1, max: 1_000_000 }),
  exporter_seconds: whole(60, 'seconds', { min: 1, max: 86_400 }),
  command: shellLine(),
  webhook: webAddress(),
  desktop: flag(false),
};
