import type { Database } from '../../store/database.ts';
import type { Context } from '../words/command.ts';

/**
 * Ingests the spool, then does `work` on the database. SQLite loads only here, so that help and version stay fast.
 * @returns undefined if nothing was ever recorded
 * @throws HookbusError if the database cannot be used
 */
export async function withStore<T>(
  { settings, now }: Context,
  work: (db: Database) => T,
): Promise<T | undefined> {
  const { openForCommand, requirePaths } = await import('../../app/store/open-for-command.ts');
  const store = openForCommand(requirePaths(settings), now);
  try {
    return store?.use(work);
  } finally {
    store?.close();
  }
}
