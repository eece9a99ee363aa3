import type { Decision } from '../domain/answer/decision.ts';
import type { Status } from '../domain/execution.ts';
import type { StdoutKind } from '../domain/record.ts';
import { LOG_COLUMNS, type LogRow } from './columns.ts';
import type { Database } from './database.ts';
import { conditionsOf, indexCondition, type LogFilter } from './queries/queries.ts';

/** One row of `replays`; docs/database.md explains each column. */
export interface ReplayRow {
  readonly log_id: number;
  readonly span_id: string;
  readonly command: string;
  readonly status: Status;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly error: string | null;
  readonly duration_ms: number | null;
  readonly stdout_bytes: number;
  readonly stderr_bytes: number;
  readonly stdout_kind: StdoutKind;
  readonly stdout_digest: string | null;
  readonly changed: number;
  /** Words separated by commas; empty if nothing differs. */
  readonly differences: string;
  /** UTC, as in `hook_logs`. */
  readonly created_at: string;
  /** Null in replays from before this column. */
  readonly decision: Decision | null;
}

const COLUMNS = [
  ...['log_id', 'span_id', 'command', 'status', 'exit_code', 'signal', 'error', 'duration_ms'],
  ...['stdout_bytes', 'stderr_bytes', 'stdout_kind', 'stdout_digest', 'changed', 'differences'],
  ...['created_at', 'decision'],
];

/** Records a replay, unless its execution was deleted meanwhile. */
export function writeReplay(db: Database, row: ReplayRow): void {
  db.prepare<[ReplayRow]>(
    `INSERT INTO replays (${COLUMNS.join(', ')})
     SELECT ${COLUMNS.map((column) => `@${column}`).join(', ')}
     WHERE EXISTS (SELECT 1 FROM hook_logs WHERE id = @log_id)`,
  ).run(row);
}

/** The replays of an execution, latest first, at most `limit`. */
export function listReplays(db: Database, logId: number, limit: number): ReplayRow[] {
  return db
    .prepare<[number, number], ReplayRow>(
      `SELECT ${COLUMNS.join(', ')} FROM replays WHERE log_id = ? ORDER BY id DESC LIMIT ?`,
    )
    .all(logId, limit);
}

/** All directories in which a hook ran. */
export function listDirectories(db: Database, hookName: string): string[] {
  return db
    .prepare<[string], { cwd: string }>(
      'SELECT DISTINCT cwd FROM hook_logs WHERE hook_name = ? AND cwd IS NOT NULL',
    )
    .all(hookName)
    .map(({ cwd }) => cwd);
}

/** The latest executions of a hook that match, that ran in one of these directories and whose payload is stored, latest first. */
export function listRan(
  db: Database,
  filter: Omit<LogFilter, 'limit'>,
  directories: readonly string[],
  limit: number,
): LogRow[] {
  const { conditions, values } = conditionsOf(filter);
  return db
    .prepare<unknown[], LogRow>(
      `SELECT ${LOG_COLUMNS} FROM hook_logs
       WHERE ${[...conditions, ...indexCondition(filter.decisions)].join(' AND ')} AND status NOT IN ('dedupe_skip', 'breaker_skip')
         AND EXISTS (SELECT 1 FROM hook_payloads WHERE log_id = hook_logs.id AND stream = 'stdin')
         AND cwd IN (SELECT value FROM json_each(?))
       ORDER BY created_at DESC, id DESC LIMIT ?`,
    )
    .all(...values, JSON.stringify(directories), limit);
}
