import type { Status } from '../domain/execution.ts';
import type { HookId } from '../domain/hook/hook-id.ts';
import type { Database } from './database.ts';
import { HAS_RUN } from './statuses.ts';

/** One row of `breakers`. An open breaker becomes half-open when its cooldown ends; the row does not change then. */
export interface BreakerRow {
  readonly hook_name: string;
  readonly command: string;
  readonly state: 'open' | 'closed';
  /** Counted over the executions that opened it. */
  readonly runs: number;
  readonly failures: number;
  readonly opened_at: string;
  readonly until: string;
  readonly closed_at: string | null;
}

const COLUMNS = 'hook_name, command, state, runs, failures, opened_at, until, closed_at';

/** How many of a name's latest executions to look at. */
const MAX_ROWS = 10_000;

/** To assess a hook, this many rows of its name are read for each row wanted: other hooks may have that name too. */
const ROWS_OF_EACH = 50;

/** A command that is not among this many of a name's latest rows is not recommended. */
const FEW_ROWS = 200;

/** A refusal, by the hook or repeated for a duplicate, or JSON that may have been one. */
const DECIDED = `(status = 'blocked' OR stdout_kind = 'json' OR (status = 'dedupe_skip' AND exit_code = 2))`;

/**
 * Breakers, and the executions that decide about them. Times are UTC, in the format of `created_at`. An execution that
 * seems to have started after `now` was recorded before the clock was set back, and does not count.
 */
export function createBreakerStore(db: Database) {
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

    ...createHistory(db),
  };
}

/** Queries of recorded executions. */
function createHistory(db: Database) {
  return {
    /** The statuses of the hook's latest executions that ran and started after `after`, newest first. */
    latestEnds: (hook: HookId, after: string, now: string, limit: number): Status[] =>
      db
        .prepare<[string, string, string, number, string, number], { status: Status }>(
          `SELECT status FROM (
             SELECT status, command FROM hook_logs
             WHERE hook_name = ? AND created_at > ? AND created_at <= ?
             ORDER BY created_at DESC, id DESC LIMIT ?)
           WHERE command = ? AND ${HAS_RUN} LIMIT ?`,
        )
        .all(hook.hookName, after, now, ROWS_OF_EACH * limit, hook.command, limit)
        .map(({ status }) => status),

    /** The commands of a name that started recently and after `after`. */
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

    /** The status of the latest execution that ran and started at `from` or later. */
    endSince: (hook: HookId, from: string, now: string): Status | undefined =>
      db
        .prepare<[string, string, string, string], { status: Status }>(
          `SELECT status FROM hook_logs
           WHERE hook_name = ? AND command = ? AND created_at BETWEEN ? AND ? AND ${HAS_RUN}
           ORDER BY created_at DESC, id DESC LIMIT 1`,
        )
        .get(hook.hookName, hook.command, from, now)?.status,

    /** The events on which the hook was called recently, since `from`, even if it was skipped. */
    events: (hook: HookId, from = ''): { eventType: string; agent: string | null }[] =>
      db
        .prepare<[string, string, number, string], { eventType: string; agent: string | null }>(
          `SELECT DISTINCT event_type AS eventType, agent FROM (
             SELECT event_type, agent, command FROM hook_logs WHERE hook_name = ? AND created_at >= ?
             ORDER BY created_at DESC LIMIT ?)
           WHERE command = ?`,
        )
        .all(hook.hookName, from, MAX_ROWS, hook.command),

    /** Whether the hook refused something, or wrote something that may be a refusal, at `from` or later. */
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

/** The names of all recorded hooks. Jumps from name to name in the index, instead of reading every row. */
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
