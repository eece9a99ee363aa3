/** How a value compares with its target. */
export type Grade = 'ok' | 'above target' | 'alert';

export interface Target {
  /** The value should be below this; if this is 0, exactly 0. */
  readonly target: number;
  /** Above this, somebody should look. */
  readonly alert: number;
}

/** Targets of the overhead as a caller sees it, in ms. Recorded overhead is measured inside the engine and is lower. */
export const OVERHEAD_TARGETS = {
  p50: { target: 2, alert: 5 },
  p95: { target: 10, alert: 15 },
  p99: { target: 25, alert: 50 },
} as const satisfies Record<string, Target>;

/** Target of the failure rate, as a fraction of the executions that ran. */
export const FAILURE_RATE_TARGET: Target = { target: 0, alert: 0.01 };

/** Grades a value; undefined if there is none. */
export function gradeOf(value: number | undefined, { target, alert }: Target): Grade | undefined {
  if (value === undefined) return undefined;
  if (value > alert) return 'alert';
  return value < target || value === 0 ? 'ok' : 'above target';
}
