/** The local date, such as `2026-11-22`. */
export function localDate(at: Date): string {
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  const year = String(at.getFullYear()).padStart(4, '0');
  return `${year}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())}`;
}
