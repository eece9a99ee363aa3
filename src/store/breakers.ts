import type { Status } from '../domain/execution.ts';
import type { HookId } from '../domain/hook/hook-id.ts';
import type { Database } from './database.ts';

/** One row of `breakers`. Open ones that have cooled down are half-open; that is not written, time alone makes it so. */
export interface BreakerRow {
  readonly hook_name: string;
  readonly command: string;
  readonly state: 'open' | 'closed';
  /** Of the executions that it was opened for. */
  readonly runs: number;
  readonly failures: number;
  readonly opened_at: string;
  readonly until: string;
  readonly closed_at: string | null;
}

const COLUMNS = 'hook_name, command, state, runs, failures, opened_at, until, closed_at';

/** So many of the latest executions of a name are looked at. */
const MAX_ROWS = 10_000;

/** A hook is judged by no more rows of its name than so many times what is wanted: others may have that name too. */
const ROWS_OF_EACH = 50;

/** Commands of a name that are not among so many of its latest rows are no reason to recommend anything. */
const FEW_ROWS = 200;

/** A refusal, whoever gave it, or what may have been one in JSON. */
const DECIDED = `(status = 'blocked' OR stdout_kind = 'json' OR (status = 'dedupe_skip' AND exit_code = 2))`;

/**
 * Breakers, and what they are judged by. Times are UTC, as in `created_at`. What is said to have begun later than `now`
 * was recorded before the clock was set back, and says nothing of the hook as it is.
 */
export function createBreakerStore(db: Database, ran: readonly Status[]) {
  const hasRun = `status IN (${ran.map((word) => `'${word}'`).join(', ')})`;
  return {
    find: ({ hookName, command }: HookId): BreakerRow | undefined =>
      db
        .prepare<[string, string], BreakerRow>(
          `SELECT ${COLUMNS} FROM breakers WHERE hook_name = ? AND command = ?`,
        )
        .get(hookName, command),

    listOpen: (): BreakerRow[] =>
      db
        .prepare<[], BreakerRow>(
          `SELECT ${COLUMNS} FROM breakers WHERE state = 'open' ORDER BY hook_name, command`,
        )
        .all(),

    save: (row: BreakerRow): void =>
      void db
        .prepare<[BreakerRow]>(
          `INSERT OR REPLACE INTO breakers (${COLUMNS})
           VALUES (@hook_name, @command, @state, @runs, @failures, @opened_at, @until, @closed_at)`,
        )
        .run(row),

    ...createHistory(db, hasRun),
  };
}

/** What is on record of hooks. */
function createHistory(db: Database, hasRun: string) {
  return {
    /** How the hook's latest executions ended that ran and began behind `after`, the newest first. */
    latestEnds: (hook: HookId, after: string, now: string, limit: number): Status[] =>
      db
        .prepare<[string, string, string, number, string, number], { status: Status }>(
          `SELECT status FROM (
             SELECT status, command FROM hook_logs
             WHERE hook_name = ? AND created_at > ? AND created_at <= ?
             ORDER BY created_at DESC, id DESC LIMIT ?)
           WHERE command = ? AND ${hasRun} LIMIT ?`,
        )
        .all(hook.hookName, after, now, ROWS_OF_EACH * limit, hook.command, limit)
        .map(({ status }) => status),

    /** The commands of a name that began lately, and behind `after`. */
    commands: (hookName: string, after: string, now: string): string[] =>
      db
        .prepare<[string, string, string, number], { command: string }>(
          `SELECT DISTINCT command FROM (
             SELECT command FROM hook_logs
             WHERE hook_name = ? AND created_at > ? AND created_at <= ?
             ORDER BY created_at DESC LIMIT ?)
           ORDER BY command`,
        )
        .all(hookName, after, now, FEW_ROWS)
        .map(({ command }) => command),

    /** How the latest one ended that ran and began at `from` or later. */
    endSince: (hook: HookId, from: string, now: string): Status | undefined =>
      db
        .prepare<[string, string, string, string], { status: Status }>(
          `SELECT status FROM hook_logs
           WHERE hook_name = ? AND command = ? AND created_at BETWEEN ? AND ? AND ${hasRun}
           ORDER BY created_at DESC, id DESC LIMIT 1`,
        )
        .get(hook.hookName, hook.command, from, now)?.status,

    /** The events that it was called on lately, and not before `from`; also where it was then left out. */
    eventTypes: (hook: HookId, from = ''): string[] =>
      db
        .prepare<[string, string, number, string], { event_type: string }>(
          `SELECT DISTINCT event_type FROM (
             SELECT event_type, command FROM hook_logs WHERE hook_name = ? AND created_at >= ?
             ORDER BY created_at DESC LIMIT ?)
           WHERE command = ?`,
        )
        .all(hook.hookName, from, MAX_ROWS, hook.command)
        .map(({ event_type }) => event_type),

    /** Whether it ever refused something, or said what may have been a refusal, at `from` or later. */
    hasDecided: (hook: HookId, from = ''): boolean =>
      db
        .prepare<[string, string, string]>(
          `SELECT 1 FROM hook_logs
           WHERE hook_name = ? AND command = ? AND created_at >= ? AND ${DECIDED} LIMIT 1`,
        )
        .get(hook.hookName, hook.command, from) !== undefined,
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
