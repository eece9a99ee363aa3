/**
 * Finds a few top-level string fields in a payload that may be incomplete, without parsing all of it.
 * C port: src/launcher/payload_scan.c. Tests check both against fixtures/vectors/payload-scan.json.
 *
 * - A UTF-8 byte order mark and JSON white space may stand in front of the object. Anything else there means that nothing is found.
 * - A member counts once its value has been read to its end. The last such member with a name decides, as in `JSON.parse`:
 *   if its value is not a string, or has more than `MAX_FIELD_BYTES`, the name is not found.
 * - Strings are unescaped to UTF-8; a lone surrogate becomes U+FFFD. Raw bytes are copied unchanged, valid or not.
 * - Values that nobody asked for are skipped unchecked: strings to their closing quote, nested values by counting brackets of
 *   either kind outside strings, numbers and words by their characters.
 * - The scan ends at the object's `}`, at the end of input, or at the first byte that it finds invalid; earlier finds count.
 */
export function scanPayload(
  bytes: Uint8Array,
  wanted: readonly string[],
  wantedValues: readonly string[] = [],
): Scanned {
  const found = { texts: new Map<string, Uint8Array>(), values: new Map<string, Uint8Array>() };
  const names = [
    ...wanted.map((name) => ({ name, bytes: Buffer.from(name), isValue: false })),
    ...wantedValues.map((name) => ({ name, bytes: Buffer.from(name), isValue: true })),
  ];
  const input: Input = { bytes, at: 0, text: new Uint8Array(MAX_FIELD_BYTES), length: 0 };
  if (hasByteOrderMark(bytes)) input.at = 3;
  if (!take(input, OPEN_OBJECT)) return { ...found, isWhole: false };
  let isWhole = take(input, CLOSE_OBJECT);
  while (!isWhole && readMember(input, names, found)) {
    if (take(input, COMMA)) continue;
    isWhole = take(input, CLOSE_OBJECT);
    break;
  }
  return { ...found, isWhole };
}

export interface Scanned {
  /** Strings, unescaped. */
  readonly texts: ReadonlyMap<string, Uint8Array>;
  /** Values of any kind and length, as they stand. */
  readonly values: ReadonlyMap<string, Uint8Array>;
  /** The end of the object has arrived. */
  readonly isWhole: boolean;
}

/** The text of a field; invalid UTF-8 becomes U+FFFD. */
export const decodeText = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** What a JSON string says, as UTF-8; undefined if it is none. */
export function unescapeText(json: Uint8Array): Uint8Array | undefined {
  const input: Input = { bytes: json, at: 1, text: new Uint8Array(json.length), length: 0 };
  if (json[0] !== QUOTE || !readString(input)) return undefined;
  return input.text.subarray(0, input.length);
}

/** Maximum length of a value, in bytes of UTF-8 after unescaping. Longer names match nothing. */
export const MAX_FIELD_BYTES = 256;

interface Name {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isValue: boolean;
}

interface Found {
  readonly texts: Map<string, Uint8Array>;
  readonly values: Map<string, Uint8Array>;
}

interface Input {
  readonly bytes: Uint8Array;
  at: number;
  /** The last string read, unescaped, as far as it fits. */
  readonly text: Uint8Array;
  /** Its full length; more than the size of `text` if it did not fit. */
  length: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LOWER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const REPLACEMENT = 0xfffd;

function hasByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** Skips white space and this byte; false if another byte comes. */
function take(input: Input, byte: number): boolean {
  while (isSpace(input.bytes[input.at])) input.at += 1;
  if (input.bytes[input.at] !== byte) return false;
  input.at += 1;
  return true;
}

/** False if the member is incomplete or invalid. */
function readMember(input: Input, names: readonly Name[], found: Found): boolean {
  if (!take(input, QUOTE) || !readString(input)) return false;
  const wanted = names.find((candidate) => isText(input, candidate.bytes));
  if (!take(input, COLON)) return false;
  while (isSpace(input.bytes[input.at])) input.at += 1;
  const start = input.at;
  const value = readValue(input, wanted?.isValue === false);
  if (value === 'incomplete') return false;
  if (wanted === undefined) return true;
  if (wanted.isValue) {
    found.values.set(wanted.name, input.bytes.subarray(start, input.at));
  } else if (value === 'text' && input.length <= MAX_FIELD_BYTES) {
    found.texts.set(wanted.name, input.text.slice(0, input.length));
  } else {
    found.texts.delete(wanted.name);
  }
  return true;
}

function readValue(input: Input, isWanted: boolean): 'text' | 'other' | 'incomplete' {
  let isDone: boolean;
  if (take(input, QUOTE)) {
    isDone = isWanted ? readString(input) : skipString(input);
    return isDone ? 'text' : 'incomplete';
  }
  const first = input.bytes[input.at];
  isDone = first === OPEN_OBJECT || first === OPEN_ARRAY ? skipNested(input) : skipScalar(input);
  return isDone ? 'other' : 'incomplete';
}

function skipNested(input: Input): boolean {
  const { bytes } = input;
  let depth = 0;
  while (input.at < bytes.length) {
    const byte = bytes[input.at];
    input.at += 1;
    if (byte === QUOTE && !skipString(input)) return false;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
    if (depth === 0) return true;
  }
  return false;
}

/**
 * Skips past the closing quote: the first quote after an even number of backslashes.
 * `indexOf` (`memchr`) is fast, and most of a large payload is strings that nobody asked for.
 */
function skipString(input: Input): boolean {
  const start = input.at;
  let quote = input.bytes.indexOf(QUOTE, start);
  while (quote !== -1) {
    let run = quote;
    while (run > start && input.bytes[run - 1] === BACKSLASH) run -= 1;
    input.at = quote + 1;
    if ((quote - run) % 2 === 0) return true;
    quote = input.bytes.indexOf(QUOTE, input.at);
  }
  return false;
}

/** Skips a number or a word, which is complete only once the byte after it is known. */
function skipScalar(input: Input): boolean {
  const start = input.at;
  while (isScalar(input.bytes[input.at])) input.at += 1;
  return input.at > start && input.at < input.bytes.length;
}

/** Reads on after the opening quote; false if the string is incomplete or has a control character or an unknown escape. */
function readString(input: Input): boolean {
  const { bytes } = input;
  input.length = 0;
  while (input.at < bytes.length) {
    const byte = bytes[input.at] ?? 0;
    input.at += 1;
    if (byte === QUOTE) return true;
    if (byte < 0x20) return false;
    if (byte !== BACKSLASH) put(input, byte);
    else if (!readEscape(input)) return false;
  }
  return false;
}

function readEscape(input: Input): boolean {
  const byte = input.bytes[input.at];
  input.at += 1;
  if (byte === LOWER_U) return readUnicodeEscape(input);
  const meant = byte === undefined ? undefined : ESCAPES.get(byte);
  if (meant === undefined) return false;
  put(input, meant);
  return true;
}

/** What may follow a backslash: `"`, `\`, `/` for themselves, and b, f, n, r, t. */
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

function readUnicodeEscape(input: Input): boolean {
  const { bytes } = input;
  const unit = hexAt(bytes, input.at);
  if (unit === undefined) return false;
  input.at += 4;
  if (unit < 0xd800 || unit > 0xdfff) {
    putCodePoint(input, unit);
    return true;
  }
  const isPairAhead =
    unit < 0xdc00 && bytes[input.at] === BACKSLASH && bytes[input.at + 1] === LOWER_U;
  const low = isPairAhead ? hexAt(bytes, input.at + 2) : undefined;
  if (low === undefined || low < 0xdc00 || low > 0xdfff) {
    putCodePoint(input, REPLACEMENT);
    return true;
  }
  input.at += 6;
  putCodePoint(input, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
  return true;
}

/** Reads four hexadecimal digits; undefined if they are not there. */
function hexAt(bytes: Uint8Array, start: number): number | undefined {
  let number = 0;
  for (let at = start; at < start + 4; at++) {
    const byte = bytes[at] ?? 0;
    const lower = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) number = number * 16 + (byte - 0x30);
    else if (lower >= 0x61 && lower <= 0x66) number = number * 16 + (lower - 0x57);
    else return undefined;
  }
  return number;
}

function putCodePoint(input: Input, code: number): void {
  if (code < 0x80) {
    put(input, code);
    return;
  }
  if (code < 0x800) {
    put(input, 0xc0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      put(input, 0xe0 | (code >> 12));
    } else {
      put(input, 0xf0 | (code >> 18));
      put(input, 0x80 | ((code >> 12) & 0x3f));
    }
    put(input, 0x80 | ((code >> 6) & 0x3f));
  }
  put(input, 0x80 | (code & 0x3f));
}

function put(input: Input, byte: number): void {
  if (input.length < input.text.length) input.text[input.length] = byte;
  input.length += 1;
}

function isText(input: Input, name: Uint8Array): boolean {
  return input.length === name.length && name.every((byte, at) => byte === input.text[at]);
}

/** White space of JSON. */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Digits, letters, `+`, `-`, `.`: what numbers and words are made of. */
function isScalar(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const isDigit = byte >= 0x30 && byte <= 0x39;
  const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
  return isDigit || isLetter || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}
