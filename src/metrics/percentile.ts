/**
 * The exact percentile by nearest rank: the smallest value that at least `percent` % of the values do not exceed.
 * The values may have any order; undefined if there are none.
 */
export function percentile(values: readonly number[], percent: number): number | undefined {
  return nearestRank(Float64Array.from(values).sort(), percent);
}

function nearestRank(sorted: Float64Array, percent: number): number | undefined {
  return sorted[rankOf(sorted.length, percent)];
}

/** The nearest rank among this many sorted values, counted from 0. */
export function rankOf(count: number, percent: number): number {
  return Math.max(Math.ceil((percent * count) / 100), 1) - 1;
}

/** Describes a set of times, in ms; undefined if there are none. */
export interface Distribution {
  readonly count: number;
  readonly totalMs: number;
  readonly averageMs: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly maxMs: number | undefined;
}

export const NO_TIMES: Distribution = {
  count: 0,
  totalMs: 0,
  averageMs: undefined,
  p50Ms: undefined,
  p95Ms: undefined,
  p99Ms: undefined,
  maxMs: undefined,
};

/** Describes times in ms, in any order. */
export function describeTimes(times: readonly number[]): Distribution {
  const sorted = Float64Array.from(times).sort();
  const totalMs = sorted.reduce((sum, time) => sum + time, 0);
  return {
    count: sorted.length,
    totalMs,
    averageMs: sorted.length === 0 ? undefined : totalMs / sorted.length,
    p50Ms: nearestRank(sorted, 50),
    p95Ms: nearestRank(sorted, 95),
    p99Ms: nearestRank(sorted, 99),
    maxMs: sorted.at(-1),
  };
}
