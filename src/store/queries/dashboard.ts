import { SKIPPED_GUARD } from '../../domain/skipped-guard.ts';
import type { LogRow } from '../columns.ts';
import type { Database } from '../database.ts';

/** Of a row, what a list shows. */
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
  | 'exit_code'
  | 'signal'
  | 'error'
  | 'duration_ms'
  | 'overhead_ms'
  | 'created_at'
>;

/** Most of an error text that a list shows, in characters. */
const ERROR_CHARACTERS = 300;

const COLUMNS = `id, execution_id, correlation_id, hook_name, event_type, tool_name, session_id, tool_use_id, status,
  exit_code, signal, substr(error, 1, ${ERROR_CHARACTERS}) AS error, duration_ms, overhead_ms, created_at, ${SKIPPED_GUARD} AS guard_skipped`;

/** So many rows are looked at for one page, so that what is rare in a large log does not hold up everything else. */
const MAX_LOOKED_AT = 20_000;

/** A row that a page ends with; the next page has what is older. */
export interface Cursor {
  readonly createdAt: string;
  readonly id: number;
}

/** Before everything, later than any time that there will be. */
export const NEWEST: Cursor = { createdAt: '9999', id: 0 };

export interface Search {
  readonly hookName: string | undefined;
  readonly eventType: string | undefined;
  readonly status: string | undefined;
  /** A session id, or how some begin. */
  readonly session: string | undefined;
  readonly from: string;
  readonly before: Cursor;
  readonly limit: number;
}

export interface Found {
  readonly rows: readonly ListedRow[];
  /** Where to look on; undefined where all was looked at. */
  readonly next: Cursor | undefined;
}

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** The executions wanted, newest first, in a number of steps that does not grow with the log. */
export function searchExecutions(db: Database, search: Search): Found {
  const { before, from, limit } = search;
  // What an index can find, and what is left for a look at each row.
  const isWhole = search.session !== undefined && isSession(db, search.session);
  const indexed = conditions([
    ['hook_name = ?', search.hookName],
    ['session_id = ?', isWhole ? search.session : undefined],
  ]);
  const looked = conditions([
    ['event_type = ?', search.eventType],
    ['status = ?', search.status],
    ['instr(session_id, ?) = 1', isWhole ? undefined : search.session],
  ]);
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

/** The rows behind that number, in their order. */
export function rowsAfter(db: Database, id: number, limit: number): ListedRow[] {
  return db
    .prepare<[number, number], ListedRow>(
      `SELECT ${COLUMNS} FROM hook_logs WHERE id > ? ORDER BY id LIMIT ?`,
    )
    .all(id, limit);
}

/** A session as a list shows it, made of the rows that were looked at. */
export interface SessionRow {
  readonly session_id: string;
  readonly first: string;
  readonly last: string;
  readonly executions: number;
  readonly failures: number;
  readonly blocked: number;
  readonly tool_calls: number;
}

/** So many of the latest rows are looked at for sessions. */
const MAX_SESSION_ROWS = 10_000;

/** The sessions of the latest executions, the one with the newest first. */
export function listSessions(db: Database, from: string, limit: number): SessionRow[] {
  return db
    .prepare<[string, number], SessionRow>(
      `SELECT session_id, min(created_at) AS first, max(created_at) AS last, count(*) AS executions,
              sum(status IN ('error', 'timeout')) AS failures, sum(status = 'blocked') AS blocked,
              count(DISTINCT tool_use_id) AS tool_calls
       FROM (SELECT session_id, created_at, status, tool_use_id FROM hook_logs WHERE created_at >= ?
             ORDER BY created_at DESC LIMIT ${MAX_SESSION_ROWS})
       WHERE session_id IS NOT NULL
       GROUP BY session_id ORDER BY last DESC, session_id LIMIT ?`,
    )
    .all(from, limit);
}

/** The latest executions of a session, in the order in which they began. */
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

/** Where the newest rows of a span begin that are at most so many, and how many older ones it has. */
export function newestOf(db: Database, from: string, most: number): { from: string; left: number } {
  const at = db
    .prepare(
      'SELECT created_at FROM hook_logs WHERE created_at >= ? ORDER BY created_at DESC LIMIT 1 OFFSET ?',
    )
    .pluck()
    .get(from, most - 1) as string | undefined;
  if (at === undefined) return { from, left: 0 };
  const left = db
    .prepare('SELECT count(*) FROM hook_logs WHERE created_at >= ? AND created_at < ?')
    .pluck()
    .get(from, at);
  return { from: at, left: Number(left) };
}
