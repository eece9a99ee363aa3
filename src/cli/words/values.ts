import { HookbusError } from '../../domain/errors.ts';
import { clip, visible } from '../output/text.ts';

/** Longest that a value is repeated in a message, in columns. */
const QUOTE_COLUMNS = 60;

/** A mistake in what a person typed. */
export function usageError(message: string): HookbusError {
  return new HookbusError('E_USAGE', message);
}

/** Says what was expected of `what`, and what came. */
export function expected(what: string, expectation: string, got: string): HookbusError {
  return usageError(`expected ${what} to be ${expectation}, got ${quote(got)}`);
}

/** A person's own word, safe to print. */
export function quote(text: string): string {
  return `"${clip(visible(text), QUOTE_COLUMNS, 'middle')}"`;
}

/** Reads a whole number. @throws HookbusError `E_USAGE` */
export function readWhole(what: string, text: string, least: number, most: number): number {
  const number = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw expected(what, `a whole number from ${least} to ${most}`, text);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Longest age that is understood: a hundred years, so that date arithmetic stays sound. */
const MAX_AGE_MS = 36_525 * 86_400_000;

/** Reads a length of time such as `90s`, `30m`, `2h`, `7d` or `1.5h`, in ms; undefined for anything else. */
export function parseAge(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)\s*([smhdw])$/i.exec(text.trim());
  if (match === null) return undefined;
  const ms = Number(match[1]) * (UNIT_MS[match[2]?.toLowerCase() ?? ''] ?? Number.NaN);
  return ms <= MAX_AGE_MS ? ms : undefined;
}

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * Reads a date, or a date and time, in ms since the epoch; undefined for anything else, such as the 31st of June.
 * Without a zone it is local.
 */
export function parseMoment(text: string): number | undefined {
  const match = DATE.exec(text.trim());
  if (match === null) return undefined;
  const [, date = '', time = '00:00', zone = ''] = match;
  // JavaScript takes the 31st of June for the 1st of July.
  const midnight = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(date))
    return undefined;
  const offset = zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase();
  const ms = Date.parse(`${date}T${time}${offset}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Most hours that a window may have: a hundred years. */
export const MAX_HOURS = 876_000;

/** A window. @throws HookbusError `E_USAGE` */
export function readHours(text: string): number {
  const hours = /^\d{1,6}(?:\.\d{1,6})?$|^\.\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (hours > 0 && hours <= MAX_HOURS) return hours;
  throw expected('HOURS', `a number above 0 and at most ${MAX_HOURS}`, text);
}
