import type { Status } from '../domain/execution.ts';
import type { Database } from './database.ts';

/** One row of `breakers`. Open ones that have cooled down are half-open; that is not written, time alone makes it so. */
export interface BreakerRow {
  readonly hook_name: string;
  readonly state: 'open' | 'closed';
  /** Of the executions that it was opened for. */
  readonly runs: number;
  readonly failures: number;
  readonly opened_at: string;
  readonly until: string;
  readonly closed_at: string | null;
}

const COLUMNS = 'hook_name, state, runs, failures, opened_at, until, closed_at';

/** So many of the latest executions of a hook are asked for its events. */
const MOST_ROWS = 10_000;

/**
 * Breakers, and what they are judged by. Times are UTC, as in `created_at`. What is said to have begun later than `now`
 * was recorded before the clock was set back, and says nothing of the hook as it is.
 */
export function createBreakerStore(db: Database, ran: readonly Status[]) {
  const hasRun = `status IN (${ran.map((word) => `'${word}'`).join(', ')})`;
  return {
    find: (hookName: string): BreakerRow | undefined =>
      db
        .prepare<[string], BreakerRow>(`SELECT ${COLUMNS} FROM breakers WHERE hook_name = ?`)
        .get(hookName),

    listOpen: (): BreakerRow[] =>
      db
        .prepare<[], BreakerRow>(
          `SELECT ${COLUMNS} FROM breakers WHERE state = 'open' ORDER BY hook_name`,
        )
        .all(),

    save: (row: BreakerRow): void =>
      void db
        .prepare<[BreakerRow]>(
          `INSERT OR REPLACE INTO breakers (${COLUMNS})
           VALUES (@hook_name, @state, @runs, @failures, @opened_at, @until, @closed_at)`,
        )
        .run(row),

    /** How the hook's latest executions ended that ran and began behind `after`, the newest first. */
    latestEnds: (hookName: string, after: string, now: string, limit: number): Status[] =>
      db
        .prepare<[string, string, string, number], { status: Status }>(
          `SELECT status FROM hook_logs
           WHERE hook_name = ? AND created_at > ? AND created_at <= ? AND ${hasRun}
           ORDER BY created_at DESC, id DESC LIMIT ?`,
        )
        .all(hookName, after, now, limit)
        .map(({ status }) => status),

    /** How the latest one ended that ran and began at `from` or later. */
    endSince: (hookName: string, from: string, now: string): Status | undefined =>
      db
        .prepare<[string, string, string], { status: Status }>(
          `SELECT status FROM hook_logs
           WHERE hook_name = ? AND created_at BETWEEN ? AND ? AND ${hasRun}
           ORDER BY created_at DESC, id DESC LIMIT 1`,
        )
        .get(hookName, from, now)?.status,

    /** The events that it was called on lately, and not before `from`; also where it was then left out. */
    eventTypes: (hookName: string, from = ''): string[] =>
      db
        .prepare<[string, string, number], { event_type: string }>(
          `SELECT DISTINCT event_type FROM (
             SELECT event_type FROM hook_logs WHERE hook_name = ? AND created_at >= ?
             ORDER BY created_at DESC LIMIT ?)`,
        )
        .all(hookName, from, MOST_ROWS)
        .map(({ event_type }) => event_type),
  };
}

export type BreakerStore = ReturnType<typeof createBreakerStore>;

/** The name of every hook on record. Jumps from one to the next in the index, past all that each of them left. */
export function listHookNames(db: Database): string[] {
  return db
    .prepare<[], { name: string }>(
      `WITH RECURSIVE names (name) AS (
         SELECT min(hook_name) FROM hook_logs
         UNION ALL
         SELECT (SELECT min(hook_name) FROM hook_logs WHERE hook_name > name) FROM names WHERE name IS NOT NULL)
       SELECT name FROM names WHERE name IS NOT NULL`,
    )
    .all()
    .map(({ name }) => name);
}
