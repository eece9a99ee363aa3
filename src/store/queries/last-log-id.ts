import type { Database } from '../database.ts';

/**
 * The number of the execution that was written last, 0 where none was. Kept by AUTOINCREMENT, so that it does not go back
 * when rows are deleted; where it is below one that was seen, this is another database.
 */
export function lastLogId(db: Database): number {
  const row = db
    .prepare<[], { seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'hook_logs'")
    .get();
  return row?.seq ?? 0;
}
