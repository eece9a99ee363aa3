import { isNativeError, isUint8Array } from 'node:util/types';
import { TAIL_BYTES } from '../app/recording/meter.ts';
import { isAllInJson } from '../domain/key/canonical-json.ts';

/** An output as it is recorded: a string unchanged, anything else as compact JSON. Undefined if it cannot be JSON. */
export function outputText(value: unknown): string | undefined {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  try {
    // Undefined for a function or a symbol, although its type does not say so.
    return JSON.stringify(value) as string | undefined;
  } catch {
    return undefined;
  }
}

/**
 * Appended to a string that would otherwise be parsed as JSON. It is white space, so that an agent that receives it
 * from `hookbus run` ignores it.
 */
const TEXT_MARK = ' \t\n';

/**
 * An output as it is kept for duplicates; `readShared` turns it back into the same value. Undefined if JSON would lose
 * a part of it: a duplicate must not get less than the first execution returned.
 */
export function sharedText(value: unknown): string | undefined {
  if (typeof value !== 'string') {
    return value === undefined || isAllInJson(value) ? outputText(value) : undefined;
  }
  // A lone surrogate has no UTF-8 bytes, but JSON can escape it.
  if (/\p{Surrogate}/u.test(value)) return JSON.stringify(value);
  return looksLikeValue(value) ? value + TEXT_MARK : value;
}

/** The value of a kept output: from this library, or from the stdout of a command under `hookbus run`. */
export function readShared(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString('utf8');
  if (text === '') return undefined;
  if (text.endsWith(TEXT_MARK)) {
    const rest = text.slice(0, -TEXT_MARK.length);
    if (looksLikeValue(rest)) return rest;
  }
  const parsed = parse(text);
  return parsed === undefined ? text : parsed.value;
}

const looksLikeValue = (text: string): boolean => text.trim() === '' || parse(text) !== undefined;

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** The payload as bytes; undefined if it cannot be written as JSON. Never throws. */
export function payloadBytes(payload: unknown): Uint8Array | undefined {
  if (payload === undefined || payload === null) return new Uint8Array();
  // Unlike `instanceof`, this cannot be faked, and a proxy cannot make it throw.
  if (isUint8Array(payload)) return payload.length === 0 ? new Uint8Array() : payload;
  const text = outputText(payload);
  return text === undefined ? undefined : Buffer.from(text);
}

/** An Error for any thrown value. Never throws. */
export function toError(thrown: unknown): Error {
  try {
    // With a revoked proxy even `instanceof` throws.
    if (thrown instanceof Error || isNativeError(thrown)) return thrown;
    return new Error(String(thrown), { cause: thrown });
  } catch {
    return new Error('the thrown value cannot be converted to text', { cause: thrown });
  }
}

/** A longer error text is truncated, and its name is recorded separately. */
const SHORT_ERROR_BYTES = 2000;

/** An error as a record: its name and message take the place of stderr. */
export function errorParts(error: Error): { readonly reason?: string; readonly tail: Uint8Array } {
  const { name, message } = wordsOf(error);
  const whole = Buffer.from(message === '' ? name : `${name}: ${message}`);
  if (whole.length <= SHORT_ERROR_BYTES) return { tail: whole };
  return { reason: name, tail: whole.subarray(-TAIL_BYTES) };
}

/** Getters of an error may throw or return anything. */
function wordsOf(error: Error): { readonly name: string; readonly message: string } {
  try {
    const name = String(error.name);
    // Truncated first, because appending to a string of the maximum length throws.
    const message = String(error.message).slice(-TAIL_BYTES);
    return { name: /^[\w$.]{1,80}$/.test(name) ? name : 'Error', message };
  } catch {
    return { name: 'Error', message: '' };
  }
}
