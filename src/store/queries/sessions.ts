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

/** How many of the latest rows to search for sessions. */
const MAX_ROWS = 10_000;

/** The sessions of the latest executions; the one with the newest execution comes first. */
export function listSessions(db: Database, search: SessionSearch): SessionRow[] {
  const { from, projects = [], limit, isWhole = false } = search;
  const isHere = projects.length === 0 ? '' : `AND project IN (${projects.map(() => '?')})`;
  const latest = `(SELECT ${COLUMNS} FROM hook_logs WHERE created_at >= ? ${isHere} AND session_id IS NOT NULL
    ORDER BY created_at DESC LIMIT ${MAX_ROWS})`;
  if (!isWhole) return sumUp(db, latest, [from, ...projects], limit);
  const idsOf = (rows: string, values: readonly unknown[]): unknown[] =>
    db
      .prepare(
        `SELECT session_id FROM ${rows} GROUP BY session_id HAVING max(created_at) >= ?
         ORDER BY max(created_at) DESC LIMIT ?`,
      )
      .pluck()
      .all(...values, from, limit);
  const found = idsOf(latest, [from, ...projects]);
  // An index has all that this needs of a row.
  const all = `hook_logs WHERE session_id IS NOT NULL ${isHere}`;
  const ids = found.length < limit ? idsOf(all, projects) : found;
  const rows = `(SELECT ${COLUMNS} FROM hook_logs WHERE session_id IN (SELECT value FROM json_each(?)))`;
  return sumUp(db, rows, [JSON.stringify(ids)], limit);
}

/** How many executions of one session to sum up. */
const MAX_ROWS_OF_ONE = 50_000;

/** One session, by its whole id; undefined if nothing of it is recorded. */
export function findSession(db: Database, sessionId: string): SessionRow | undefined {
  const rows = `(SELECT ${COLUMNS} FROM hook_logs WHERE session_id = ?
    ORDER BY created_at DESC LIMIT ${MAX_ROWS_OF_ONE})`;
  return sumUp(db, rows, [sessionId], 1)[0];
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

/** How much of an id is shown, if that is enough to tell sessions apart. */
const SHORT_CHARACTERS = 8;

/** The beginning of a session's id that no other session on record has. */
export function shortSessionId(db: Database, id: string): string {
  const neighbour = (sql: string) => (db.prepare(sql).pluck().get(id) ?? '') as string;
  const before = neighbour('SELECT max(session_id) FROM hook_logs WHERE session_id < ?');
  const after = neighbour('SELECT min(session_id) FROM hook_logs WHERE session_id > ?');
  const shared = Math.max(sharedCharacters(id, before), sharedCharacters(id, after));
  return Array.from(id)
    .slice(0, Math.max(SHORT_CHARACTERS, shared + 1))
    .join('');
}

function sharedCharacters(one: string, other: string): number {
  const others = Array.from(other);
  const characters = Array.from(one);
  const at = characters.findIndex((character, index) => character !== others[index]);
  return at < 0 ? characters.length : at;
}
