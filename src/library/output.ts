import { isNativeError, isUint8Array } from 'node:util/types';
import { TAIL_BYTES } from '../app/recording/meter.ts';
import { isAllInJson } from '../domain/key/canonical-json.ts';

/** What an output is on record as: a text as it is, anything else as compact JSON. Undefined where JSON cannot say it. */
export function outputText(value: unknown): string | undefined {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  try {
    // Undefined of a function or a symbol, whatever its type says.
    return JSON.stringify(value) as string | undefined;
  } catch {
    return undefined;
  }
}

/**
 * Behind a text that would be read as JSON otherwise. White space, so that an agent that gets it from `hookbus run`
 * takes no notice.
 */
const TEXT_MARK = ' \t\n';

/**
 * An output as it is kept for duplicates: what `readShared` makes the same value of. Undefined where JSON would leave out
 * some of it: a duplicate is not to be told less than the first one said.
 */
export function sharedText(value: unknown): string | undefined {
  if (typeof value !== 'string') {
    return value === undefined || isAllInJson(value) ? outputText(value) : undefined;
  }
  // Half a surrogate pair has no bytes of its own, but an escape.
  if (/\p{Surrogate}/u.test(value)) return JSON.stringify(value);
  return looksLikeValue(value) ? value + TEXT_MARK : value;
}

/** The output behind what was kept: a value of this library, or what a command under `hookbus run` wrote on stdout. */
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

/** What the hook read, as bytes; undefined where JSON cannot say it. Never throws. */
export function payloadBytes(payload: unknown): Uint8Array | undefined {
  if (payload === undefined || payload === null) return new Uint8Array();
  // Unlike `instanceof`, true of nothing that only pretends to be, and never thrown out of by a proxy.
  if (isUint8Array(payload)) return payload.length === 0 ? new Uint8Array() : payload;
  const text = outputText(payload);
  return text === undefined ? undefined : Buffer.from(text);
}

/** An Error for whatever was thrown. Never throws, whatever that is. */
export function toError(thrown: unknown): Error {
  try {
    // Of a proxy that was revoked, even `instanceof` throws.
    if (thrown instanceof Error || isNativeError(thrown)) return thrown;
    return new Error(String(thrown), { cause: thrown });
  } catch {
    return new Error('something that cannot be put in words', { cause: thrown });
  }
}

/** Most that is kept whole of an error's text, in bytes; of a longer one the name stands apart. */
const SHORT_ERROR_BYTES = 2000;

/** An error as a record has it: its name and message, where a command would have written to stderr. */
export function errorParts(error: Error): { readonly reason?: string; readonly tail: Uint8Array } {
  const { name, message } = wordsOf(error);
  const whole = Buffer.from(message === '' ? name : `${name}: ${message}`);
  if (whole.length <= SHORT_ERROR_BYTES) return { tail: whole };
  return { reason: name, tail: whole.subarray(-TAIL_BYTES) };
}

/** Getters of a foreign error may throw, or give anything. */
function wordsOf(error: Error): { readonly name: string; readonly message: string } {
  try {
    const name = String(error.name);
    // To the longest text that there can be, no name can be added; its end is enough.
    const message = String(error.message).slice(-TAIL_BYTES);
    return { name: /^[\w$.]{1,80}$/.test(name) ? name : 'Error', message };
  } catch {
    return { name: 'Error', message: '' };
  }
}
