import type { Database } from '../database.ts';

/**
 * The number of the last execution written, or 0. AUTOINCREMENT keeps it, so it does not decrease when rows are deleted.
 * If it is lower than a number seen before, this is another database.
 */
export function lastLogId(db: Database): number {
  const row = db
    .prepare<[], { seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'hook_logs'")
    .get();
  return row?.seq ?? 0;
}
