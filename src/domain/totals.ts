import type { Status } from './execution.ts';

/** Upper bounds of the buckets, in ms, of how long hooks take. A bound is never changed: stored counts are by its place. */
export const DURATION_BOUNDS_MS = [
  5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000,
] as const;

/** The same of what we add; the targets are among them. */
export const OVERHEAD_BOUNDS_MS = [0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 1000] as const;

/** A histogram as Prometheus has them, but with the counts of each bucket alone; the last has what is above all bounds. */
export interface Histogram {
  readonly count: number;
  readonly sumMs: number;
  readonly buckets: readonly number[];
}

/** Everything that was ever recorded of a hook on an event with a status. */
export interface Total {
  readonly hookName: string;
  readonly eventType: string;
  readonly status: Status;
  readonly executions: number;
  /** Those that had a dedupe key. */
  readonly keyed: number;
  readonly duration: Histogram;
  readonly overhead: Histogram;
}

export function emptyHistogram(bounds: readonly number[]): Histogram {
  return { count: 0, sumMs: 0, buckets: Array.from({ length: bounds.length + 1 }, () => 0) };
}

/** With one value more; the same where there is no value. */
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
