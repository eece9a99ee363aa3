import { describe, expect, it } from 'vitest';
import {
  createFrameWriter,
  FRAME_KIND,
  FrameError,
  MAX_FRAME_BODY_BYTES,
  splitFrames,
} from '../../src/protocol/frame.ts';
import { decodeRecord, encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { aBegin, anEnd } from '../support/records.ts';

describe('a record', () => {
  it('is read as it was written, with every field', () => {
    const begin = aBegin({
      parentSpanId: 'e'.repeat(16),
      dedupeKey: 'guard:1',
      argv: ['sh', '-c', '', 'naïve — 日本語', 'a\nb'],
      storeRaw: true,
      compress: true,
      redact: false,
      warnings: ['unknown option --bogus', 'HOOKBUS_MAX_BYTES: …'],
    });
    const end = anEnd({
      kind: 'signaled',
      signal: 'SIGTERM',
      reason: 'why',
      stdoutBytes: 2 ** 40,
      stdoutKind: 'broken',
      stdoutDigest: '0123456789abcdef',
      stderrTail: Buffer.from([0, 255, 10]),
      captures: [
        { stream: 'stdin', bytes: Buffer.from([0, 1, 255]), truncated: true },
        { stream: 'stderr', bytes: Buffer.alloc(0), truncated: false },
      ],
    });
    delete (end as { exitCode?: number }).exitCode;
    expect(decodeRecord(Buffer.concat([encodeBegin(begin), encodeEnd(end)]))).toEqual({
      begin,
      end,
    });
  });

  it.each([
    [['python3', 'x/guard.py'], 0, 'guard'],
    [['/bin/sh', '-c', 'x/guard.py | cat'], 0, 'sh'],
    [['/bin/sh', '-c', 'x/guard.py | cat'], 8, 'guard'],
    [['/bin/sh', '-c', '', 'a.py'], 8, 'hook'],
    [['a.py'], 8, 'a'],
    [[], 15, 'hook'],
  ])('without a name has that of its command %j, flags %d', (argv, flags, hookName) => {
    const { executionId, correlationId, spanId, createdAtMs } = aBegin();
    for (const name of [undefined, '']) {
      const frame = createFrameWriter(FRAME_KIND.begin);
      [executionId, correlationId, spanId].forEach((id, index) => void frame.text(index + 1, id));
      frame.text(5, name);
      for (const word of argv) frame.text(12, word);
      frame.number(13, createdAtMs);
      frame.number(19, flags);
      expect(decodeRecord(frame.finish()).begin).toMatchObject({ hookName, argv });
    }
  });

  it('has no end while its hook runs', () => {
    const begin = aBegin();
    expect(decodeRecord(encodeBegin(begin))).toEqual({ begin });
  });

  it('uses the last of several ends', () => {
    const bytes = Buffer.concat([
      encodeBegin(aBegin()),
      encodeEnd(anEnd({ kind: 'cut_off', signal: 'SIGTERM' })),
      encodeEnd(anEnd({ exitCode: 3 })),
    ]);
    expect(decodeRecord(bytes).end).toMatchObject({ kind: 'exited', exitCode: 3 });
  });

  it('is read as far as it is complete, at every length', () => {
    const begin = encodeBegin(aBegin());
    const whole = Buffer.concat([begin, encodeEnd(anEnd())]);
    for (let length = 0; length < whole.length; length += 1) {
      const part = whole.subarray(0, length);
      if (length < begin.length) expect(() => decodeRecord(part)).toThrow(FrameError);
      else expect(decodeRecord(part).end).toBeUndefined();
    }
    expect(decodeRecord(whole).end).toBeDefined();
  });

  it('throws a FrameError, and nothing else, for bytes changed at random', () => {
    let seed = 20_261_122;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return seed % below;
    };
    const whole = Buffer.concat([encodeBegin(aBegin()), encodeEnd(anEnd())]);
    for (let round = 0; round < 5000; round += 1) {
      const bytes = Buffer.from(whole);
      for (let change = 0; change <= random(4); change += 1)
        bytes[random(bytes.length)] = random(256);
      try {
        decodeRecord(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
      }
    }
  });

  it('refuses a length of 4 GB before asking for memory', () => {
    expect(() => splitFrames(Buffer.from([1, 1, 255, 255, 255, 255, 0]))).toThrow(/over the limit/);
    expect(MAX_FRAME_BODY_BYTES).toBeLessThan(2 ** 27);
  });

  it('refuses another version', () => {
    expect(() => splitFrames(Buffer.from([2, 1, 0, 0, 0, 0]))).toThrow(
      'frame version 2 is not supported; expected 1',
    );
  });
});
