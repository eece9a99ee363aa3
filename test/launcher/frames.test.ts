import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Begin, Capture, End } from '../../src/domain/record.ts';
import { splitFrames } from '../../src/protocol/frame.ts';
import { decodeRecord, encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
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
  /** What it means, where it is a record. Bytes are in hex. */
  readonly record?: {
    readonly begin: Begin;
    readonly end?: Omit<End, 'stderrTail' | 'captures'> & {
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
  const { stderrTail, captures, ...end } = record.end;
  return {
    begin: record.begin,
    end: {
      ...end,
      stderrTail: Buffer.from(stderrTail, 'hex'),
      captures: captures.map((capture) => ({
        ...capture,
        bytes: Buffer.from(capture.bytes, 'hex'),
      })),
    },
  };
};

describe('the golden frames', () => {
  it('are there', () => {
    expect(goldens.map(({ name }) => name)).toEqual([
      'begin-full',
      'begin-least',
      'claim',
      'poke',
      'record-captures',
      'record-noted',
      'record-timeout',
      'record-unstarted',
      'result-failed',
      'result-outputs',
      'verdict-replay',
      'verdict-run',
    ]);
  });

  it.each(goldens)('$name is what TypeScript reads', ({ bytes, description }) => {
    const { frames, rest } = splitFrames(bytes);
    expect(rest).toHaveLength(0);
    expect(frames.map(({ kind }) => kind)).toEqual(description.frames.map(({ kind }) => kind));
    const record = recordOf(description);
    if (record !== undefined) expect(decodeRecord(bytes)).toEqual(record);
  });

  it.each(goldens.filter(({ name, description }) => description.record && name !== 'record-noted'))(
    '$name is what TypeScript writes',
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

describe.skipIf(canCompile !== true)(titleOf('the launcher', canCompile), () => {
  let driver: Driver;
  beforeAll(() => {
    driver = compileDriver();
  }, 120_000);
  afterAll(() => driver?.close());

  it.each(goldens)('writes $name as it is', ({ bytes, description }) => {
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
});
