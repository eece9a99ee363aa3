import { describe, expect, it } from 'vitest';
import { showPayload } from '../../src/dashboard/payload.ts';

const MIB = 1024 * 1024;

const shown = (text: string, truncated = false) =>
  showPayload({ stream: 'stdin', bytes: Buffer.from(text), truncated, problem: undefined });

/** Nested lists of this depth; the innermost has this many numbers. */
const nested = (depth: number, numbers: number): string =>
  `${'['.repeat(depth)}${Array(numbers).fill('1').join(',')}${']'.repeat(depth)}`;

describe('a payload on the page', () => {
  it.each([
    ['{"a":1}', '{\n  "a": 1\n}'],
    ['{"a":[],"b":{},"c":"{[,:]}\\"","d":[1,[2]]}', undefined],
    [' [ 1 , "\\\\" ] ', undefined],
    [nested(30, 100), undefined],
    ['[]', '[]'],
  ])('is indented if it is JSON: %s', (text, wanted) => {
    const laidOut = JSON.stringify(JSON.parse(text), null, 2);
    expect(shown(text).text).toBe(wanted ?? laidOut);
    expect(laidOut).toBe(wanted ?? laidOut);
  });

  it('is unchanged if the indented text would be longer than 1 MiB', () => {
    // 74 MB, with a depth that a JSON library accepts.
    const deep = nested(400, 92_000);
    expect(shown(deep)).toMatchObject({ form: 'text', left_out: 0 });
    expect(shown(deep).text).toBe(deep);
    // Each number gets its own line, with four more bytes.
    const numbers = (count: number) => `[${Array(count).fill('1').join(',')}]`;
    const most = Math.floor((MIB - 2) / 5);
    const wide = shown(numbers(most - 1));
    expect(wide.form).toBe('json');
    expect(wide.text.length).toBeLessThanOrEqual(MIB);
    expect(shown(numbers(most + 1)).form).toBe('text');
  });

  it('is unchanged if it only looks like JSON', () => {
    for (const text of ['{"a":', '[1,]', '{"a":"', ']]]]', '[1]x', 'plain']) {
      expect([text, shown(text).text, shown(text).form]).toEqual([text, text, 'text']);
    }
  });
});
