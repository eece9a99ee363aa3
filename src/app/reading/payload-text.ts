/** Undefined if the bytes are not UTF-8. With `mayEndWithin`, an incomplete last character is omitted. */
export function decodeUtf8(bytes: Uint8Array, mayEndWithin = false): string | undefined {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(bytes, { stream: mayEndWithin });
  } catch {
    return undefined;
  }
}

/** Formats JSON over several lines if the result has at most `maxLength` characters; returns other text unchanged. */
export function layOut(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  // Only objects and arrays change.
  if (!/^\s*[[{]/.test(text) || isLongerLaidOut(text, maxLength)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/**
 * Whether formatted JSON would exceed `maxLength`. Each line starts with two spaces per level, so deep nesting can turn
 * kilobytes into gigabytes.
 */
function isLongerLaidOut(text: string, maxLength: number): boolean {
  let length = 0;
  let depth = 0;
  let hasOpened = false;
  for (let at = 0; at < text.length && length <= maxLength; at += 1) {
    const character = text.charAt(at);
    if (BLANKS.has(character)) continue;
    const isClosing = CLOSING.has(character);
    if (isClosing) depth -= 1;
    // A line break after an opening and before a closing bracket, but not within an empty pair.
    if (isClosing !== hasOpened) length += 1 + 2 * depth;
    hasOpened = OPENING.has(character);
    if (hasOpened) depth += 1;
    if (character === ',') length += 1 + 2 * depth;
    if (character === ':') length += 1;
    const end = endOf(text, at);
    length += end + 1 - at;
    at = end;
  }
  return length > maxLength;
}

const BLANKS = new Set(' \t\n\r');
const OPENING = new Set('[{');
const CLOSING = new Set(']}');

/** The index of the closing quote if a string starts at `begin`, else `begin`. */
function endOf(text: string, begin: number): number {
  if (text[begin] !== '"') return begin;
  let at = begin + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** Sixteen bytes a line: offset, hex, and printable characters. */
export function hexLines(bytes: Uint8Array, maxBytes: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, maxBytes); at += 16) {
    const row = [...bytes.subarray(at, Math.min(at + 16, maxBytes))];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const characters = row.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    );
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  ${characters.join('')}`);
  }
  return lines;
}
