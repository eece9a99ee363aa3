import { LOG_COLUMNS, type LogRow } from '../columns.ts';
import type { Database } from '../database.ts';

/** The id by which executions belong together. */
export type TraceColumn = 'correlation_id' | 'session_id';

/** The ids of this kind with this prefix, at most two: two mean that the prefix is too short. */
export function findTraceIds(db: Database, column: TraceColumn, beginning: string): string[] {
  // All texts with this prefix sort before the prefix followed by the last character.
  return db
    .prepare<[string, string], { id: string }>(
      `SELECT DISTINCT ${column} AS id FROM hook_logs WHERE ${column} >= ? AND ${column} < ? ORDER BY id LIMIT 2`,
    )
    .all(beginning, `${beginning}\u{10ffff}`)
    .map(({ id }) => id);
}

/** The executions with this id, in the order of their start; if there are too many, the latest `limit`. */
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
