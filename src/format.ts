import { DAY_MS, localDate } from './domain/time.ts';

/**
 * How sizes, times and durations are shown, in the terminal, in texts and on the page, which loads this module too
 * (scripts/bundle-dashboard.js).
 */

/** Stands for a missing value. */
export const NOTHING = '–';

/** A duration in ms with about three digits and a unit: `0.94 ms`, `48.2 ms`, `1.20 s`, `2 min 05 s`. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NOTHING;
  if (ms < 9.995) return `${ms.toFixed(2)} ms`;
  if (ms < 99.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 9995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${formatCount(hours)} h ${twoDigits(minutes)} min`;
  return `${minutes} min ${twoDigits(seconds % 60)} s`;
}

/** The same for a right-aligned column: numbers stay aligned whatever the unit. */
export function formatMsAligned(ms: number | null | undefined): string {
  return formatMs(ms).replace(/ s$/, ' s ');
}

/** Without zeros that say nothing, for round numbers: `5.00 s` is `5 s`, and `1 min 00 s` is `1 min`. */
export function withoutZeros(text: string): string {
  return text.replace(/\.0+(?= )|(\.\d*[1-9])0+(?= )| 00 (?:s|min)$/, '$1');
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size in units of 1000: `412 B`, `1.2 kB`, `34 MB`. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** A whole number with thousands separators: `12,345`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** A number of things: `1 execution`, `2 executions`. */
export function formatThings(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A fraction as a percentage; only an exact 0 or 1 becomes 0 % or 100 %. */
export function formatPercent(fraction: number | null | undefined): string {
  if (fraction === null || fraction === undefined) return NOTHING;
  const percent = fraction * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent < 0.05) return '<0.1 %';
  if (percent > 99.95) return '>99.9 %';
  return `${percent.toFixed(1)} %`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** The local date: `2026-11-22`. */
export const formatDate = localDate;

/** The local time of day: `14:03:22`. */
export function formatClock(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The local day as people say it: `21 Nov`, with the year if it is not this one. */
export function formatDay(at: Date, nowMs: number): string {
  const year = at.getFullYear() === new Date(nowMs).getFullYear() ? '' : ` ${at.getFullYear()}`;
  return `${at.getDate()} ${MONTHS[at.getMonth()]}${year}`;
}

/** The local time, with the date only if it is not today: `14:03:22`, `21 Nov 14:03:22`. */
export function formatMoment(at: Date, nowMs: number): string {
  const isToday = formatDate(at) === formatDate(new Date(nowMs));
  return isToday ? formatClock(at) : `${formatDay(at, nowMs)} ${formatClock(at)}`;
}

/** A moment to come and how long until then: `20:33 (1 h)`, `28 Dec 20:33 (30 days)`. */
export function formatUntil(at: Date, nowMs: number): string {
  const leftMs = at.getTime() - nowMs;
  const moment = formatMoment(at, nowMs);
  const rounded = Math.round(leftMs / 60_000) * 60_000;
  if (rounded < 60_000) return moment;
  const left =
    leftMs >= 2 * DAY_MS
      ? formatThings(Math.round(leftMs / DAY_MS), 'day')
      : withoutZeros(formatMs(rounded));
  return `${moment.slice(0, -3)} (${left})`;
}

/** The length of an id that is shown. */
const ID_CHARACTERS = 8;

/** For each id its first eight characters, or as many more as it takes to tell them apart. */
export function shortIds(ids: readonly string[]): ReadonlyMap<string, string> {
  const all = [...new Set(ids)];
  const longest = Math.max(...all.map(({ length }) => length), 0);
  for (let length = ID_CHARACTERS; ; length += 4) {
    const short = new Map(all.map((id) => [id, shortId(id, length)]));
    if (length >= longest || new Set(short.values()).size === all.length) return short;
  }
}

/** The first characters of an id. */
const shortId = (id: string, length = ID_CHARACTERS): string =>
  Array.from(id).slice(0, length).join('');

/** For each project directory its base name, with as many parents as it takes to tell them apart. */
export function projectNames(directories: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  let left = [...new Set(directories)];
  for (let depth = 1; left.length > 0; depth += 1) {
    const byName = new Map<string, string[]>();
    for (const directory of left) {
      const name = lastParts(directory, depth);
      byName.set(name, [...(byName.get(name) ?? []), directory]);
    }
    left = [];
    for (const [name, same] of byName) {
      // Directories that differ only by a slash at the end share their name.
      const isWhole = same.every((directory) => lastParts(directory, depth + 1) === name);
      if (same.length === 1 || isWhole) for (const directory of same) names.set(directory, name);
      else left.push(...same);
    }
  }
  return names;
}

/** The name of a project directory: its base name. */
export const projectName = (directory: string): string => lastParts(directory, 1);

function lastParts(directory: string, count: number): string {
  const parts = directory.split('/').filter((part) => part !== '');
  return parts.slice(-count).join('/') || directory;
}

const AGES = [
  { unit: 'day', ms: 86_400_000 },
  { unit: 'hour', ms: 3_600_000 },
  { unit: 'minute', ms: 60_000 },
] as const;

/** How long ago a moment was: `3 minutes ago`. */
export function formatAge(at: Date, nowMs: number): string {
  const ageMs = nowMs - at.getTime();
  const age = AGES.find(({ ms }) => ageMs >= ms);
  if (age === undefined) return ageMs < 0 ? 'in the future' : 'just now';
  return `${formatThings(Math.floor(ageMs / age.ms), age.unit)} ago`;
}

/** A window as one says it after "the last": `24 hours`, `30 days`, `hour`, `1 hour 30 minutes`. */
export function formatWindow(hours: number): string {
  const isOfDays = hours >= 48;
  const minutes = isOfDays ? Math.round(hours) * 60 : Math.round(hours * 60);
  if (minutes === 0) return formatThings(Math.round(hours * 3600), 'second');
  const days = isOfDays ? Math.floor(minutes / 1440) : 0;
  const parts = [
    formatThings(days, 'day'),
    formatThings(Math.floor(minutes / 60) - days * 24, 'hour'),
    formatThings(minutes % 60, 'minute'),
  ].filter((part) => !part.startsWith('0 '));
  return parts.length === 1 ? (parts[0] ?? '').replace(/^1 /, '') : parts.join(' ');
}
