/** How a figure stands against its target. */
export type Grade = 'ok' | 'above target' | 'alert';

export interface Target {
  /** The figure is to stay below this; at 0, to be 0. */
  readonly target: number;
  /** Above this somebody should look. */
  readonly alert: number;
}

/** What is promised of the overhead as a caller sees it, in ms; what is on record is seen from inside, and less. */
export const OVERHEAD_TARGETS = {
  p50: { target: 2, alert: 5 },
  p95: { target: 10, alert: 15 },
  p99: { target: 25, alert: 50 },
} as const satisfies Record<string, Target>;

/** What is hoped of the failure rate, as a fraction of the executions that ran. */
export const FAILURE_RATE_TARGET: Target = { target: 0, alert: 0.01 };

/** The word for a figure; undefined where there is none. */
export function gradeOf(value: number | undefined, { target, alert }: Target): Grade | undefined {
  if (value === undefined) return undefined;
  if (value > alert) return 'alert';
  return value < target || value === 0 ? 'ok' : 'above target';
}
