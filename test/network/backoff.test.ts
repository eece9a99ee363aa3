import { expect, it } from 'vitest';
import { backoffMs } from '../../src/network/backoff.ts';

it('doubles the pause with each failure up to the longest, less up to a quarter', () => {
  for (const [failures, longest] of [
    [1, 1000],
    [2, 2000],
    [6, 32_000],
    [7, 60_000],
    [5000, 60_000],
  ] as const) {
    const pauses = Array.from({ length: 200 }, () => backoffMs(failures, 1000, 60_000));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(longest * 0.75);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(longest);
    expect(new Set(pauses).size).toBeGreaterThan(50);
  }
});
