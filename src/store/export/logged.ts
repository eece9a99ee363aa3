import type { LoggedExecution } from '../../domain/exported.ts';
import { SKIPPED_GUARD } from '../../domain/skipped-guard.ts';
import type { LogRow } from '../columns.ts';
import type { Database } from '../database.ts';
import { EXPORTED_COLUMNS, exportedOf, safeText } from '../queries/export.ts';
import { lastLogId } from '../queries/last-log-id.ts';

export interface Logged {
  readonly executions: readonly LoggedExecution[];
  /** The number to continue after. */
  readonly lastId: number;
}

const MARK = 'logs_mark';

/**
 * The number of the last execution whose log record was sent; at the first call, that of the last execution there is. Skips
 * what started before `since`, as far as all of it did.
 */
export function readLogsMark(db: Database, since: string): number {
  const row = db
    .prepare<[string], { value: string }>('SELECT value FROM export_state WHERE name = ?')
    .get(MARK);
  const last = lastLogId(db);
  if (row === undefined) {
    saveLogsMark(db, last);
    return last;
  }
  // A higher mark is of numbers that started again since.
  const mark = Number(row.value) > last ? 0 : Number(row.value);
  const first = db
    .prepare<[string], { id: number | null }>(
      'SELECT min(id) AS id FROM hook_logs WHERE created_at >= ?',
    )
    .get(since);
  return Math.max(mark, (first?.id ?? last + 1) - 1);
}

export function saveLogsMark(db: Database, id: number): void {
  db.prepare('INSERT OR REPLACE INTO export_state VALUES (?, ?)').run(MARK, String(id));
}

/** The executions after `afterId` that started at `since` or later, in the order in which they were written. */
export function readLogged(
  db: Database,
  { afterId, since, limit }: { afterId: number; since: string; limit: number },
  projectLabel: (name: string) => string,
): Logged {
  const rows = db
    .prepare<[number, number], LogRow>(
      `SELECT ${EXPORTED_COLUMNS}, execution_id, error, decision_reason, script_digest,
         ${SKIPPED_GUARD} AS guard_skipped
       FROM hook_logs WHERE id > ? ORDER BY id LIMIT ?`,
    )
    .all(lastLogId(db) < afterId ? 0 : afterId, limit);
  const executions = rows
    .filter((row) => row.created_at >= since)
    .map((row) => ({
      ...exportedOf(row, projectLabel),
      executionId: row.execution_id,
      error: safeText(row, row.error),
      decisionReason: safeText(row, row.decision_reason),
      scriptDigest: row.script_digest ?? undefined,
      isSkippedGuard: row.guard_skipped === 1,
    }));
  return { executions, lastId: rows.at(-1)?.id ?? afterId };
}
