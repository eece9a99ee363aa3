import { describe, expect, it } from 'vitest';
import { recordable } from '../../src/domain/key/dedupe-key.ts';
import { generateDedupeKey } from '../../src/index.ts';

describe('generateDedupeKey', () => {
  it('is readable if its parts are', () => {
    expect(generateDedupeKey('format', 'toolu_1', 7, true, 9n)).toBe('format:toolu_1:7:true:9');
  });

  it('gives different lists different keys', () => {
    const lists: unknown[][] = [
      ['a', 'b'],
      ['a:b'],
      ['a%3Ab'],
      ['a%', 'b'],
      ['ab'],
      ['b', 'a'],
      ['a', 'b', 'c'],
      ['a', 'b:c'],
      [{ a: 'b' }],
      [['a', 'b']],
      ['{"a":"b"}'],
      [{ a: { b: 1 } }],
      [{ a: { b: '1' } }],
      [new Uint8Array([1])],
      [new Uint8Array([2])],
      ['\ud800'],
      ['\ud801'],
      ['\ufffd'],
      [generateDedupeKey({ a: 'b' })],
      [`x${'y'.repeat(300)}`],
      [`x${'y'.repeat(301)}`],
      [generateDedupeKey(`x${'y'.repeat(300)}`)],
      ['sha256', generateDedupeKey(`x${'y'.repeat(300)}`).slice(7)],
    ];
    const keys = lists.map((list) => generateDedupeKey(...list));
    expect(keys).not.toContain('');
    expect(new Set(keys).size).toBe(lists.length);
  });

  it('treats equal objects as equal, whatever the order of their members', () => {
    expect(generateDedupeKey({ a: 1, b: [{ c: 2, d: undefined }] })).toBe(
      generateDedupeKey({ b: [{ c: 2 }], a: 1 }),
    );
    expect(generateDedupeKey(new Date(0))).toBe(generateDedupeKey(new Date(0)));
    expect(generateDedupeKey(new Date(0))).not.toBe(generateDedupeKey(new Date(1)));
  });

  it('has at most 256 bytes and contains no secret', () => {
    const keys = [
      generateDedupeKey('ü'.repeat(500)),
      generateDedupeKey('x'.repeat(256)),
      generateDedupeKey(...Array.from({ length: 100 }, (_, index) => `part-${index}`)),
    ];
    for (const key of keys) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(256);
    expect(keys[1]).toBe('x'.repeat(256));
    const secret = `ghp_${'a1B2'.repeat(9)}`;
    expect(generateDedupeKey('deploy', secret)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('is recorded unchanged', () => {
    for (const key of [generateDedupeKey('a', { b: 1 }), generateDedupeKey('x'.repeat(999))]) {
      expect(recordable(key)).toBe(key);
    }
  });

  it('is empty, which means no key, if a part is absent or cannot be identified', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    class Point {
      #x = 1;
      x = (): number => this.#x;
    }
    const unusable: unknown[] = [
      undefined,
      null,
      '',
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Symbol('s'),
      () => 1,
      cycle,
      { big: 1n },
      { nan: Number.NaN },
      new Map([[1, 2]]),
      { inner: new Set([1]) },
      new Point(),
      new Date(Number.NaN),
      {
        get bad(): never {
          throw new Error('no');
        },
      },
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ),
      JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)),
    ];
    for (const part of unusable) expect(generateDedupeKey('a', part)).toBe('');
    expect(generateDedupeKey()).toBe('');
  });
});
