import { describe, expect, it } from 'vitest';
import { describeTimes } from '../../src/metrics/percentile.ts';
import { RELATIVE_ERROR, TimesSketch } from '../../src/metrics/sketch.ts';
import { createRandom } from '../support/random.ts';

const sketchOf = (times: readonly number[]): TimesSketch => {
  const sketch = new TimesSketch();
  for (const time of times) sketch.add(time);
  return sketch;
};

/** Times like those of hooks: from microseconds to minutes. */
function someTimes(count: number, seed = 1): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => 0.001 * 10 ** ((random(1_000_000) / 1_000_000) * 8));
}

function expectNear(sketch: TimesSketch, times: readonly number[]): void {
  const [near, exact] = [sketch.describe(), describeTimes(times)];
  expect(near.count).toBe(exact.count);
  expect(near.maxMs).toBe(exact.maxMs);
  expect(near.totalMs).toBeCloseTo(exact.totalMs, 3);
  for (const percentile of ['p50Ms', 'p95Ms', 'p99Ms'] as const) {
    const [got, wanted] = [near[percentile] ?? Number.NaN, exact[percentile] ?? Number.NaN];
    expect(Math.abs(got - wanted)).toBeLessThanOrEqual(wanted * RELATIVE_ERROR * 1.000001);
  }
}

describe('a sketch of times', () => {
  it.each([1, 2, 3, 19, 20, 21, 99, 100, 101, 10_000])(
    'has the percentiles of %i times, within its error',
    (count) => {
      const times = someTimes(count, count);
      expectNear(sketchOf(times), times);
    },
  );

  it('is the same after encoding, decoding and adding', () => {
    const times = someTimes(5000);
    const sum = new TimesSketch();
    for (let at = 0; at < times.length; at += 613) {
      const part = sketchOf(times.slice(at, at + 613));
      sum.addEncoded(part.encode(), part.totalMs, part.maxMs ?? 0);
    }
    expectNear(sum, times);
    expect(sum.encode()).toEqual(sketchOf(times).encode());
  });

  it('accepts zeros, and negative times of a clock that was set back', () => {
    const sketch = sketchOf([0, 0, 0, -3, 5]);
    const again = new TimesSketch();
    again.addEncoded(sketch.encode(), sketch.totalMs, sketch.maxMs ?? 0);
    expect(again.describe()).toMatchObject({ count: 5, p50Ms: 0, maxMs: 5 });
    expect(again.describe().p99Ms).toBeCloseTo(5, 1);
  });

  it('of no times has no numbers', () => {
    const nothing = sketchOf([]);
    expect(nothing.describe()).toMatchObject({ count: 0, totalMs: 0, p50Ms: undefined });
    const again = new TimesSketch();
    again.addEncoded(nothing.encode(), 0, 0);
    expect(again.count).toBe(0);
  });

  it('is small', () => {
    expect(sketchOf([12.5]).encode().length).toBeLessThan(8);
    expect(sketchOf(someTimes(10_000)).encode().length).toBeLessThan(3000);
  });

  it('refuses bytes that are not a sketch', () => {
    for (const bytes of [[], [2, 0], [1], [1, 0, 3], [1, 0, 3, 0x80]]) {
      expect(() => new TimesSketch().addEncoded(Uint8Array.from(bytes), 0, 0)).toThrow(RangeError);
    }
  });
});
