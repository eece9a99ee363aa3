import type { HookId } from '../domain/hook-id.ts';
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

/** The events that a hook was called on. */
export function listHookEvents(db: Database, { hookName, command }: HookId): string[] {
  return db
    .prepare<[string, string], { event_type: string }>(
      `SELECT DISTINCT event_type FROM hook_logs WHERE hook_name = ? AND command = ? ORDER BY 1`,
    )
    .all(hookName, command)
    .map(({ event_type }) => event_type);
}

/** What is on record of a hook by which it may have decided something. */
export interface HookDecisions {
  readonly executions: number;
  /** Calls that were refused by exit code, by it or once more for a duplicate. */
  readonly refused: number;
  /** Of these, those that began at `since` or later. */
  readonly refusedSince: number;
  /** Calls that it answered in JSON, which may have been refusals. */
  readonly answered: number;
}

const REFUSED = `(status = 'blocked' OR (status = 'dedupe_skip' AND exit_code = 2))`;

export function readHookDecisions(
  db: Database,
  { hookName, command }: HookId,
  since: string,
): HookDecisions {
  const row = db
    .prepare<[string, string, string], HookDecisions>(
      `SELECT count(*) AS executions, total(${REFUSED}) AS refused,
         total(${REFUSED} AND created_at >= ?) AS refusedSince,
         total(stdout_kind = 'json') AS answered
       FROM hook_logs WHERE hook_name = ? AND command = ?`,
    )
    .get(since, hookName, command);
  return row ?? { executions: 0, refused: 0, refusedSince: 0, answered: 0 };
}
