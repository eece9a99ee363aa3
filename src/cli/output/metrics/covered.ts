import type { Covered } from '../../../app/reading/report/covered-span.ts';
import { formatDay, formatThings } from '../../../format.ts';

/** What a window really covers, if executions of it were deleted: `since 21 Nov; older runs were deleted, …`. */
export function coveredText(covered: Covered | null | undefined, nowMs: number): string {
  if (covered == null || !covered.older_deleted) return '';
  const day = formatDay(new Date(covered.from), nowMs);
  const retention = formatThings(covered.retention_days, 'day');
  return `since ${day}; older runs were deleted, retention ${retention}`;
}
