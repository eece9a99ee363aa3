import { describe, expect, it } from 'vitest';
import { createStdoutKind, MAX_DEPTH } from '../../src/domain/answer/stdout-kind.ts';
import type { StdoutKind } from '../../src/domain/record.ts';
import { createRandom, mutate, type Random } from '../support/random.ts';

/** Written to fixtures/vectors/stdout-kind.json by `vitest -u`; the launcher's test reads that file. */
const CASES: readonly (readonly [name: string, input: string | Uint8Array, kind: StdoutKind])[] = [
  ['nothing', '', 'empty'],
  ['one blank', ' ', 'text'],
  ['white space only', ' \t\r\n\n', 'text'],
  ['a word', 'ok', 'text'],
  ['a line', 'formatted 3 files\n', 'text'],
  ['an array', '[{"a":1}]', 'text'],
  ['a quoted string', '"{}"', 'text'],
  ['a number', '1', 'text'],
  ['text that ends with an object', 'warning\n{"a":1}', 'text'],
  ['byte zero', new Uint8Array([0]), 'text'],
  ['byte zero before an object', '\0{}', 'text'],
  ['a form feed is not JSON white space', '\f{}', 'text'],
  ['a no-break space is not JSON white space', '\u00a0{}', 'text'],
  ['invalid UTF-8', new Uint8Array([0xff, 0xfe, 0x7b]), 'text'],
  ['byte order mark alone', '\ufeff', 'text'],
  ['byte order mark and white space', '\ufeff \n', 'text'],
  ['byte order mark and text', '\ufeffok', 'text'],
  ['byte order mark and object', '\ufeff{"a":1}', 'json'],
  ['byte order mark, white space, object', '\ufeff\r\n {}', 'json'],
  ['two byte order marks', '\ufeff\ufeff{}', 'text'],
  ['byte order mark after white space', ' \ufeff{}', 'text'],
  ['one byte of a byte order mark', new Uint8Array([0xef]), 'text'],
  ['two bytes of a byte order mark', new Uint8Array([0xef, 0xbb]), 'text'],
  ['half a byte order mark, then object', new Uint8Array([0xef, 0xbb, 0x7b, 0x7d]), 'text'],
  ['empty object', '{}', 'json'],
  ['white space everywhere', ' {\t"a" :\r\n[ 1 , 2 ] , "b" : { } }\n\n', 'json'],
  ['a decision', '{"decision":"block","reason":"no rm -rf"}\n', 'json'],
  ['nested', '{"a":{"b":[[],{},[{"c":[]}]]}}', 'json'],
  ['words', '{"a":true,"b":false,"c":null}', 'json'],
  ['numbers', '{"a":[0,-0,1,10,-1.5,0.0,1e5,1E+5,2.5e-7,123456789012345678901234567890]}', 'json'],
  ['a number ends the object', '{"a":1}', 'json'],
  ['all escapes', '{"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041":"\\uAbCd\\ud83d\\ude00"}', 'json'],
  ['lone surrogates', '{"a":"\\ud800","b":"\\udc00\\ud800"}', 'json'],
  ['brackets in strings', '{"a":"}]{[","}":"\\"}"}', 'json'],
  ['repeated keys', '{"a":1,"a":2}', 'json'],
  ['empty key', '{"":""}', 'json'],
  ['characters beyond ASCII', '{"naïve":"日本語 🚀"}', 'json'],
  ['DEL and C1 controls in a string', '{"a":"\u007f\u0080"}', 'json'],
  ['invalid UTF-8 in a string', Buffer.from('{"a":"\xff\xc3"}', 'latin1'), 'json'],
  ['invalid UTF-8 outside a string', Buffer.from('{"a":\xff}', 'latin1'), 'broken'],
  ['object at the depth limit', nested(MAX_DEPTH), 'json'],
  ['object beyond the depth limit', nested(MAX_DEPTH + 1), 'broken'],
  ['open brace', '{', 'broken'],
  ['truncated in a key', '{"a', 'broken'],
  ['truncated after a key', '{"a"', 'broken'],
  ['truncated after a colon', '{"a":', 'broken'],
  ['truncated in a string', '{"a":"b', 'broken'],
  ['truncated in an escape', '{"a":"\\', 'broken'],
  ['truncated in a number', '{"a":1', 'broken'],
  ['truncated before the end', '{"a":[1]', 'broken'],
  ['text after the object', '{"a":1} done', 'broken'],
  ['two objects', '{}\n{}', 'broken'],
  ['an extra brace', '{}}', 'broken'],
  ['byte zero after the object', '{}\0', 'broken'],
  ['shell braces', '{ echo hi; }', 'broken'],
  ['brackets crossed', '{"a":[1}]', 'broken'],
  ['brackets closed by the other kind', '{"a":1]', 'broken'],
  ['comma at the end of an object', '{"a":1,}', 'broken'],
  ['comma at the end of an array', '{"a":[1,]}', 'broken'],
  ['comma at the start', '{,"a":1}', 'broken'],
  ['no comma', '{"a":1 "b":2}', 'broken'],
  ['no colon', '{"a" 1}', 'broken'],
  ['no value', '{"a":,"b":1}', 'broken'],
  ['a key without quotes', '{a:1}', 'broken'],
  ['single quotes', "{'a':1}", 'broken'],
  ['a number as key', '{1:1}', 'broken'],
  ['a raw line feed in a string', '{"a":"x\ny"}', 'broken'],
  ['a raw tab in a string', '{"a":"x\ty"}', 'broken'],
  ['byte zero in a string', '{"a":"\0"}', 'broken'],
  ['an unknown escape', '{"a":"\\x41"}', 'broken'],
  ['an upper-case escape', '{"a":"\\N"}', 'broken'],
  ['a short unicode escape', '{"a":"\\u12"}', 'broken'],
  ['a unicode escape that is no number', '{"a":"\\u12G4"}', 'broken'],
  ['a comment', '{"a":1 /* one */}', 'broken'],
  ['an unknown word', '{"a":tru}', 'broken'],
  ['a longer word', '{"a":truer}', 'broken'],
  ['an upper-case word', '{"a":True}', 'broken'],
  ['undefined', '{"a":undefined}', 'broken'],
  ['NaN', '{"a":NaN}', 'broken'],
  ['a leading zero', '{"a":01}', 'broken'],
  ['minus alone', '{"a":-}', 'broken'],
  ['minus and a leading zero', '{"a":-01}', 'broken'],
  ['a plus sign', '{"a":+1}', 'broken'],
  ['a point without digits after it', '{"a":1.}', 'broken'],
  ['a point without digits before it', '{"a":.5}', 'broken'],
  ['an exponent without digits', '{"a":1e}', 'broken'],
  ['an exponent sign without digits', '{"a":1e+}', 'broken'],
  ['two points', '{"a":1.2.3}', 'broken'],
  ['two exponents', '{"a":1e2e3}', 'broken'],
  ['a point after an exponent', '{"a":1e2.5}', 'broken'],
];

describe('stdout kind', () => {
  it.each(CASES)('%s', (_name, input, kind) => {
    const bytes = Buffer.from(input as string);
    expect(kindOf([bytes])).toBe(kind);
    expect(kindOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(kind);
    const random = createRandom(bytes.length);
    for (let round = 0; round < 20; round++) {
      expect(kindOf(randomChunks(bytes, random))).toBe(kind);
    }
  });

  it('has the same cases as the vectors for the launcher', async () => {
    const lines = CASES.map(([name, input, kind]) => {
      const base64 = Buffer.from(input as string).toString('base64');
      return JSON.stringify({ name, input_base64: base64, kind });
    });
    const file = '../../fixtures/vectors/stdout-kind.json';
    await expect(`[\n${lines.join(',\n')}\n]\n`).toMatchFileSnapshot(file);
  });

  it('knows the kind at any time', () => {
    const scanner = createStdoutKind();
    const kinds = ['', '{', '"a":1', '}', '\n', '!'].map((chunk) => {
      scanner.push(Buffer.from(chunk));
      return scanner.kind();
    });
    expect(kinds).toEqual(['empty', 'broken', 'broken', 'json', 'json', 'broken']);
  });

  it('agrees with JSON.parse about mutated JSON', () => {
    const random = createRandom(42);
    const seen: Partial<Record<StdoutKind, number>> = {};
    for (let round = 0; round < 10_000; round++) {
      const text = JSON.stringify(randomValue(random, 0), null, random(3));
      const bytes = mutate(Buffer.from(random(4) === 0 ? text : `{"k":${text}}`), random);
      const kind = kindOf([bytes]);
      seen[kind] = (seen[kind] ?? 0) + 1;
      if (kind !== kindByParsing(bytes)) expect.fail(`${kind}: ${bytes.toString('base64')}`);
    }
    for (const kind of ['text', 'json', 'broken'] as const) expect(seen[kind]).toBeGreaterThan(500);
  });
});

function kindOf(chunks: readonly Uint8Array[]): StdoutKind {
  const scanner = createStdoutKind();
  for (const chunk of chunks) scanner.push(chunk);
  return scanner.kind();
}

function kindByParsing(bytes: Uint8Array): StdoutKind {
  if (bytes.length === 0) return 'empty';
  const text = new TextDecoder().decode(bytes);
  if (!/^[ \t\r\n]*\{/.test(text)) return 'text';
  try {
    JSON.parse(text);
    return 'json';
  } catch {
    return 'broken'; // the exception is the answer
  }
}

/** Objects and arrays in turn, `depth` levels in all, the outermost and the innermost an object. */
function nested(depth: number): string {
  const levels = Array.from({ length: depth - 1 }, (_, level) => level % 2 === 0);
  const opening = levels.map((isObject) => (isObject ? '{"a":' : '[')).join('');
  const closing = levels.map((isObject) => (isObject ? '}' : ']')).reverse();
  return `${opening}{}${closing.join('')}`;
}

function randomChunks(bytes: Uint8Array, random: Random): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = random(7);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function randomValue(random: Random, depth: number): unknown {
  const texts = [
    '',
    'a',
    '}',
    '"',
    '\\',
    '\n',
    '\u0001',
    'é',
    '🚀',
    '\ud800',
    '\\u0041',
    '{"a":1}',
  ];
  const numbers = [0, -0.5, 1, 12, 1e21, 1.5e-9, -7];
  switch (random(depth > 3 ? 4 : 6)) {
    case 0:
      return numbers[random(numbers.length)];
    case 1:
      return [true, false, null][random(3)];
    case 2:
    case 3:
      return `${texts[random(texts.length)]}${texts[random(texts.length)]}`;
    case 4:
      return Array.from({ length: random(4) }, () => randomValue(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random(4) }, () => [
          texts[random(texts.length)],
          randomValue(random, depth + 1),
        ]),
      );
  }
}
