import { type Cut, redactByRules, withoutCutKey } from './redact-text.ts';

/**
 * Replaces each secret of a known form by `[redacted:<rule name>]`. JSON stays JSON, redacted text stays as it is, and a
 * secret that the end of the text truncates is removed as far as it can be recognised.
 */
export function redactText(text: string, cut: Cut = {}): string {
  return isPlain(text) ? text : redactByRules(text, cut);
}

/**
 * Like `redactText`, for the last part of a longer text. It drops the first line, since nobody can tell what that is the
 * end of, and then lines of base64, which may be a private key whose first part is missing.
 */
export function redactTail(tail: string): string {
  const line = /[\r\n]/.exec(tail.slice(0, -1));
  const rest = line === null ? (/[ \t][\s\S]*$/.exec(tail)?.[0] ?? '') : tail.slice(line.index + 1);
  const start = rest.replace(/^[ \t\r\n]+/, '');
  return isPlain(start) ? start : redactText(withoutCutKey(start));
}

/** Compiles all rules ahead of time, while there is nothing else to do. */
export const loadRules = (): void => void redactByRules('', {});

/** Like `redactText`, for bytes that need not be UTF-8; returns the same array if nothing is secret. */
export function redactBytes(bytes: Uint8Array, cut: Cut = {}): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const redacted = redactText(text, cut);
  return redacted === text ? bytes : Buffer.from(redacted, 'latin1');
}

/** Recognises most texts, such as names, ids, paths and plain commands: all words are short and no word is suspicious. */
function isPlain(text: string): boolean {
  return (
    text.length < 1000 &&
    (PLAIN_ID.test(text) ||
      (/^(?:[\w./+-]| (?!-))*$/.test(text) && !/[\w.+-]{20}/.test(text) && !NOT_PLAIN.test(text)))
  );
}

const PLAIN_ID =
  /^(?:(?:toolu|srvtoolu|call|msg)[_-]\w{6,40}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const NOT_PLAIN =
  /pass|pwd|secret|token|cred|key|auth|phrase|cookie|mnemonic|env |configure|login|add_user|set /i;
