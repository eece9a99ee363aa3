import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeText, MAX_FIELD_BYTES, scanPayload } from '../../src/domain/payload/payload-scan.ts';
import { createRandom, type Random } from '../support/random.ts';

type Bytes = string | Uint8Array;
type Found = Readonly<Record<string, Bytes>>;
interface Case {
  readonly name: string;
  readonly input: Bytes;
  readonly wanted: readonly string[];
  readonly found: Found;
  /** Names whose values are wanted as they stand. */
  readonly values?: readonly string[];
  readonly isWhole?: boolean;
}

const PAYLOADS = new URL('../../fixtures/payloads/', import.meta.url);

/** The fields that engines ask for, for all agents together. */
const FIELDS = [
  'hook_event_name',
  'session_id',
  'sessionId',
  'conversation_id',
  'generation_id',
  'turn_id',
  'prompt_id',
  'tool_name',
  'toolName',
  'tool_use_id',
];

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const longest = 'x'.repeat(MAX_FIELD_BYTES);

/** Without a fourth part, `a` and `b` are wanted. */
const TABLE: readonly (readonly [
  name: string,
  input: Bytes,
  found: Found,
  wanted?: readonly string[],
])[] = [
  ['nothing', '', {}],
  ['white space only', ' \n', {}],
  ['empty object', '{}', {}],
  ['one member', '{"a":"1"}', { a: '1' }],
  ['two members', '{"a":"1","b":"2"}', { a: '1', b: '2' }],
  ['nothing wanted', '{"a":"1"}', {}, []],
  ['members that are not wanted', '{"c":"3","a":"1","d":"4"}', { a: '1' }],
  ['an empty string', '{"a":""}', { a: '' }],
  ['an empty name', '{"":"1"}', { '': '1' }, ['']],
  ['a name that begins like a wanted one', '{"ab":"1","a":"2"}', { a: '2' }],
  ['names differ by case', '{"A":"1"}', {}],
  ['white space everywhere', ' \t\r\n{ "a" : "1"\n,\t"b"\r:\n"2" } ', { a: '1', b: '2' }],
  ['byte order mark', '\ufeff{"a":"1"}', { a: '1' }],
  ['byte order mark and white space', '\ufeff \n{"a":"1"}', { a: '1' }],
  ['byte order mark after white space', ' \ufeff{"a":"1"}', {}],
  ['half a byte order mark', Buffer.from([0xef, 0xbb, 0x7b, 0x7d]), {}],
  ['byte order mark alone', '\ufeff', {}],
  ['an array', '["a","1"]', {}],
  ['a string', '"a"', {}],
  ['text', 'a: 1', {}],
  ['text after the object', '{"a":"1"} and {"a":"2"}', { a: '1' }],
  ['numbers and words are skipped', '{"c":-1.5e+3,"d":true,"e":null,"a":"1"}', { a: '1' }],
  ['a wanted number', '{"a":1,"b":"2"}', { b: '2' }],
  ['a wanted null', '{"a":null,"b":"2"}', { b: '2' }],
  ['a wanted object', '{"a":{"b":"1"}}', {}],
  ['a wanted array', '{"a":["1"],"b":"2"}', { b: '2' }],
  ['nested members do not count', '{"c":{"a":"no","d":{"b":"no"}},"a":"1"}', { a: '1' }],
  ['brackets and quotes in nested strings', '{"c":{"d":"}]\\"}{\\\\"},"a":"1"}', { a: '1' }],
  ['deep nesting', `{"c":${'[{"a":'.repeat(5000)}1${'}]'.repeat(5000)},"a":"1"}`, { a: '1' }],
  ['deep nesting that does not end', `{"a":"1","c":${'['.repeat(5000)}`, { a: '1' }],
  ['the last of one name', '{"a":"1","b":"2","a":"3"}', { a: '3', b: '2' }],
  ['the last of one name is no string', '{"a":"1","a":2}', {}],
  ['the last of one name is an object', '{"a":"1","a":{}}', {}],
  ['the last of one name is too long', `{"a":"1","a":"${longest}x"}`, {}],
  ['the last of one name is a string', '{"a":1,"a":"2"}', { a: '2' }],
  ['the last of one name is truncated', '{"a":"1","a":"2', { a: '1' }],
  ['the last of one name is a number truncated', '{"a":"1","a":2', { a: '1' }],
  ['simple escapes', '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t"}', { a: '"\\/\b\f\n\r\t' }],
  ['unicode escapes', '{"a":"\\u0041\\u00e9\\u20AC\\u0000"}', { a: 'Aé€\0' }],
  [
    'the edges of UTF-8 lengths',
    '{"a":"\\u007f\\u0080\\u07ff\\u0800\\uffff"}',
    { a: '\u007f\u0080\u07ff\u0800\uffff' },
  ],
  ['a surrogate pair', '{"a":"\\ud83d\\ude80\\uDBFF\\uDFFF"}', { a: '🚀\u{10ffff}' }],
  ['a lone high surrogate', '{"a":"x\\ud83dy"}', { a: 'x\ufffdy' }],
  ['a high surrogate at the end', '{"a":"x\\ud83d"}', { a: 'x\ufffd' }],
  ['a lone low surrogate', '{"a":"x\\ude80y"}', { a: 'x\ufffdy' }],
  ['surrogates the wrong way round', '{"a":"\\ude80\\ud83d"}', { a: '\ufffd\ufffd' }],
  ['two high surrogates and a low one', '{"a":"\\ud83d\\ud83d\\ude80"}', { a: '\ufffd🚀' }],
  [
    'a high surrogate before another escape',
    '{"a":"\\ud83d\\n\\ud83d\\u0041"}',
    { a: '\ufffd\n\ufffdA' },
  ],
  ['a surrogate pair truncated', '{"b":"2","a":"\\ud83d\\ude', { b: '2' }],
  ['an escaped name', '{"\\u0061":"1","\\u0062\\/":"2"}', { a: '1', 'b/': '2' }, ['a', 'b/']],
  ['a name beyond ASCII', '{"naïve🚀":"1"}', { 'naïve🚀': '1' }, ['naïve🚀']],
  [
    'an escaped name beyond ASCII',
    '{"na\\u00efve\\ud83d\\ude80":"1"}',
    { 'naïve🚀': '1' },
    ['naïve🚀'],
  ],
  ['raw UTF-8', '{"a":"日本語 🚀"}', { a: '日本語 🚀' }],
  [
    'invalid UTF-8 is copied',
    latin1('{"a":"x\xff\xc3(","b":"2"}'),
    { a: latin1('x\xff\xc3('), b: '2' },
  ],
  ['the longest value', `{"a":"${longest}"}`, { a: longest }],
  ['a value too long', `{"a":"${longest}x","b":"2"}`, { b: '2' }],
  [
    'bytes count, not escapes',
    `{"a":"${'\\u0041'.repeat(MAX_FIELD_BYTES)}"}`,
    { a: 'A'.repeat(MAX_FIELD_BYTES) },
  ],
  [
    'bytes count, not characters',
    `{"a":"${'é'.repeat(MAX_FIELD_BYTES / 2)}","b":"${'é'.repeat(129)}"}`,
    { a: 'é'.repeat(MAX_FIELD_BYTES / 2) },
  ],
  [
    'a character over the limit',
    `{"a":"${'x'.repeat(MAX_FIELD_BYTES - 1)}\\u00e9","b":"2"}`,
    { b: '2' },
  ],
  ['a name too long', `{"${longest}x":"1","a":"2"}`, { a: '2' }, ['a', `${longest}x`]],
  ['truncated in a name', '{"a":"1","b', { a: '1' }],
  ['truncated after a name', '{"a":"1","b"', { a: '1' }],
  ['truncated in a value', '{"a":"1","b":"2', { a: '1' }],
  ['truncated after a backslash', '{"a":"1","b":"2\\', { a: '1' }],
  ['truncated after a value', '{"a":"1","b":"2"', { a: '1', b: '2' }],
  ['truncated in a nested value', '{"a":"1","c":{"d":"', { a: '1' }],
  ['truncated in a skipped string', '{"a":"1","c":"x\\"', { a: '1' }],
  ['a backslash at the end of a skipped string', '{"c":"x\\\\","a":"1"}', { a: '1' }],
  ['wrong from the start', '{a:"1"}', {}],
  ['no comma', '{"a":"1" "b":"2"}', { a: '1' }],
  ['a comma too many', '{"a":"1",,"b":"2"}', { a: '1' }],
  ['no colon', '{"a":"1","b" "2"}', { a: '1' }],
  ['no value', '{"a":"1","b":,"a":"2"}', { a: '1' }],
  ['a control character in a value', '{"a":"1","b":"x\ny"}', { a: '1' }],
  ['a control character in a name', '{"a":"1","c\t":"x","b":"2"}', { a: '1' }],
  ['an unknown escape in a value', '{"a":"1","b":"\\x41"}', { a: '1' }],
  ['a short unicode escape', '{"a":"1","b":"\\u12"}', { a: '1' }],
  ['a unicode escape that is no number', '{"a":"1","b":"\\u00g0"}', { a: '1' }],
  ['a control character in a skipped string', '{"c":"x\ny","a":"1"}', { a: '1' }],
  ['an unknown escape in a skipped string', '{"c":{"d":"\\x"},"a":"1"}', { a: '1' }],
  ['brackets of the other kind in a skipped value', '{"c":[{]},"a":"1"}', { a: '1' }],
  ['an unknown word is skipped', '{"c":nonsense,"a":"1"}', { a: '1' }],
  ['a sign that begins no value', '{"a":"1","c":#,"b":"2"}', { a: '1' }],
  ['single quotes', "{'a':'1'}", {}],
  ['byte zero', '\0{"a":"1"}', {}],
];

/** `v` and `w` are wanted as they stand, and `a` as a text. */
const VALUES: readonly (readonly [name: string, input: Bytes, found: Found, isWhole: boolean])[] = [
  ['an object', '{"v": {"x" :[1,"}"]} ,"a":"1"}', { v: '{"x" :[1,"}"]}', a: '1' }, true],
  ['a string with its quotes', '{"v":"x\\n\\" \\q"}', { v: '"x\\n\\" \\q"' }, true],
  ['a number and a word', '{"v":-1.5,"w":null}', { v: '-1.5', w: 'null' }, true],
  ['a value of any length', `{"v":"${longest}x"}`, { v: `"${longest}x"` }, true],
  ['the last one', '{"v":1,"v":[2]}', { v: '[2]' }, true],
  ['none inside of another', '{"w":{"v":1}}', { w: '{"v":1}' }, true],
  ['none in an empty object', ' { } ', {}, true],
  ['none that is cut', '{"v":{"x":1},"w":{"y"', { v: '{"x":1}' }, false],
  ['a value before the end', '{"v":1,"a":"1"', { v: '1', a: '1' }, false],
  ['a value before more than an end', '{"v":1 "a":"1"}', { v: '1' }, false],
];

const CASES: readonly Case[] = [
  ...TABLE.map(([name, input, found, wanted = ['a', 'b']]) => ({ name, input, found, wanted })),
  ...VALUES.map(([name, input, found, isWhole]) => {
    return { name: `value: ${name}`, input, found, wanted: ['a'], values: ['v', 'w'], isWhole };
  }),
  ...payloadFiles().map((file) => {
    const input = readFileSync(new URL(file, PAYLOADS));
    const found = expectedByParsing(input, FIELDS);
    return { name: `payload ${file}`, input, found, wanted: FIELDS, isWhole: true };
  }),
];

describe('payload scan', () => {
  it.each(CASES)('$name', ({ input, wanted, found, values, isWhole }) => {
    const scanned = scanPayload(Buffer.from(input as string), wanted, values);
    const all = Object.fromEntries([...scanned.texts, ...scanned.values]);
    expect(toBase64(all)).toEqual(toBase64(found));
    expect(scanned.isWhole).toBe(isWhole ?? scanned.isWhole);
  });

  it('has the same cases as the vectors for the launcher', async () => {
    const lines = CASES.map(({ name, input, wanted, values, found }) => {
      const bytes = Buffer.from(input as string);
      const { isWhole } = scanPayload(bytes, wanted, values);
      const asked = { wanted, values, found: toBase64(found), is_whole: isWhole };
      return JSON.stringify({ name, input_base64: bytes.toString('base64'), ...asked });
    });
    const file = '../../fixtures/vectors/payload-scan.json';
    await expect(`[\n${lines.join(',\n')}\n]\n`).toMatchFileSnapshot(file);
  });

  it('decodes what it finds, with U+FFFD for what is not UTF-8', () => {
    const { texts } = scanPayload(latin1('{"a":"x\xff(","b":"\xc3\xa9"}'), ['a', 'b']);
    expect([...texts.values()].map(decodeText)).toEqual(['x\ufffd(', 'é']);
  });

  it('keeps a byte order mark that is part of a value', () => {
    const { texts } = scanPayload(Buffer.from('{"a":"\ufeffx"}'), ['a']);
    expect([...texts.values()].map(decodeText)).toEqual(['\ufeffx']);
  });

  it('finds at least as much in a longer part of a payload', () => {
    const payload = readFileSync(new URL('PostToolUse.mcp.json', PAYLOADS));
    let before = 0;
    for (let length = 0; length <= payload.length; length++) {
      const { size } = scanPayload(payload.subarray(0, length), FIELDS).texts;
      expect(size).toBeGreaterThanOrEqual(before);
      before = size;
    }
    expect(before).toBe(5);
  });

  it('agrees with JSON.parse about objects', () => {
    const random = createRandom(7);
    for (let round = 0; round < 6_000; round++) {
      const bytes = Buffer.from(randomObject(random));
      const found = toBase64(Object.fromEntries(scanPayload(bytes, NAMES).texts));
      const expected = toBase64(expectedByParsing(bytes, NAMES));
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        expect(found, bytes.toString('base64')).toEqual(expected);
      }
    }
  });

  it('scans any one byte in linear time: 2 MiB take at most 40 times as long as 128 KiB', () => {
    const SHORT = 128 << 10;
    for (const byte of ['a', '"', '\\', '[', '{', ' ', '\0', '1', ',']) {
      for (const start of ['', '{"a":"', '{"c":"', '{"c":[', '{"c":["', '{"a":']) {
        const [short, long] = [SHORT, 16 * SHORT].map((length) => {
          const bytes = Buffer.from(start + byte.repeat(length));
          return Math.min(...[1, 2, 3].map(() => scanMicroseconds(bytes)));
        });
        // Below 2 ms, the clock and other work of the process weigh too much.
        expect(long, `${start} ${byte}`).toBeLessThan(40 * Math.max(2000, short ?? 0));
      }
    }
  });
});

function scanMicroseconds(bytes: Uint8Array): number {
  const before = process.cpuUsage();
  scanPayload(bytes, FIELDS);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function payloadFiles(): string[] {
  const files = readdirSync(PAYLOADS, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.json')).sort();
}

function toBase64(found: Found): Record<string, string> {
  const names = Object.keys(found).sort();
  return Object.fromEntries(
    names.map((name) => [name, Buffer.from((found[name] ?? '') as string).toString('base64')]),
  );
}

function expectedByParsing(bytes: Uint8Array, wanted: readonly string[]): Found {
  const object = new Map<string, unknown>(
    Object.entries(JSON.parse(new TextDecoder().decode(bytes))),
  );
  const found: Record<string, string> = {};
  for (const name of wanted) {
    const value = object.get(name);
    if (typeof value === 'string' && Buffer.byteLength(value) <= MAX_FIELD_BYTES)
      found[name] = value;
  }
  return found;
}

const NAMES = ['a', 'tool_use_id', 'é', '"', '🚀', ''];
const TEXTS = [
  '',
  'x',
  '"',
  '\\',
  '/',
  '\n',
  '\u0000',
  'é',
  '€',
  '🚀',
  '}',
  '{"a":"1"}',
  'y'.repeat(120),
];

/** JSON text with repeated names, unnecessary escapes, and white space between tokens. */
function randomObject(random: Random): string {
  const members = Array.from({ length: random(7) }, () => {
    const name = randomString(random, NAMES[random(NAMES.length)] ?? '');
    return [name, space(random), ':', space(random), randomJson(random, 0), space(random)].join('');
  });
  return `${space(random)}{${space(random)}${members.join(`,${space(random)}`)}}${space(random)}`;
}

function randomJson(random: Random, depth: number): string {
  const items = (): string[] =>
    Array.from({ length: random(3) }, () => randomJson(random, depth + 1));
  const kind = random(depth > 3 ? 8 : 10);
  if (kind === 8) return `[${items().join(`${space(random)},`)}]`;
  if (kind === 9)
    return `{${items()
      .map((item) => `"a"${space(random)}:${item}`)
      .join(',')}}`;
  if (kind === 7) return ['true', 'false', 'null', '0', '-1.5e+3', '12'][random(6)] ?? '0';
  const parts = Array.from({ length: random(5) }, () => TEXTS[random(TEXTS.length)] ?? '');
  return randomString(random, parts.join(''));
}

function randomString(random: Random, text: string): string {
  const units = text.split('').map((unit) => {
    if (random(4) === 0) return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    // Half a surrogate pair cannot be written raw, and JSON.parse and UTF-8 would not agree about it.
    return unit >= '\ud800' && unit <= '\udfff' ? undefined : JSON.stringify(unit).slice(1, -1);
  });
  return `"${units.includes(undefined) ? JSON.stringify(text).slice(1, -1) : units.join('')}"`;
}

function space(random: Random): string {
  return ['', '', '', ' ', '\n\t', '\r\n'][random(6)] ?? '';
}
