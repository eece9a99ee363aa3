/** Undefined for what is not UTF-8. A capture that was cut may end within a character, which is then left out. */
export function decodeUtf8(bytes: Uint8Array, mayEndWithin: boolean): string | undefined {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(bytes, { stream: mayEndWithin });
  } catch {
    return undefined;
  }
}

/** JSON over many lines, where that makes no more than so many characters; any other text as it is. */
export function layOut(text: string, most = Number.POSITIVE_INFINITY): string {
  // Only what is an object or a list gains by it.
  if (!/^\s*[[{]/.test(text) || isLongerLaidOut(text, most)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/**
 * Whether JSON would be longer than that over many lines: each of them begins with as many blanks as it is deep, so that a
 * text of kilobytes may become one of gigabytes.
 */
function isLongerLaidOut(text: string, most: number): boolean {
  let length = 0;
  let depth = 0;
  let hasOpened = false;
  for (let at = 0; at < text.length && length <= most; at += 1) {
    const character = text.charAt(at);
    if (BLANKS.has(character)) continue;
    const isClosing = CLOSING.has(character);
    if (isClosing) depth -= 1;
    // Behind what opens, and before what closes, but not within what is empty.
    if (isClosing !== hasOpened) length += 1 + 2 * depth;
    hasOpened = OPENING.has(character);
    if (hasOpened) depth += 1;
    if (character === ',') length += 1 + 2 * depth;
    if (character === ':') length += 1;
    const end = endOf(text, at);
    length += end + 1 - at;
    at = end;
  }
  return length > most;
}

const BLANKS = new Set(' \t\n\r');
const OPENING = new Set('[{');
const CLOSING = new Set(']}');

/** Where the string ends that begins there; anything else ends where it begins. */
function endOf(text: string, begin: number): number {
  if (text[begin] !== '"') return begin;
  let at = begin + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** Sixteen bytes a line: offset, hex, and what is printable. */
export function hexLines(bytes: Uint8Array, most: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, most); at += 16) {
    const row = [...bytes.subarray(at, Math.min(at + 16, most))];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const characters = row.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    );
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  ${characters.join('')}`);
  }
  return lines;
}
