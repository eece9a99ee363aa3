/**
 * The pause before the next attempt, in ms: `firstMs` after the first failure in a row, then twice as long each time, up
 * to `maxMs`. The random part keeps machines that lost the same server from coming back at the same instant.
 */
export function backoffMs(failures: number, firstMs: number, maxMs: number): number {
  const ms = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return Math.round(ms * (0.75 + Math.random() / 4));
}
