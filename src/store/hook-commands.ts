import type { Database } from './database.ts';

/** A command that ran under a hook's name, without secrets, and the directory in which it ran. */
export interface HookCommand {
  readonly command: string;
  readonly cwd: string | null;
}

/** How many of a name's latest executions to look at: in the daemon, others wait meanwhile. */
export const LATEST_OF_NAME = 20_000;

/** The commands of a name, latest first, each with every directory in which it ran. */
export function listHookCommands(db: Database, hookName: string): HookCommand[] {
  return db
    .prepare<[string, number], HookCommand>(
      `SELECT command, cwd FROM (
         SELECT command, cwd, created_at FROM hook_logs WHERE hook_name = ?
         ORDER BY created_at DESC LIMIT ?)
       GROUP BY command, cwd ORDER BY max(created_at) DESC, command, cwd`,
    )
    .all(hookName, LATEST_OF_NAME);
}
