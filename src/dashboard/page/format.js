const NOTHING = '–';

/** A duration in a suitable unit. */
export function ms(value) {
  if (value === null || value === undefined) return NOTHING;
  if (value < 10) return `${value.toFixed(value < 1 ? 2 : 1)} ms`;
  if (value < 1000) return `${Math.round(value)} ms`;
  if (value < 60_000) return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} s`;
  if (value < 3_600_000) return `${(value / 60_000).toFixed(1)} min`;
  return `${(value / 3_600_000).toFixed(1)} h`;
}

/** A rate from 0 to 1. */
export function percent(value) {
  if (value === null || value === undefined) return NOTHING;
  const hundredth = value * 100;
  return `${hundredth === 0 || hundredth >= 10 ? Math.round(hundredth) : hundredth.toFixed(1)} %`;
}

/** With thousands separators. `toLocaleString` would be slow: the browser has to load locale data. */
export const count = (value) => String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');

export const text = (value) =>
  value === null || value === undefined || value === '' ? NOTHING : String(value);

const twoDigits = (value) => String(value).padStart(2, '0');

/** The local date and time: `2026-11-22`, `10:04`. */
export function dayAndTime(at) {
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(twoDigits).join('-');
  return [day, [at.getHours(), at.getMinutes()].map(twoDigits).join(':')];
}

export const today = () => dayAndTime(new Date())[0];

/** The time of day, with the date unless it is today. */
export function moment(utc) {
  const at = new Date(utc);
  const [day, time] = dayAndTime(at);
  const clock = `${time}:${twoDigits(at.getSeconds())}`;
  return day === today() ? clock : `${day} ${clock}`;
}

export function bytes(value) {
  if (value < 1024) return `${value} B`;
  return value < 1024 * 1024
    ? `${(value / 1024).toFixed(1)} KB`
    : `${(value / 1048576).toFixed(1)} MB`;
}

/** The exit code, or the signal. */
export const exit = ({ exit_code, signal }) => text(exit_code ?? signal);
