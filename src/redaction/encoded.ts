import { type Edit, placeholder } from './edits.ts';

/** Base64 and hex, which matter only if they decode to text. */
const WORDS =
  /[A-Za-z0-9+/_-]*(?:\r?\n[A-Za-z0-9+/]{20,76}(?=[\r\n]|={1,2}|$)|(?:\\{1,4}r)?\\{1,4}n[A-Za-z0-9+/]{20,76}(?=\\|={1,2}|"|$)){0,4096}={0,2}/y;
const PRINTABLE = /^(?:[\t\r\n -~]|\p{Cc}(?=\[))+$/u;
const MAX_DEPTH = 2;

/**
 * Replaces each word that holds a secret once decoded, as a whole.
 * @param words positions of words of at least 24 characters
 */
export function encodedEdits(
  text: string,
  words: readonly number[],
  depth: number,
  redact: (text: string, depth: number) => string,
): Edit[] {
  if (depth >= MAX_DEPTH) return [];
  const edits: Edit[] = [];
  let done = 0;
  for (const start of words) {
    if (start < done) continue;
    WORDS.lastIndex = start;
    done = start + (WORDS.exec(text)?.[0].length ?? 0);
    const decoded = decode(text.slice(start, done));
    if (decoded === undefined || redact(decoded, depth + 1) === decoded) continue;
    edits.push({ start, end: done, text: placeholder('encoded-secret') });
  }
  return edits;
}

/** Undefined if the result is not text. */
function decode(word: string): string | undefined {
  const letters = word.replace(/\r?\n|(?:\\+r)?\\+n/g, '');
  const isHex = /^(?:[0-9a-f]{2}){12,}$/i.test(letters);
  const from = (part: string): string =>
    Buffer.from(part, isHex ? 'hex' : 'base64').toString('latin1');
  if (!PRINTABLE.test(from(letters.slice(0, 24)).replace(/\0/g, ''))) return undefined;
  const decoded = from(letters).replace(/\0/g, '');
  return PRINTABLE.test(decoded) ? decoded : undefined;
}
