import { isSpace } from '../payload/payload-scan.ts';
import type { StdoutKind } from '../record.ts';

/**
 * Classifies what a hook writes to stdout while it streams by: a JSON syntax check (RFC 8259) over bytes, in constant
 * memory. C port: src/launcher/stdout_kind.c. Tests check both against fixtures/vectors/stdout-kind.json.
 *
 * Agents read stdout as JSON if its first non-blank character is `{`, and as text otherwise:
 * - `empty`: not a single byte. White space alone is `text`.
 * - `text`: the first byte after a UTF-8 byte order mark and JSON white space is not `{`, or there is none.
 * - `json`: one object, and only white space after it.
 * - `broken`: begins with `{` but is not `json`; an object that has not ended yet is broken too.
 *
 * Differences from `JSON.parse` of the decoded text:
 * - A byte order mark at the start is accepted.
 * - An object deeper than `MAX_DEPTH` is `broken`; parsers have such limits too (serde_json: 128).
 * As in `JSON.parse`, bytes in a string need not be UTF-8 (decoding repairs them), and lone surrogates and repeated keys pass.
 */
export function createStdoutKind(): StdoutKindScanner {
  const scan: Scan = {
    state: 'start',
    depth: 0,
    arrays: new Uint8Array(MAX_DEPTH / 8),
    inKey: false,
    hexLeft: 0,
    word: '',
    wordAt: 0,
  };
  return {
    push(chunk) {
      for (let at = 0; at < chunk.length && !isFinal(scan.state); at++) {
        if (scan.state === 'string') at = endOfPlain(chunk, at);
        const byte = chunk[at];
        if (byte !== undefined) scan.state = step(scan, byte);
      }
    },
    kind: () => KIND_AT_END[scan.state] ?? 'broken',
  };
}

export interface StdoutKindScanner {
  push(chunk: Uint8Array): void;
  /** The kind if the stream ended here. */
  kind(): StdoutKind;
}

/** Maximum nesting; one bit for each level says whether it is an array. */
export const MAX_DEPTH = 1024;

type State =
  | 'start'
  | 'mark_2' // bytes 2 and 3 of a byte order mark
  | 'mark_3'
  | 'lead' // leading white space
  | 'first_key' // a key or `}`
  | 'key'
  | 'colon'
  | 'first_item' // a value or `]`
  | 'value'
  | 'next' // `,` or the closing bracket
  | 'string'
  | 'escape'
  | 'hex'
  | 'word' // true, false, null
  | 'minus' // the states of a number, named after the part just read
  | 'zero'
  | 'integer'
  | 'point'
  | 'fraction'
  | 'exponent'
  | 'power_sign'
  | 'power'
  | 'done'
  | 'text'
  | 'broken';

interface Scan {
  state: State;
  depth: number;
  readonly arrays: Uint8Array;
  /** The current string is a key. */
  inKey: boolean;
  /** Digits still missing from a `\u` escape. */
  hexLeft: number;
  /** The current word, and how many of its characters were read. */
  word: string;
  wordAt: number;
}

const KIND_AT_END: Partial<Record<State, StdoutKind>> = {
  start: 'empty',
  mark_2: 'text',
  mark_3: 'text',
  lead: 'text',
  text: 'text',
  done: 'json',
};

const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

function step(scan: Scan, byte: number): State {
  switch (scan.state) {
    case 'string':
      return inString(scan, byte);
    case 'escape':
      return afterBackslash(scan, byte);
    case 'hex':
      if (!isHexDigit(byte)) return 'broken';
      scan.hexLeft -= 1;
      return scan.hexLeft === 0 ? 'string' : 'hex';
    case 'word':
      return inWord(scan, byte);
    case 'start':
    case 'mark_2':
    case 'mark_3':
    case 'lead':
      return beforeObject(scan.state, byte);
    case 'minus':
    case 'zero':
    case 'integer':
    case 'point':
    case 'fraction':
    case 'exponent':
    case 'power_sign':
    case 'power':
      return inNumber(scan, byte);
    default:
      return isSpace(byte) ? scan.state : betweenTokens(scan, byte);
  }
}

/** `start` differs from `lead`: a byte order mark may still come, and the end of stdout means `empty`. */
function beforeObject(state: State, byte: number): State {
  if (state === 'start' && byte === 0xef) return 'mark_2';
  if (state === 'mark_2') return byte === 0xbb ? 'mark_3' : 'text';
  if (state === 'mark_3') return byte === 0xbf ? 'lead' : 'text';
  if (isSpace(byte)) return 'lead';
  return byte === OPEN_OBJECT ? 'first_key' : 'text';
}

function betweenTokens(scan: Scan, byte: number): State {
  switch (scan.state) {
    case 'first_key':
      return byte === CLOSE_OBJECT ? close(scan, byte) : openKey(scan, byte);
    case 'key':
      return openKey(scan, byte);
    case 'colon':
      return byte === COLON ? 'value' : 'broken';
    case 'first_item':
      return byte === CLOSE_ARRAY ? close(scan, byte) : openValue(scan, byte);
    case 'value':
      return openValue(scan, byte);
    case 'next':
      if (byte !== COMMA) return close(scan, byte);
      return isInArray(scan) ? 'value' : 'key';
    default:
      return 'broken'; // `done`: something follows the object
  }
}

function openKey(scan: Scan, byte: number): State {
  scan.inKey = true;
  return byte === QUOTE ? 'string' : 'broken';
}

function openValue(scan: Scan, byte: number): State {
  if (byte === QUOTE) {
    scan.inKey = false;
    return 'string';
  }
  if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return open(scan, byte === OPEN_ARRAY);
  if (byte === MINUS) return 'minus';
  if (byte === ZERO) return 'zero';
  if (isDigit(byte)) return 'integer';
  const word = ['true', 'false', 'null'].find((candidate) => candidate.charCodeAt(0) === byte);
  if (word === undefined) return 'broken';
  scan.word = word;
  scan.wordAt = 1;
  return 'word';
}

/** The outermost level has depth 0 and no bit, since it is always an object. */
function open(scan: Scan, isArray: boolean): State {
  if (scan.depth + 1 === MAX_DEPTH) return 'broken';
  scan.depth += 1;
  const bit = 1 << (scan.depth & 7);
  const at = scan.depth >> 3;
  const others = (scan.arrays[at] ?? 0) & ~bit;
  scan.arrays[at] = isArray ? others | bit : others;
  return isArray ? 'first_item' : 'first_key';
}

function close(scan: Scan, byte: number): State {
  if (byte !== (isInArray(scan) ? CLOSE_ARRAY : CLOSE_OBJECT)) return 'broken';
  if (scan.depth === 0) return 'done';
  scan.depth -= 1;
  return 'next';
}

function inString(scan: Scan, byte: number): State {
  if (byte === QUOTE) return scan.inKey ? 'colon' : 'next';
  if (byte === BACKSLASH) return 'escape';
  return byte < SPACE ? 'broken' : 'string';
}

function afterBackslash(scan: Scan, byte: number): State {
  if (byte === LOWER_U) {
    scan.hexLeft = 4;
    return 'hex';
  }
  return '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 'string' : 'broken';
}

function inWord(scan: Scan, byte: number): State {
  if (byte !== scan.word.charCodeAt(scan.wordAt)) return 'broken';
  scan.wordAt += 1;
  return scan.wordAt === scan.word.length ? 'next' : 'word';
}

function inNumber(scan: Scan, byte: number): State {
  const next = NUMBER[scan.state]?.[numberPart(byte)];
  if (next !== undefined) return next;
  if (!NUMBER_MAY_END.has(scan.state)) return 'broken';
  // The byte after a number is not part of it, so it counts as the next token.
  scan.state = 'next';
  return isSpace(byte) ? 'next' : betweenTokens(scan, byte);
}

type NumberPart = 'zero' | 'digit' | 'point' | 'exponent' | 'minus' | 'plus' | 'other';

const NUMBER: Partial<Record<State, Partial<Record<NumberPart, State>>>> = {
  minus: { zero: 'zero', digit: 'integer' },
  zero: { point: 'point', exponent: 'exponent' },
  integer: { zero: 'integer', digit: 'integer', point: 'point', exponent: 'exponent' },
  point: { zero: 'fraction', digit: 'fraction' },
  fraction: { zero: 'fraction', digit: 'fraction', exponent: 'exponent' },
  exponent: { zero: 'power', digit: 'power', minus: 'power_sign', plus: 'power_sign' },
  power_sign: { zero: 'power', digit: 'power' },
  power: { zero: 'power', digit: 'power' },
};
const NUMBER_MAY_END: ReadonlySet<State> = new Set(['zero', 'integer', 'fraction', 'power']);

function numberPart(byte: number): NumberPart {
  if (byte === ZERO) return 'zero';
  if (isDigit(byte)) return 'digit';
  if (byte === POINT) return 'point';
  if (byte === MINUS) return 'minus';
  if (byte === PLUS) return 'plus';
  return (byte | 0x20) === LOWER_E ? 'exponent' : 'other';
}

function isInArray(scan: Scan): boolean {
  return (((scan.arrays[scan.depth >> 3] ?? 0) >> (scan.depth & 7)) & 1) === 1;
}

/** Skips bytes that would not change the state `string`; most bytes are of this kind. */
function endOfPlain(chunk: Uint8Array, start: number): number {
  let at = start;
  while (at < chunk.length && isPlain(chunk[at] ?? 0)) at += 1;
  return at;
}

function isPlain(byte: number): boolean {
  return byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH;
}

function isFinal(state: State): boolean {
  return state === 'text' || state === 'broken';
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}
