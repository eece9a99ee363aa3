import { describe, expect, it } from 'vitest';
import { describeTimes, percentile } from '../../src/metrics/percentile.ts';

/** By definition: the smallest value that at least `percent` % of all values do not exceed. */
function naive(values: readonly number[], percent: number): number | undefined {
  const fitting = values.filter(
    (candidate) =>
      values.filter((value) => value <= candidate).length * 100 >= percent * values.length,
  );
  return fitting.length === 0 ? undefined : Math.min(...fitting);
}

/** Values in random order, many of them equal. */
function someValues(count: number): number[] {
  return Array.from({ length: count }, (_, index) => ((index * 7919) % 61) / 4);
}

describe('a percentile', () => {
  it('matches the definition, for every number of values up to 200', () => {
    for (let count = 0; count <= 200; count += 1) {
      const values = someValues(count);
      for (const percent of [1, 7, 25, 50, 90, 95, 99, 100]) {
        expect({ count, percent, is: percentile(values, percent) }).toEqual({
          count,
          percent,
          is: naive(values, percent),
        });
      }
    }
  });

  it('is one of the values, never between two', () => {
    expect(percentile([1, 2, 3, 4], 50)).toBe(2);
    expect(percentile([10, 1], 95)).toBe(10);
    expect(percentile([3], 1)).toBe(3);
  });

  it('of no values is undefined, and does not reorder its input', () => {
    expect(percentile([], 50)).toBeUndefined();
    const values = [3, 1, 2];
    percentile(values, 50);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('a distribution', () => {
  it('sorts by number, not by digits', () => {
    expect(describeTimes([100, 9, 20])).toEqual({
      count: 3,
      totalMs: 129,
      averageMs: 43,
      p50Ms: 20,
      p95Ms: 100,
      p99Ms: 100,
      maxMs: 100,
    });
  });

  it('of no values has no numbers', () => {
    expect(describeTimes([])).toMatchObject({ count: 0, totalMs: 0, averageMs: undefined });
  });
});
