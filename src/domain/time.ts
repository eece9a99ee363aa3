export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** UTC, in the format of `created_at`. */
export const isoOf = (ms: number): string => new Date(ms).toISOString();

/** The local date, such as `2026-11-22`. */
export function localDate(at: Date): string {
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  const year = String(at.getFullYear()).padStart(4, '0');
  return `${year}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())}`;
}
