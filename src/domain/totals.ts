import type { Decision } from './answer/decision.ts';
import type { Status } from './execution.ts';
import type { MetricNames } from './exported.ts';

/** Upper bounds of duration buckets, in ms. Never change them: stored counts refer to a bound by its index. */
export const DURATION_BOUNDS_MS = [
  5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000,
] as const;

/** Upper bounds of overhead buckets, in ms. The performance targets are among them. */
export const OVERHEAD_BOUNDS_MS = [0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 1000] as const;

/** A histogram as in Prometheus, but not cumulative; the last bucket counts values above all bounds. */
export interface Histogram {
  readonly count: number;
  readonly sumMs: number;
  readonly buckets: readonly number[];
}

/** All executions ever recorded with these names and this status. */
export interface Total extends MetricNames {
  readonly status: Status;
  readonly executions: number;
  /** How many had a dedupe key. */
  readonly keyed: number;
  readonly duration: Histogram;
  readonly overhead: Histogram;
}

/** All executions with these names and this decision since HookBus records decisions. */
export interface DecisionTotal extends MetricNames {
  readonly decision: Decision;
  readonly executions: number;
}

export function emptyHistogram(bounds: readonly number[]): Histogram {
  return { count: 0, sumMs: 0, buckets: Array.from({ length: bounds.length + 1 }, () => 0) };
}

/** Adds a value; returns the same histogram if the value is missing. */
export function withValue(
  histogram: Histogram,
  bounds: readonly number[],
  ms: number | undefined,
): Histogram {
  if (ms === undefined || !(ms >= 0)) return histogram;
  const place = bounds.findIndex((bound) => ms <= bound);
  const at = place < 0 ? bounds.length : place;
  return {
    count: histogram.count + 1,
    sumMs: histogram.sumMs + ms,
    buckets: histogram.buckets.map((count, index) => (index === at ? count + 1 : count)),
  };
}

export function joined(left: Histogram, right: Histogram): Histogram {
  return {
    count: left.count + right.count,
    sumMs: left.sumMs + right.sumMs,
    buckets: left.buckets.map((count, index) => count + (right.buckets[index] ?? 0)),
  };
}
