import { existsSync } from 'node:fs';
import type { StatePaths } from '../../config/home/paths.ts';
import { homeError } from '../../config/home/state-home.ts';
import type { Settings } from '../../config/settings.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { createSpool } from '../../spool/spool.ts';
import { COMMAND_BUSY_MS, type Database } from '../../store/database.ts';
import { isNativePartMissing } from '../../store/sqlite/sqlite.ts';
import { createStoreHandle, type StoreHandle } from './store-handle.ts';

const REBUILD =
  'Run `npm rebuild better-sqlite3` where hookbus is installed, or `npm rebuild -g better-sqlite3` (npm 12 asks you to approve install scripts); or use Node.js 22.13 or newer, which has SQLite.';

/** What to do if better-sqlite3 cannot be loaded, and this Node has no SQLite of its own. */
export const fixOfSqlite = (error: unknown): string =>
  isNotInstalled(error)
    ? 'Install hookbus again where there is a C++ compiler, or use Node.js 22.13 or newer, which has SQLite.'
    : REBUILD;

/** npm removes an optional package that it could not build. */
const isNotInstalled = (error: unknown): boolean =>
  /^Cannot find module 'better-sqlite3/.test(reasonOf(error));

/** The database of a user's command. */
export interface OpenStore {
  /** Runs `work` on the database. @throws HookbusError if the database cannot be used */
  readonly use: <T>(work: (db: Database) => T) => T;
  /** The same database, with errors of SQLite and the file system. */
  readonly handle: StoreHandle;
  readonly close: () => void;
}

/**
 * The paths of the state directory.
 * @throws HookbusError `E_NO_HOME` if none is set, `E_HOME` if HookBus must not use it
 */
export function requirePaths(settings: Settings): StatePaths {
  if (settings.paths !== undefined) return settings.paths;
  if (settings.homeProblem !== undefined) throw homeError(settings.homeProblem);
  throw new HookbusError(
    'E_NO_HOME',
    'neither HOOKBUS_HOME nor HOME is set, so there is no state directory; set HOOKBUS_HOME to an absolute path',
  );
}

/**
 * Opens the database; undefined if nothing was ever recorded, because reading creates no state directory.
 * @throws HookbusError `E_DB`, `E_DB_NEWER` or `E_SQLITE` if the database cannot be used
 */
export function openStore(paths: StatePaths, now: () => number): OpenStore | undefined {
  const { database } = paths;
  const spool = createSpool(paths.spool, paths.quarantine);
  if (!existsSync(database) && asUserError(database, () => spool.isEmpty())) return undefined;
  const handle = createStoreHandle(database, COMMAND_BUSY_MS, now);
  const use = <T>(work: (db: Database) => T): T =>
    asUserError(database, () => handle.use(({ db }) => work(db)));
  use(() => undefined);
  return { use, handle, close: handle.close };
}

/** Runs `work` and turns errors of SQLite and the file system into ones that a user can act on. */
function asUserError<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof HookbusError) throw error;
    if (isNativePartMissing(error)) {
      const what = isNotInstalled(error)
        ? 'better-sqlite3 is not installed'
        : 'the native part of better-sqlite3 is missing or was built for another Node.js';
      throw new HookbusError('E_SQLITE', what, fixOfSqlite(error));
    }
    // Without a code it is an internal error, which says nothing about the database.
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new HookbusError('E_DB', `the database ${path} cannot be used: ${reasonOf(error)}`);
  }
}
