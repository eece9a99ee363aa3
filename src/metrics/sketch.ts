import { DDSketch } from '@datadog/sketches-js';
import { type Distribution, NO_TIMES, rankOf } from './percentile.ts';

/** Maximum relative error of a sketch's percentile. */
export const RELATIVE_ERROR = 0.01;

/** The first byte of an encoded sketch. */
const FORMAT = 1;

/**
 * Many times in little space: the counts of the bins of a DDSketch, with the sum and the maximum.
 * Two sketches can be added without losing accuracy.
 */
export class TimesSketch {
  readonly #sketch = new DDSketch({ relativeAccuracy: RELATIVE_ERROR });
  #totalMs = 0;
  #maxMs = 0;

  /** How many times were added. */
  get count(): number {
    return this.#sketch.count;
  }

  get totalMs(): number {
    return this.#totalMs;
  }

  get maxMs(): number | undefined {
    return this.count === 0 ? undefined : this.#maxMs;
  }

  add(ms: number): void {
    // After the clock was set back, times may be negative; there is no bin for them.
    this.#sketch.accept(Math.max(ms, 0));
    this.#totalMs += ms;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** Adds an encoded sketch. @throws RangeError if the bytes are not one */
  addEncoded(bytes: Uint8Array, totalMs: number, maxMs: number): void {
    const numbers = readNumbers(bytes);
    if (numbers[0] !== FORMAT || numbers.length % 2 !== 0) {
      throw new RangeError('the bytes are not an encoded sketch');
    }
    const { store } = this.#sketch;
    this.#sketch.zeroCount += numbers[1] ?? 0;
    let added = numbers[1] ?? 0;
    let key = 0;
    for (let at = 2; at < numbers.length; at += 2) {
      key += signed(numbers[at] ?? 0);
      const count = numbers[at + 1] ?? 0;
      store.add(key, count);
      added += count;
    }
    this.#sketch.count += added;
    this.#totalMs += totalMs;
    if (added > 0) this.#maxMs = Math.max(this.#maxMs, maxMs);
  }

  /** The bins that are not empty, as numbers of variable length: 1, zeros, then the step to each key and its count. */
  encode(): Uint8Array {
    const { store, zeroCount } = this.#sketch;
    const numbers = [FORMAT, zeroCount];
    let before = 0;
    for (const [index, count] of store.bins.entries()) {
      if (count === 0) continue;
      const key = index + store.offset;
      numbers.push(unsigned(key - before), count);
      before = key;
    }
    return writeNumbers(numbers);
  }

  describe(): Distribution {
    const { count } = this;
    if (count === 0) return NO_TIMES;
    return {
      count,
      totalMs: this.#totalMs,
      averageMs: this.#totalMs / count,
      p50Ms: this.#percentile(50),
      p95Ms: this.#percentile(95),
      p99Ms: this.#percentile(99),
      maxMs: this.#maxMs,
    };
  }

  /** By nearest rank, like the exact percentile. */
  #percentile(percent: number): number {
    const { count } = this.#sketch;
    // Adds half a rank, so that rounding cannot select the previous rank.
    const quantile = count === 1 ? 0 : Math.min((rankOf(count, percent) + 0.5) / (count - 1), 1);
    return Math.min(this.#sketch.getValueAtQuantile(quantile), this.#maxMs);
  }
}

/** Maps small numbers, including negative ones, to small positive ones. */
const unsigned = (value: number): number => (value < 0 ? -value * 2 - 1 : value * 2);
const signed = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** Seven bits per byte, lowest first; the eighth bit says that more bytes follow. */
function writeNumbers(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (const number of numbers) {
    let rest = number;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

function readNumbers(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let [number, factor] = [0, 1];
  for (const byte of bytes) {
    number += (byte & 0x7f) * factor;
    if ((byte & 0x80) !== 0) factor *= 0x80;
    else {
      numbers.push(number);
      [number, factor] = [0, 1];
    }
  }
  if (factor !== 1) throw new RangeError('the encoded sketch is incomplete');
  return numbers;
}
