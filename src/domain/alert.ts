/** The alert rules, in the order in which people see their alerts. */
export const ALERT_RULES = [
  'guard_skipped',
  'drill_passed',
  'went_silent',
  'guard_changed',
  'cannot_start',
  'guard_exit_1',
  'guard_timeout',
  'fails_every_time',
  'failure_rate',
  'hook_p95',
  'overhead_p50',
  'overhead_p95',
  'overhead_p99',
  'breaker_open',
  'spool_growing',
  'exporter_failing',
] as const;
export type AlertRule = (typeof ALERT_RULES)[number];

/** What HookBus does when an alert opens or clears. */
export type AlertAction = 'command' | 'webhook' | 'desktop';

/** One problem: it opens once and clears once. */
export interface Alert {
  /** UUIDv7 of the time at which it opened. */
  readonly alertId: string;
  readonly rule: AlertRule;
  /** A hook or an exporter; empty if the alert is about HookBus as a whole. */
  readonly subject: string;
  readonly state: 'open' | 'cleared';
  /** UTC, in the format of `created_at`. */
  readonly openedAt: string;
  readonly clearedAt: string | null;
  /** Measured when it opened, and counted on where the rule says so: a share, ms, a count or seconds, depending on the rule. */
  readonly value: number;
  /** The limit that the value exceeded; null if the rule has none. */
  readonly threshold: number | null;
  /** How many executions the value is based on; null if it is based on none. */
  readonly runs: number | null;
  /** The error message of a machine; null if the numbers say it all. */
  readonly reason: string | null;
}
