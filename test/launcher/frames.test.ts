import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Begin, Capture, End } from '../../src/domain/record.ts';
import { createFrameWriter, splitFrames } from '../../src/protocol/frame.ts';
import { decodeRecord, encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { EFFORT, SEED } from '../support/effort.ts';
import { createRandom } from '../support/random.ts';
import { type Call, canCompile, compileDriver, type Driver } from './support/driver.ts';
import { titleOf } from './support/launcher.ts';

const FRAMES = new URL('../../fixtures/frames/', import.meta.url);

/** One frame in words: its kind and its fields in their order, each of one of three types. */
interface Description {
  readonly frames: readonly {
    readonly kind: number;
    readonly fields: readonly {
      readonly tag: number;
      readonly text?: string;
      readonly number?: number;
      readonly hex?: string;
    }[];
  }[];
  /** The decoded record, if the frames are one. Bytes are in hex. */
  readonly record?: {
    readonly begin: Begin;
    readonly end?: Omit<End, 'stderrTail' | 'stdoutHead' | 'captures'> & {
      readonly stdoutHead?: string;
      readonly stderrTail: string;
      readonly captures: readonly (Omit<Capture, 'bytes'> & { readonly bytes: string })[];
    };
  };
}

const goldens = readdirSync(FRAMES)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name: name.slice(0, -'.json'.length),
    bytes: readFileSync(new URL(name.replace(/json$/, 'bin'), FRAMES)),
    description: JSON.parse(readFileSync(new URL(name, FRAMES), 'utf8')) as Description,
  }));

const recordOf = (description: Description): { begin: Begin; end?: End } | undefined => {
  const { record } = description;
  if (record === undefined) return undefined;
  if (record.end === undefined) return { begin: record.begin };
  const { stderrTail, stdoutHead, captures, ...end } = record.end;
  return {
    begin: record.begin,
    end: {
      ...end,
      ...(stdoutHead !== undefined && { stdoutHead: Buffer.from(stdoutHead, 'hex') }),
      stderrTail: Buffer.from(stderrTail, 'hex'),
      captures: captures.map((capture) => ({
        ...capture,
        bytes: Buffer.from(capture.bytes, 'hex'),
      })),
    },
  };
};

describe('the golden frames', () => {
  it('are complete', () => {
    expect(goldens.map(({ name }) => name)).toEqual([
      'begin-agent',
      'begin-full',
      'begin-minimal',
      'claim-deny',
      'claim',
      'dashboard',
      'executions',
      'follow',
      'notify',
      'record-captures',
      'record-head',
      'record-noted',
      'record-timeout',
      'record-unstarted',
      'result-failed',
      'result-outputs',
      'verdict-replay',
      'verdict-run',
    ]);
  });

  it.each(goldens)('$name is read by the TypeScript port', ({ bytes, description }) => {
    const { frames, rest } = splitFrames(bytes);
    expect(rest).toHaveLength(0);
    expect(frames.map(({ kind }) => kind)).toEqual(description.frames.map(({ kind }) => kind));
    const record = recordOf(description);
    if (record !== undefined) expect(decodeRecord(bytes)).toEqual(record);
  });

  it.each(goldens.filter(({ name, description }) => description.record && name !== 'record-noted'))(
    '$name is written by the TypeScript port',
    ({ bytes, description }) => {
      const record = recordOf(description);
      if (record === undefined) return;
      const end = record.end === undefined ? Buffer.alloc(0) : encodeEnd(record.end);
      expect(Buffer.concat([encodeBegin(record.begin), end]).toString('hex')).toBe(
        bytes.toString('hex'),
      );
    },
  );
});

describe.skipIf(canCompile !== true)(titleOf('the C port', canCompile), () => {
  let driver: Driver;
  beforeAll(() => {
    driver = compileDriver();
  });
  afterAll(() => driver?.close());

  it.each(goldens)('writes $name byte for byte', ({ bytes, description }) => {
    const calls = description.frames.map(({ kind, fields }): Call => {
      const words = fields.flatMap(({ tag, text, number, hex }) => [
        `${tag}`,
        number === undefined
          ? Buffer.concat([
              Buffer.from('b'),
              text === undefined ? Buffer.from(hex ?? '', 'hex') : Buffer.from(text),
            ])
          : `n${number}`,
      ]);
      return ['frame', `${kind}`, ...words];
    });
    expect(driver.ask(calls).join('')).toBe(bytes.toString('hex'));
  });

  it('writes 2,000 random frames like the TypeScript port', () => {
    const random = createRandom(SEED);
    for (let batch = 0; batch < EFFORT; batch += 1) {
      const calls: Call[] = [];
      const expected: string[] = [];
      for (let index = 0; index < 2000; index += 1) {
        const kind = random(256);
        const frame = createFrameWriter(kind);
        const words: Buffer[] = [];
        for (let fields = random(20); fields > 0; fields -= 1) {
          const tag = random(256);
          // Around the initial capacity of the launcher's buffer, and where it grows.
          const length = random(8) === 0 ? random(5000) : random(40);
          const value = Buffer.from(Array.from({ length }, () => random(256)));
          const number = 2 ** random(53) - random(2);
          const isNumber = random(3) === 0;
          if (isNumber) frame.number(tag, number);
          else frame.bytes(tag, value);
          words.push(Buffer.from(`${tag}`));
          words.push(
            isNumber ? Buffer.from(`n${number}`) : Buffer.concat([Buffer.from('b'), value]),
          );
        }
        calls.push(['frame', `${kind}`, ...words]);
        expected.push(frame.finish().toString('hex'));
      }
      const written = driver.ask(calls);
      const wrong = written.findIndex((hex, index) => hex !== expected[index]);
      expect(written[wrong], `frame ${wrong} of batch ${batch}`).toBe(expected[wrong]);
      expect(written).toHaveLength(calls.length);
    }
  });
});
