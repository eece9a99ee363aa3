import type { Database } from './database.ts';

/** A command that ran under the name of a hook, and where; secrets were taken out of it. */
export interface HookCommand {
  readonly command: string;
  readonly cwd: string | null;
}

/** More of the latest executions of a name are not looked at. */
const MAX_ROWS = 100_000;

/** The commands of a name, the latest first, each with every directory that it ran in. */
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

/** What is on record of a command by which it may have decided something. */
export interface HookDecisions {
  readonly command: string;
  /** The events that it was called on. */
  readonly events: readonly string[];
  /** Calls that were refused by exit code, by it or once more for a duplicate. */
  readonly refused: number;
  /** Of these, those that began at `since` or later. */
  readonly refusedSince: number;
  /** Calls that it answered in JSON, which may have been refusals. */
  readonly answered: number;
}

const REFUSED = `(status = 'blocked' OR (status = 'dedupe_skip' AND exit_code = 2))`;

/** Of each command of a name. */
export function readHookDecisions(db: Database, hookName: string, since: string): HookDecisions[] {
  return db
    .prepare<[string, string], Omit<HookDecisions, 'events'> & { events: string }>(
      `SELECT command, json_group_array(DISTINCT event_type) AS events,
         total(${REFUSED}) AS refused, total(${REFUSED} AND created_at >= ?) AS refusedSince,
         total(stdout_kind = 'json') AS answered
       FROM hook_logs WHERE hook_name = ? GROUP BY command`,
    )
    .all(since, hookName)
    .map((row) => ({ ...row, events: JSON.parse(row.events) as string[] }));
}
