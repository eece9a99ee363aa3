import { LOG_COLUMNS, type LogRow } from '../columns.ts';
import type { Database } from '../database.ts';

/** Executions by their start, and by their number where it is the same. */
export interface PageQuery {
  /** UTC, in the format of `created_at`; undefined: everything. */
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly limit: number;
}

/** Later than every time. */
const NEVER = '~';

/** Reads executions page by page, the oldest first; each call continues after the last one. */
export function createPages(query: PageQuery) {
  const { since = '', until = NEVER, limit } = query;
  let [at, id] = [since, -1];
  return (db: Database): LogRow[] => {
    const rows = db
      .prepare<[string, number, string, number], LogRow>(
        `SELECT ${LOG_COLUMNS} FROM hook_logs WHERE (created_at, id) > (?, ?) AND created_at < ?
         ORDER BY created_at, id LIMIT ?`,
      )
      .all(at, id, until, limit);
    const last = rows.at(-1);
    if (last !== undefined) [at, id] = [last.created_at, last.id];
    return rows;
  };
}
