/** The rules by which alerts are raised, in the order in which people hear of them. */
export const ALERT_RULES = [
  'guard_skipped',
  'guard_exit_1',
  'guard_timeout',
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

/** What is done when an alert opens or clears. */
export type AlertAction = 'command' | 'webhook' | 'desktop';

/** One time that something was wrong: opened once, cleared once. */
export interface Alert {
  /** UUIDv7, by the time at which it opened. */
  readonly alertId: string;
  readonly rule: AlertRule;
  /** What it is about: a hook, an exporter; empty where that is this whole HookBus. */
  readonly subject: string;
  readonly state: 'open' | 'cleared';
  /** UTC, as in `created_at`. */
  readonly openedAt: string;
  readonly clearedAt: string | null;
  /** What was measured when it opened: a share, ms, a number of things or seconds, by its rule. */
  readonly value: number;
  /** What the value was not to be above; null where there is no such figure. */
  readonly threshold: number | null;
  /** The executions that the value rests on; null where it rests on none. */
  readonly runs: number | null;
  /** Why, of what a machine said; null where the figures say it all. */
  readonly reason: string | null;
}
