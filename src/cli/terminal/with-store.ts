import type { Database } from '../../store/database.ts';
import type { Context } from '../words/command.ts';

/**
 * Does `work` on the database, with what waited in the spool taken in. Undefined where nothing was ever recorded.
 * SQLite loads only here, so that help and the version come at once.
 * @throws HookbusError when the database cannot be used
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
