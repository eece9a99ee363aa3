import type { CommandStore, Opened } from '../../app/store/up-to-date.ts';
import type { Database } from '../../store/database.ts';
import type { Context } from '../words/command.ts';

/**
 * Opens the database once for a command, brings it up to date, and closes it after `work`. SQLite loads only here, so that
 * help and version stay fast.
 */
export async function withOpened<T>(
  { settings, now }: Context,
  work: (opened: Opened) => T | Promise<T>,
): Promise<T> {
  const { tryUpToDate } = await import('../../app/store/up-to-date.ts');
  const opened = settings.paths === undefined ? {} : tryUpToDate(settings.paths, now);
  try {
    return await work(opened);
  } finally {
    opened.store?.close();
  }
}

/** The same for a command that needs the database. @throws HookbusError if it cannot be used */
export async function withStore<T>(
  context: Context,
  work: (store: CommandStore | undefined) => T | Promise<T>,
): Promise<T> {
  const { requirePaths } = await import('../../app/store/open-store.ts');
  requirePaths(context.settings);
  return await withOpened(context, ({ store, problem }) => {
    if (problem !== undefined) throw problem;
    return work(store);
  });
}

/** The same for a command that only reads. @returns undefined if nothing was ever recorded */
export const withDatabase = <T>(
  context: Context,
  work: (db: Database) => T,
): Promise<T | undefined> => withStore(context, (store) => store?.use(work));
