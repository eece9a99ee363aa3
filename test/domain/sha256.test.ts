import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../src/domain/key/sha256.ts';

const expected = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

test('sha256Hex agrees with Node for every length around the block size', () => {
  expect(sha256Hex('abc')).toMatch(/^ba7816bf8f01cfea/);
  const long = [511, 512, 513, 100_000];
  for (const length of [...Array(260).keys(), ...long]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) & 0xff);
    expect(sha256Hex(bytes), `${length} bytes`).toBe(expected(bytes));
    expect(sha256Hex(bytes.subarray(length / 2)), 'of a part').toBe(
      expected(bytes.subarray(length / 2)),
    );
  }
});

test('sha256Hex hashes a text as UTF-8', () => {
  for (const text of ['', 'naïve 日本語 🚀', '\ud800 alone', 'a\0b'])
    expect(sha256Hex(text)).toBe(expected(text));
});
