import { LOG_COLUMNS, type LogRow } from '../columns.ts';
import type { Database } from '../database.ts';

/** By which of its ids an execution belongs to others. */
export type TraceColumn = 'correlation_id' | 'session_id';

/** The ids of this kind that begin so, at most two: several mean that more must be given. */
export function findTraceIds(db: Database, column: TraceColumn, beginning: string): string[] {
  // Everything that begins so lies below the same with the last character of all behind it.
  return db
    .prepare<[string, string], { id: string }>(
      `SELECT DISTINCT ${column} AS id FROM hook_logs WHERE ${column} >= ? AND ${column} < ? ORDER BY id LIMIT 2`,
    )
    .all(beginning, `${beginning}\u{10ffff}`)
    .map(({ id }) => id);
}

/** The executions of this id, in the order in which they began; of too many the latest `limit`. */
export function listTrace(
  db: Database,
  column: TraceColumn,
  id: string,
  limit: number,
): { readonly rows: LogRow[]; readonly count: number } {
  const rows = db
    .prepare<[string, number], LogRow>(
      `SELECT ${LOG_COLUMNS} FROM hook_logs WHERE ${column} = ? ORDER BY created_at DESC, id DESC LIMIT ?`,
    )
    .all(id, limit)
    .reverse();
  const count = db
    .prepare<[string], { count: number }>(
      `SELECT count(*) AS count FROM hook_logs WHERE ${column} = ?`,
    )
    .get(id)?.count;
  return { rows, count: count ?? rows.length };
}
