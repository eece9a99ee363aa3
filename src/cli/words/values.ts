import { HookbusError } from '../../domain/errors.ts';
import { clip, visible } from '../output/text.ts';
import { didYouMean } from './nearest.ts';

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

/** Parses a word of a fixed set, in any case. @throws HookbusError `E_USAGE` */
export function readWord<T extends string>(what: string, text: string, known: readonly T[]): T {
  const word = text.trim().toLowerCase();
  const found = known.find((candidate) => candidate === word);
  if (found !== undefined) return found;
  throw usageError(
    `${what} must be one of ${known.join(', ')}, got ${quote(text)}${didYouMean(word, known)}`,
  );
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

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The longest age: a hundred years, so that dates stay valid. */
const MAX_AGE_MS = 36_525 * 86_400_000;

/** Parses an age such as `90s`, `30m`, `2h`, `7d` or `1.5h`, in ms; undefined if it is invalid. */
export function parseAge(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)\s*([smhdw])$/i.exec(text.trim());
  if (match === null) return undefined;
  const ms = Number(match[1]) * (UNIT_MS[match[2]?.toLowerCase() ?? ''] ?? Number.NaN);
  return ms <= MAX_AGE_MS ? ms : undefined;
}

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * Parses a date, or a date and time, in ms since the epoch. Without a zone it is local.
 * @returns undefined if it is invalid, such as the 31st of June
 */
export function parseMoment(text: string): number | undefined {
  const match = DATE.exec(text.trim());
  if (match === null) return undefined;
  const [, date = '', time = '00:00', zone = ''] = match;
  // JavaScript reads the 31st of June as the 1st of July.
  const midnight = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(date))
    return undefined;
  const offset = zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase();
  const ms = Date.parse(`${date}T${time}${offset}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The longest window in hours: a hundred years. */
export const MAX_HOURS = 876_000;

/** Parses the length of a window. @throws HookbusError `E_USAGE` */
export function readHours(text: string): number {
  const hours = /^\d{1,6}(?:\.\d{1,6})?$|^\.\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (hours > 0 && hours <= MAX_HOURS) return hours;
  throw invalidValue('HOURS', `a number above 0 and at most ${MAX_HOURS}`, text);
}

/** A day: no hook takes longer. */
const MAX_SECONDS = 86_400;

/** Parses a time limit. @throws HookbusError `E_USAGE` */
export function readSeconds(what: string, text: string): number {
  const seconds = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw invalidValue(what, `a number of seconds above 0, at most ${MAX_SECONDS}`, text);
}
