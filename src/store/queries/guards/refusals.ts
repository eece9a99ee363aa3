import { LOG_COLUMNS, type LogRow } from '../../columns.ts';
import type { Database } from '../../database.ts';
import { HAS_RUN } from '../../statuses.ts';

/** A hook that has refused. */
export interface RefusingGuard {
  readonly hookName: string;
  /** How often it refused, as far as executions are kept. */
  readonly refusals: number;
  /** How many of these have a complete stored payload. */
  readonly stored: number;
}

const REFUSED = `decision = 'deny' AND ${HAS_RUN}`;

const IS_STORED = `EXISTS (SELECT 1 FROM hook_payloads
  WHERE log_id = hook_logs.id AND stream = 'stdin' AND truncated = 0)`;

/** Every hook that has refused, by name. */
export function listRefusingGuards(db: Database): RefusingGuard[] {
  return db
    .prepare<[], RefusingGuard>(
      `SELECT hook_name AS hookName, count(*) AS refusals, sum(${IS_STORED}) AS stored
       FROM hook_logs WHERE ${REFUSED} GROUP BY hook_name ORDER BY hook_name`,
    )
    .all();
}

/**
 * The latest refusals of a hook with a complete stored payload, latest first.
 * @param command only of this command line
 */
export function listRefusals(
  db: Database,
  hookName: string,
  command: string | undefined,
  limit: number,
): LogRow[] {
  return db
    .prepare<unknown[], LogRow>(
      `SELECT ${LOG_COLUMNS} FROM hook_logs
       WHERE hook_name = ? AND ${REFUSED} AND ${IS_STORED} ${command === undefined ? '' : 'AND command = ?'}
       ORDER BY id DESC LIMIT ?`,
    )
    .all(hookName, ...(command === undefined ? [] : [command]), limit);
}

/** How many of the latest executions of a hook may have a payload that can be replayed. */
const MAX_LOOKED_AT = 2000;

/** The project of the latest execution of a hook with a complete stored payload; undefined if there is none. */
export function projectToReplay(
  db: Database,
  hookName: string,
  eventType: string | undefined,
): string | undefined {
  return db
    .prepare<unknown[], string>(
      `SELECT project FROM (
         SELECT * FROM hook_logs WHERE hook_name = ? ORDER BY created_at DESC LIMIT ${MAX_LOOKED_AT}) AS hook_logs
       WHERE ${HAS_RUN} AND ${IS_STORED} AND project IS NOT NULL ${eventType === undefined ? '' : 'AND event_type = ?'}
       ORDER BY created_at DESC LIMIT 1`,
    )
    .pluck()
    .get(hookName, ...(eventType === undefined ? [] : [eventType]));
}

/** When a hook's refusals were last replayed as they were recorded; undefined: never. */
export function lastDrilledAt(
  db: Database,
  hookName: string,
  command: string | undefined,
): string | undefined {
  const at = db
    .prepare<unknown[]>(
      `SELECT max(replays.created_at) FROM replays JOIN hook_logs ON hook_logs.id = log_id
       WHERE hook_name = ? AND hook_logs.decision = 'deny' AND replays.command = hook_logs.command
         ${command === undefined ? '' : 'AND hook_logs.command = ?'}`,
    )
    .pluck()
    .get(hookName, ...(command === undefined ? [] : [command]));
  return typeof at === 'string' ? at : undefined;
}

/** A guard that passed, when last tried, a call that it had refused. */
export interface PassedDrill {
  readonly hookName: string;
  /** How many different executions it passed. */
  readonly passed: number;
  /** How many of its refusals were tried. */
  readonly drilled: number;
  /** The latest of those that it passed. */
  readonly logId: number;
  readonly at: string;
}

/**
 * By the latest replay of each refusal as it was recorded. It proves nothing if the hook could not start, which depends on
 * who ran it, or if secrets were redacted from the payload.
 */
export function listPassedDrills(db: Database): PassedDrill[] {
  return db
    .prepare<[], PassedDrill>(
      `SELECT hookName, sum(isPassed) AS passed, count(*) AS drilled,
         max(CASE WHEN isPassed THEN log_id END) AS logId, max(CASE WHEN isPassed THEN at END) AS at
       FROM (
         SELECT hook_name AS hookName, log_id, replays.created_at AS at, max(replays.id),
           replays.decision <> 'deny' AND replays.exit_code IS NOT 126 AND replays.exit_code IS NOT 127
             AND replays.differences NOT LIKE 'payload%' AS isPassed
         FROM replays JOIN hook_logs ON hook_logs.id = log_id
         WHERE hook_logs.decision = 'deny' AND replays.decision IS NOT NULL
           AND replays.command = hook_logs.command
         GROUP BY log_id)
       GROUP BY hookName HAVING passed > 0 ORDER BY hookName`,
    )
    .all();
}

/** Changes with each new replay. */
export const lastReplayId = (db: Database): number =>
  Number(db.prepare('SELECT coalesce(max(id), 0) FROM replays').pluck().get());
