import type { Status } from '../domain/execution.ts';
import type { StdoutKind } from '../domain/record.ts';
import { LOG_COLUMNS, type LogRow } from './columns.ts';
import type { Database } from './database.ts';

/** One row of `replays`; docs/database.md says what each column means. */
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
  /** Words with commas between; empty where nothing differs. */
  readonly differences: string;
  /** UTC, as in `hook_logs`. */
  readonly created_at: string;
}

const COLUMNS = [
  ...['log_id', 'span_id', 'command', 'status', 'exit_code', 'signal', 'error', 'duration_ms'],
  ...['stdout_bytes', 'stderr_bytes', 'stdout_kind', 'stdout_digest', 'changed', 'differences'],
  'created_at',
];

/** Puts a replay on record, unless its execution was deleted meanwhile. */
export function writeReplay(db: Database, row: ReplayRow): void {
  db.prepare<[ReplayRow]>(
    `INSERT INTO replays (${COLUMNS.join(', ')})
     SELECT ${COLUMNS.map((column) => `@${column}`).join(', ')}
     WHERE EXISTS (SELECT 1 FROM hook_logs WHERE id = @log_id)`,
  ).run(row);
}

/** The replays of an execution, the latest first, at most `limit`. */
export function listReplays(db: Database, logId: number, limit: number): ReplayRow[] {
  return db
    .prepare<[number, number], ReplayRow>(
      `SELECT ${COLUMNS.join(', ')} FROM replays WHERE log_id = ? ORDER BY id DESC LIMIT ?`,
    )
    .all(logId, limit);
}

/** The directories that a hook ran in. */
export function listDirectories(db: Database, hookName: string): string[] {
  return db
    .prepare<[string], { cwd: string }>(
      'SELECT DISTINCT cwd FROM hook_logs WHERE hook_name = ? AND cwd IS NOT NULL',
    )
    .all(hookName)
    .map(({ cwd }) => cwd);
}

/** The latest executions of a hook that ran in one of these directories and of which the payload is stored, the latest first. */
export function listRan(
  db: Database,
  hookName: string,
  eventTypes: readonly string[],
  directories: readonly string[],
  limit: number,
): LogRow[] {
  const events = eventTypes.map(() => '?').join(', ');
  return db
    .prepare<unknown[], LogRow>(
      `SELECT ${LOG_COLUMNS} FROM hook_logs
       WHERE hook_name = ? AND status NOT IN ('dedupe_skip', 'breaker_skip')
         AND EXISTS (SELECT 1 FROM hook_payloads WHERE log_id = hook_logs.id AND stream = 'stdin')
         AND cwd IN (SELECT value FROM json_each(?))
         ${events === '' ? '' : `AND event_type IN (${events})`}
       ORDER BY created_at DESC, id DESC LIMIT ?`,
    )
    .all(hookName, JSON.stringify(directories), ...eventTypes, limit);
}
