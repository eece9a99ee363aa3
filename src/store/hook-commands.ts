import type { Database } from './database.ts';

/** A command that ran under a hook's name, without secrets, and the directory in which it ran. */
export interface HookCommand {
  readonly command: string;
  readonly cwd: string | null;
}

/** How many of a name's latest executions to look at. */
const MAX_ROWS = 100_000;

/** The commands of a name, latest first, each with every directory in which it ran. */
export function listHookCommands(db: Database, hookName: string): HookCommand[] {
  return db
    .prepare<[string, number], HookCommand>(
      `SELECT command, cwd FROM (
         SELECT command, cwd, created_at FROM hook_logs WHERE hook_name = ?
         ORDER BY created_at DESC LIMIT ?)
       GROUP BY command, cwd ORDER BY max(created_at) DESC, command, cwd`,
    )
    .all(hookName, MAX_ROWS);
}

/** The recorded events and results of a command that may have been decisions. */
export interface HookDecisions {
  readonly command: string;
  /** The events on which it was called. */
  readonly events: readonly string[];
  /** Calls refused, by the hook itself or repeated for a duplicate. */
  readonly refused: number;
  /** Those of them that started at `since` or later. */
  readonly refusedSince: number;
  /** Calls that it answered in JSON, which may have been refusals. */
  readonly answered: number;
}

/** Errs towards a guard: exit code 2 counts on every event. */
const REFUSED = `(coalesce(decision, '') = 'deny' OR status = 'blocked' OR (status = 'dedupe_skip' AND exit_code = 2))`;

/** One entry for each command of a name. */
export function readHookDecisions(db: Database, hookName: string, since: string): HookDecisions[] {
  return db
    .prepare<[string, string], Omit<HookDecisions, 'events'> & { events: string }>(
      `SELECT command, json_group_array(DISTINCT event_type) AS events,
         total(${REFUSED}) AS refused, total(${REFUSED} AND created_at >= ?) AS refusedSince,
         total(stdout_kind = 'json' AND coalesce(decision, '') <> 'deny') AS answered
       FROM hook_logs WHERE hook_name = ? GROUP BY command`,
    )
    .all(since, hookName)
    .map((row) => ({ ...row, events: JSON.parse(row.events) as string[] }));
}
