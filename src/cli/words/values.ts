import { HookbusError } from '../../domain/errors.ts';
import { nearest } from '../../domain/text/nearest.ts';
import { clip, visible } from '../output/text.ts';
import { guessed } from './nearest.ts';

/** A longer value is clipped in a message. */
const QUOTE_COLUMNS = 60;

/** An error in the command line. */
export function usageError(message: string): HookbusError {
  return new HookbusError('E_USAGE', message);
}

/** An error about a value: what it must be, and what it is. */
export function invalidValue(what: string, expectation: string, got: string): HookbusError {
  return usageError(`${what} must be ${expectation}, got ${quote(got)}`);
}

/** Parses a word of a fixed set, in any case. @param meant what other words stand for, to suggest it @throws HookbusError `E_USAGE` */
export function readWord<T extends string>(
  what: string,
  text: string,
  known: readonly T[],
  meant: Readonly<Record<string, string>> = {},
): T {
  const word = text.trim().toLowerCase();
  const found = known.find((candidate) => candidate === word);
  if (found !== undefined) return found;
  const guess = Object.hasOwn(meant, word) ? meant[word] : nearest(word, known);
  const end = guess === undefined ? '' : guessed(guess);
  throw usageError(`${what} must be one of ${known.join(', ')}, got ${quote(text)}${end}`);
}

/** The same for an argument that must be given. @throws HookbusError `E_USAGE` */
export function requireWord<T extends string>(
  what: string,
  text: string | undefined,
  known: readonly T[],
): T {
  if (text !== undefined) return readWord(what, text, known);
  throw usageError(`missing argument ${what}: one of ${known.join(', ')}`);
}

/** How to write the id of an execution. */
export const ID_FORMAT = 'a number, an execution id, or at least its first 6 characters';

/** Quotes a word of the user so that it is safe to print. */
export function quote(text: string): string {
  return `"${clip(visible(text), QUOTE_COLUMNS, 'middle')}"`;
}

/** Parses a whole number. @throws HookbusError `E_USAGE` */
export function readWhole(what: string, text: string, min: number, max: number): number {
  const number = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw invalidValue(what, `a whole number from ${min} to ${max}`, text);
}

/** A day: no hook takes longer. */
const MAX_SECONDS = 86_400;

/** Parses a time limit. @throws HookbusError `E_USAGE` */
export function readSeconds(what: string, text: string): number {
  const seconds = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw invalidValue(what, `a number of seconds above 0, at most ${MAX_SECONDS}`, text);
}
