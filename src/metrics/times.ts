import { type Distribution, describeTimes } from './percentile.ts';
import { TimesSketch } from './sketch.ts';

/** Collects times, in ms. */
export interface Times {
  readonly add: (ms: number) => void;
  /** Adds the times of a rollup. @throws if single times are kept */
  readonly addEncoded: (sketch: Uint8Array, totalMs: number, maxMs: number) => void;
  readonly describe: () => Distribution;
}

/** Keeps every time, for exact percentiles. */
export function exactTimes(): Times {
  const times: number[] = [];
  return {
    add: (ms) => void times.push(ms),
    addEncoded() {
      throw new TypeError('exact times cannot include a sketch');
    },
    describe: () => describeTimes(times),
  };
}

/** Keeps a sketch, which stays small however many times there are. */
export function sketchedTimes(): Times {
  const sketch = new TimesSketch();
  return {
    add: (ms) => sketch.add(ms),
    addEncoded: (bytes, totalMs, maxMs) => sketch.addEncoded(bytes, totalMs, maxMs),
    describe: () => sketch.describe(),
  };
}
