import type { Status } from '../../domain/execution.ts';
import { SKIPPED_GUARD } from '../../domain/skipped-guard.ts';
import type { LogRow } from '../columns.ts';
import type { Database } from '../database.ts';
import { FAILED, isFailure } from '../statuses.ts';
import { DECIDED } from './queries.ts';

/** The columns of a row that a list shows. */
export type ListedRow = Pick<
  LogRow,
  | 'id'
  | 'guard_skipped'
  | 'execution_id'
  | 'correlation_id'
  | 'hook_name'
  | 'event_type'
  | 'tool_name'
  | 'session_id'
  | 'tool_use_id'
  | 'status'
  | 'decision'
  | 'decision_reason'
  | 'agent'
  | 'project'
  | 'exit_code'
  | 'signal'
  | 'error'
  | 'duration_ms'
  | 'overhead_ms'
  | 'created_at'
>;

/** Maximum length of a reason in a list, in characters. */
const TEXT_CHARACTERS = 300;

const COLUMNS = `id, execution_id, correlation_id, hook_name, event_type, tool_name, session_id, tool_use_id, status,
  decision, substr(decision_reason, 1, ${TEXT_CHARACTERS}) AS decision_reason, agent, project,
  exit_code, signal, error, duration_ms, overhead_ms, created_at, ${SKIPPED_GUARD} AS guard_skipped`;

/** Maximum number of rows to search for one page, so that a rare value in a large log does not delay everything else. */
const MAX_LOOKED_AT = 20_000;

/** The last row of a page; the next page continues with older rows. */
export interface Cursor {
  readonly createdAt: string;
  readonly id: number;
}

/** Later than any real time, so that it precedes all rows. */
export const NEWEST: Cursor = { createdAt: '9999', id: 0 };

export interface Search {
  readonly hookName?: string | undefined;
  readonly eventType?: string | undefined;
  /** A status, or the name of a group of them. */
  readonly status?: string | undefined;
  readonly decision?: string | undefined;
  readonly agent?: string | undefined;
  readonly project?: string | undefined;
  /** A session id, or a prefix of some. */
  readonly session?: string | undefined;
  readonly from: string;
  readonly before: Cursor;
  readonly limit: number;
}

export interface Found {
  readonly rows: readonly ListedRow[];
  /** Where to continue; undefined if there are no more rows. */
  readonly next: Cursor | undefined;
}

/** A filter for several statuses. */
const GROUPS: Readonly<Record<string, readonly Status[]>> = {
  failed: ['error', 'timeout'],
  skipped: ['dedupe_skip', 'breaker_skip'],
};

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** The matching executions, newest first. The number of steps does not grow with the log. */
export function searchExecutions(db: Database, search: Search): Found {
  const { before, from, limit } = search;
  const { indexed, looked } = conditionsOf(db, search);
  const older: Condition = {
    sql: 'AND (created_at, id) < (?, ?)',
    values: [before.createdAt, before.id],
  };
  const floor = db
    .prepare(
      `SELECT created_at FROM hook_logs WHERE created_at >= ? ${older.sql} ${indexed.sql}
       ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ${MAX_LOOKED_AT}`,
    )
    .pluck()
    .get(from, ...older.values, ...indexed.values) as string | undefined;
  const rows = db
    .prepare<unknown[], ListedRow>(
      `SELECT ${COLUMNS} FROM hook_logs
       WHERE created_at >= ? ${older.sql} ${indexed.sql} ${looked.sql}
       ORDER BY created_at DESC, id DESC LIMIT ?`,
    )
    .all(floor ?? from, ...older.values, ...indexed.values, ...looked.values, limit);
  return { rows, next: nextOf(rows, limit, floor) };
}

/** An index finds one condition; the others need a look at each row. A plus keeps SQLite from using the index of another. */
function conditionsOf(db: Database, search: Search) {
  const { hookName, session, decision, project } = search;
  const isWhole = session !== undefined && isSession(db, session);
  const [ofStatus, status] = statusCondition(search.status);
  const rarest = rarestOf(search, isWhole);
  const when = <T>(isThis: boolean, value: T): T | undefined => (isThis ? value : undefined);
  const indexed = conditions([
    [`${DECIDED} AND decision = ?`, when(rarest === 'decision', decision)],
    ['session_id = ?', when(rarest === 'session', session)],
    [`${FAILED} AND ${ofStatus}`, when(rarest === 'failure', status)],
    ['hook_name = ?', when(rarest === 'hook', hookName)],
    ['project = ?', when(rarest === 'project', project)],
  ]);
  const looked = conditions([
    ['+decision = ?', when(rarest !== 'decision', decision)],
    ['+hook_name = ?', when(rarest !== 'hook', hookName)],
    ['+project = ?', when(rarest !== 'project', project)],
    ['event_type = ?', search.eventType],
    [ofStatus, when(rarest !== 'failure', status)],
    ['agent = ?', search.agent],
    ['+session_id = ?', when(isWhole && rarest !== 'session', session)],
    ['instr(session_id, ?) = 1', when(!isWhole, session)],
  ]);
  return { indexed, looked };
}

/** Which condition an index is to find: that of the fewest executions. */
function rarestOf({ decision, status, hookName }: Search, isWholeSession: boolean) {
  if (decision !== undefined && decision !== 'none') return 'decision';
  if (isWholeSession) return 'session';
  if (isOfFailures(status)) return 'failure';
  return hookName === undefined ? 'project' : 'hook';
}

const isOfFailures = (status = ''): boolean => status === 'failed' || isFailure(status);

function statusCondition(status = ''): readonly [sql: string, value: string | undefined] {
  const group = GROUPS[status];
  if (group !== undefined) return ['instr(?, status) > 0', group.join(' ')];
  return ['status = ?', status === '' ? undefined : status];
}

function nextOf(
  rows: readonly ListedRow[],
  limit: number,
  floor: string | undefined,
): Cursor | undefined {
  const last = rows.at(-1);
  if (last !== undefined && rows.length === limit)
    return { createdAt: last.created_at, id: last.id };
  return floor === undefined ? undefined : { createdAt: floor, id: 0 };
}

function conditions(
  wanted: readonly (readonly [sql: string, value: string | undefined])[],
): Condition {
  const given = wanted.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
  return {
    sql: given.map(({ sql }) => `AND ${sql}`).join(' '),
    values: given.map(({ value }) => value),
  };
}

function isSession(db: Database, session: string): boolean {
  return (
    db.prepare('SELECT 1 FROM hook_logs WHERE session_id = ? LIMIT 1').get(session) !== undefined
  );
}

/** The rows with these numbers, as far as they are still there. */
export function rowsWithIds(db: Database, ids: readonly number[]): ListedRow[] {
  return db
    .prepare<[string], ListedRow>(
      `SELECT ${COLUMNS} FROM hook_logs WHERE id IN (SELECT value FROM json_each(?))`,
    )
    .all(JSON.stringify(ids));
}

/** The rows after this number, in order. */
export function rowsAfter(db: Database, id: number, limit: number): ListedRow[] {
  return db
    .prepare<[number, number], ListedRow>(
      `SELECT ${COLUMNS} FROM hook_logs WHERE id > ? ORDER BY id LIMIT ?`,
    )
    .all(id, limit);
}

/** The latest executions of a session, in the order of their start. */
export function sessionExecutions(
  db: Database,
  session: string,
  before: Cursor,
  limit: number,
): ListedRow[] {
  return db
    .prepare<[string, string, number, number], ListedRow>(
      `SELECT ${COLUMNS} FROM hook_logs WHERE session_id = ? AND (created_at, id) < (?, ?)
       ORDER BY created_at DESC, id DESC LIMIT ?`,
    )
    .all(session, before.createdAt, before.id, limit)
    .reverse();
}

/** The start of the newest `max` rows since a time; of fewer, that time. */
export function startOfNewest(db: Database, from: string, max: number): string {
  const at = db
    .prepare(
      'SELECT created_at FROM hook_logs WHERE created_at >= ? ORDER BY created_at DESC LIMIT 1 OFFSET ?',
    )
    .pluck()
    .get(from, max - 1);
  return typeof at === 'string' ? at : from;
}

/** The same, with the number of older rows since that time. */
export function newestOf(db: Database, from: string, max: number): { from: string; left: number } {
  const at = startOfNewest(db, from, max);
  const left = db
    .prepare('SELECT count(*) FROM hook_logs WHERE created_at >= ? AND created_at < ?')
    .pluck()
    .get(from, at);
  return { from: at, left: Number(left) };
}
