import { formatClock, formatDate, NOTHING } from './shared-format.js';

export {
  formatBytes as bytes,
  formatCount as count,
  formatMs as ms,
  formatPercent as percent,
  formatThings as things,
  withoutZeros,
} from './shared-format.js';

export const text = (value) =>
  value === null || value === undefined || value === '' ? NOTHING : String(value);

/** The local date and time: `2026-11-22`, `10:04`. */
export const dayAndTime = (at) => [formatDate(at), formatClock(at).slice(0, 5)];

export const today = () => formatDate(new Date());

/** The time of day, with the date unless it is today. */
export function moment(utc) {
  const at = new Date(utc);
  const day = formatDate(at);
  return day === today() ? formatClock(at) : `${day} ${formatClock(at)}`;
}

/** The exit code, or the signal. */
export const exit = ({ exit_code, signal }) => text(exit_code ?? signal);

/** The name of a project in its path. */
export const baseName = (path) => path.split('/').filter(Boolean).at(-1) ?? path;

/** A text that fits a title. */
export const short = (value) => (value.length > 40 ? `${value.slice(0, 39)}…` : value);

/** From one second to another: `14:15 – 14:30`, with the date unless it is today. */
export function span(from, until) {
  const [[day, start], [, end]] = [from, until].map((second) =>
    dayAndTime(new Date(second * 1000)),
  );
  return `${day === today() ? '' : `${day.slice(5)} `}${start} – ${end}`;
}
