import { canonicalJson } from './canonical-json.ts';
import { recordable } from './dedupe-key.ts';
import { sha256Hex } from './sha256.ts';

/** Thrown and caught in this file: a part whose values could not be distinguished. */
class UnusablePart extends Error {
  override readonly name = 'UnusablePart';
}

/**
 * A dedupe key of a list of values; different lists give different keys. Texts, numbers and booleans appear as written,
 * so 1 and '1' are the same part; anything else appears as the digest of its canonical JSON or of its bytes.
 * Undefined if a part is absent, empty or cannot be distinguished from other values: then the hook runs. Never throws.
 */
export function keyOfParts(parts: readonly unknown[]): string | undefined {
  try {
    if (parts.length === 0) return undefined;
    const key = parts.map(textOf).join(':');
    // A text that looks like a digest must not give the key that is that digest.
    return recordable(/^sha256:[0-9a-f]{64}$/.test(key) ? `${key}:` : key);
  } catch {
    return undefined;
  }
}

function textOf(part: unknown): string {
  if (typeof part === 'string' && part !== '') {
    if (/\p{Surrogate}/u.test(part)) return digestOf(JSON.stringify(part));
    return part.replaceAll('%', '%25').replaceAll(':', '%3A');
  }
  if (typeof part === 'boolean' || typeof part === 'bigint' || Number.isFinite(part)) {
    return String(part);
  }
  if (part instanceof Uint8Array) return `%bytes=${sha256Hex(part)}`;
  if (typeof part === 'object' && part !== null) return digestOf(canonicalJson(part));
  throw new UnusablePart();
}

const digestOf = (json: string): string => `%json=${sha256Hex(json)}`;
