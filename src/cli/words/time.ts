import { DAY_MS, HOUR_MS, localDate } from '../../domain/time.ts';
import { formatThings } from '../../format.ts';
import { invalidValue } from './values.ts';

/** Every form of a time on the command line, for help and messages. */
export const TIME_FORMS =
  'a time such as 7d, 24h, 90m, 30s or 2w, a number of hours, a date (2026-11-22), or a date and time (2026-11-22T14:30)';

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
};

/** `7d`, and the words that HookBus prints itself: `30 days`, `4 h 24 min`. */
const PART =
  /(\d{1,9}(?:\.\d{1,6})?|\.\d{1,6})\s*(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?)(?![a-z])\s*/giy;

const BARE_NUMBER = /^(?:\d{1,9}(?:\.\d{1,6})?|\.\d{1,6})$/;

/** A hundred years, so that dates stay valid. */
const MAX_DAYS = 36_525;
const MAX_MS = MAX_DAYS * DAY_MS;

/** Parses a length of time such as `90s`, `7d` or `1h30m`, in ms; a bare number is hours. @returns undefined if it is none */
export function parseLength(text: string): number | undefined {
  const typed = text.trim();
  if (BARE_NUMBER.test(typed)) return atMost(Number(typed) * HOUR_MS);
  const parts = [...typed.matchAll(PART)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== typed) return undefined;
  const lengths = parts.map(
    ([, count, unit = '']) => Number(count) * (UNITS_MS[unit.charAt(0).toLowerCase()] ?? 0),
  );
  return atMost(lengths.reduce((sum, length) => sum + length, 0));
}

const atMost = (ms: number): number | undefined => (ms <= MAX_MS ? ms : undefined);

const CLOCK = /^\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?$/;
const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * Parses a date, a date and time, or a time of today, in ms since the epoch. Without a zone it is local.
 * @returns undefined if it is invalid, such as the 31st of June
 */
export function parseMoment(text: string, nowMs: number): number | undefined {
  const typed = text.trim();
  const dated = CLOCK.test(typed) ? `${localDate(new Date(nowMs))}T${typed}` : typed;
  const match = DATE.exec(dated);
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

/**
 * Reads a moment, in ms since the epoch; a length of time counts back from now.
 * @throws HookbusError `E_USAGE`
 */
export function readMoment(what: string, text: string, nowMs: number, forms = TIME_FORMS): number {
  const length = parseLength(text);
  const ms = length === undefined ? parseMoment(text, nowMs) : nowMs - length;
  if (ms === undefined) throw invalidValue(what, forms, text);
  return ms;
}

/**
 * Reads how far to look back from now, in ms.
 * @throws HookbusError `E_USAGE`
 */
function readSpan(text: string, nowMs: number, what = 'TIME'): number {
  const ms = parseLength(text) ?? nowMs - readMoment(what, text, nowMs);
  if (ms > 0 && ms <= MAX_MS) return ms;
  throw invalidValue(what, 'before now, and at most a hundred years ago', text);
}

/** The same in hours, which are what reports count in. @throws HookbusError `E_USAGE` */
export function readHours(text: string, nowMs: number): number {
  return readSpan(text, nowMs) / HOUR_MS;
}

/**
 * Reads how long something lasts from now, in ms; a moment means until then.
 * @throws HookbusError `E_USAGE`
 */
export function readDuration(what: string, text: string, nowMs: number, maxDays: number): number {
  const moment = parseMoment(text, nowMs);
  const ms = parseLength(text) ?? (moment === undefined ? undefined : moment - nowMs);
  if (ms === undefined) throw invalidValue(what, TIME_FORMS, text);
  if (ms > 0 && ms <= maxDays * DAY_MS) return ms;
  throw invalidValue(what, `above 0, and at most ${formatThings(maxDays, 'day')} from now`, text);
}
