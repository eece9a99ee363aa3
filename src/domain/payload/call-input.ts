import { isSpace, unescapeText } from './payload-scan.ts';

/** A longer input is not hashed, since the hook would wait for that. */
const MAX_INPUT_BYTES = 65_536;

const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;

/**
 * A tool call's input, written the same way before and after the call: an object that stands in a string counts as the
 * object, and without blanks between values. Undefined if it is too long, or broken.
 * C port: `payload_hash` in src/launcher/payload_scan.c.
 */
export function sameInput(value: Uint8Array): Uint8Array | undefined {
  if (value.length > MAX_INPUT_BYTES) return undefined;
  const json = value[0] === QUOTE ? unescapeText(value) : value;
  return json !== undefined && isNested(json[0]) ? withoutBlanks(json) : json;
}

const isNested = (byte: number | undefined): boolean => byte === OPEN_OBJECT || byte === OPEN_ARRAY;

function withoutBlanks(json: Uint8Array): Uint8Array {
  const kept = new Uint8Array(json.length);
  let [length, isInText, isEscaped] = [0, false, false];
  for (const byte of json) {
    const isQuote = byte === QUOTE && !isEscaped;
    isEscaped = isInText && byte === BACKSLASH && !isEscaped;
    if (isQuote) isInText = !isInText;
    if (!isInText && isSpace(byte)) continue;
    kept[length] = byte;
    length += 1;
  }
  return kept.subarray(0, length);
}
