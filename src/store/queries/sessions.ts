import { NOT_WAITED_FOR } from '../../domain/events.ts';
import type { Database } from '../database.ts';
import { FAILED } from '../statuses.ts';

/** A session in a list. */
export interface SessionRow {
  readonly session_id: string;
  /** Where it started; null if that is not recorded. */
  readonly project: string | null;
  readonly agent: string | null;
  /** When its first and its last execution started. */
  readonly first: string;
  readonly last: string;
  readonly executions: number;
  readonly failures: number;
  readonly denied: number;
  readonly tool_calls: number;
  /** How long the agent waited for its hooks; what ran at the same time counts once. */
  readonly waited_ms: number;
}

export interface SessionSearch {
  /** Sessions with an execution since then; UTC, in the format of `created_at`. */
  readonly from: string;
  /** Sessions with an execution in one of these; all if empty. */
  readonly projects?: readonly string[];
  readonly limit: number;
  /** Sum up all executions of the sessions found, not only the latest ones that were searched. */
  readonly isWhole?: boolean;
}

const COLUMNS = `id, session_id, tool_use_id, event_type, status, decision, agent, project, duration_ms,
  overhead_ms, created_at`;

/** How many of the latest rows to search for sessions, first and at most. */
const MAX_ROWS = 10_000;
const MAX_ROWS_OF_ALL = 1_000_000;

/** The sessions of the latest executions; the one with the newest execution comes first. */
export function listSessions(db: Database, search: SessionSearch): SessionRow[] {
  const { limit, isWhole = false } = search;
  if (!isWhole) {
    const { sql, values } = latestRows(search, MAX_ROWS);
    return sumUp(db, sql, values, limit);
  }
  const found = latestSessions(db, search, MAX_ROWS);
  const ids = found.length < limit ? latestSessions(db, search, MAX_ROWS_OF_ALL) : found;
  const rows = `(SELECT ${COLUMNS} FROM hook_logs WHERE session_id IN (SELECT value FROM json_each(?)))`;
  return sumUp(db, rows, [JSON.stringify(ids)], limit);
}

function latestRows({ from, projects = [] }: SessionSearch, maxRows: number) {
  const isHere = projects.length === 0 ? '' : `AND project IN (${projects.map(() => '?')})`;
  return {
    sql: `(SELECT ${COLUMNS} FROM hook_logs WHERE created_at >= ? ${isHere} AND session_id IS NOT NULL
           ORDER BY created_at DESC LIMIT ${maxRows})`,
    values: [from, ...projects],
  };
}

function latestSessions(db: Database, search: SessionSearch, maxRows: number): string[] {
  const { sql, values } = latestRows(search, maxRows);
  return db
    .prepare<unknown[], string>(
      `SELECT session_id FROM ${sql} GROUP BY session_id ORDER BY max(created_at) DESC LIMIT ?`,
    )
    .pluck()
    .all(...values, search.limit) as string[];
}

/** The start of an execution in ms, and how long the agent waited for it. */
const START = "unixepoch(created_at, 'subsec') * 1000";
const TOOK = `iif(event_type IN (${NOT_WAITED_FOR.map((event) => `'${event}'`)}), 0,
  coalesce(duration_ms, 0) + coalesce(overhead_ms, 0))`;

function sumUp(
  db: Database,
  rows: string,
  values: readonly unknown[],
  limit: number,
): SessionRow[] {
  return db
    .prepare<unknown[], SessionRow>(
      `WITH timed AS (
         SELECT *, ${START} AS start, ${TOOK} AS took FROM ${rows}),
       placed AS (
         SELECT *, start + took - max(start, coalesce(max(start + took) OVER earlier, 0)) AS waited FROM timed
         WINDOW earlier AS (PARTITION BY session_id ORDER BY created_at, id
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
       SELECT session_id,
         -- A time has one length, so the smallest text has the project of the first execution that has one.
         substr(min(created_at || project), 25) AS project, max(agent) AS agent,
         min(created_at) AS first, max(created_at) AS last, count(*) AS executions,
         sum(${FAILED}) AS failures, coalesce(sum(decision = 'deny'), 0) AS denied,
         count(DISTINCT tool_use_id) AS tool_calls, round(sum(max(waited, 0)), 3) AS waited_ms
       FROM placed GROUP BY session_id ORDER BY last DESC, session_id LIMIT ?`,
    )
    .all(...values, limit);
}
