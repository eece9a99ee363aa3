import { existsSync } from 'node:fs';
import { zlibSync } from 'fflate';
import { DEFAULT_CONFIG, readConfigFile } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { homeError } from '../../config/home/state-home.ts';
import type { Settings } from '../../config/settings.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import type { HookId } from '../../domain/hook/hook-id.ts';
import { createSpool } from '../../spool/spool.ts';
import { COMMAND_BUSY_MS, type Database } from '../../store/database.ts';
import { deleteExpiredKeys } from '../../store/retention.ts';
import { reconcileSkippedGuards } from '../alerts/reconcile-skipped.ts';
import { reconcileGates, updateBreakers } from '../breaker/breaker.ts';
import { provideCompression } from '../recording/compression.ts';
import { type Ingested, ingestSpool } from '../recording/ingest.ts';
import { createStoreHandle, type StoreHandle } from './store-handle.ts';

/** What to do if the native part of better-sqlite3 is missing or was built for another Node.js. */
export const REBUILD_SQLITE =
  'Run `npm rebuild better-sqlite3` where hookbus is installed, or `npm rebuild -g better-sqlite3` (npm 12 asks you to approve install scripts).';

/** The database for a user's command, after the spool was ingested as far as possible. */
export interface CommandStore {
  /** Runs `work` on the database. @throws HookbusError if the database cannot be used */
  readonly use: <T>(work: (db: Database) => T) => T;
  readonly ingested: Ingested;
  /** Why the spool could not be ingested; undefined if it could. */
  readonly ingestProblem: string | undefined;
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
 * Opens the database for a user's command and ingests the spool.
 * Undefined if nothing was ever recorded: reading creates no state directory.
 * @throws HookbusError `E_DB`, `E_DB_NEWER` or `E_SQLITE` if the database cannot be used
 */
export function openForCommand(paths: StatePaths, now: () => number): CommandStore | undefined {
  const spool = createSpool(paths.spool, paths.quarantine);
  provideCompression(zlibSync);
  if (!existsSync(paths.database) && asUserError(paths.database, () => spool.isEmpty())) {
    return undefined;
  }
  const handle = createStoreHandle(paths.database, COMMAND_BUSY_MS, now);
  const use = <T>(work: (db: Database) => T): T =>
    asUserError(paths.database, () => handle.use(({ db }) => work(db)));
  // The caller must know that the database cannot be opened; that the spool cannot be ingested is only reported.
  use(() => undefined);
  let ingested: Ingested = { stored: 0, unreadable: 0, hooks: [], hasMore: false };
  let ingestProblem: string | undefined;
  try {
    const limits = { config: paths.config, rotateBytes: 0 };
    ingested = handle.use(({ writer }) => ingestSpool(spool, writer, now, limits));
  } catch (error) {
    ingestProblem = reasonOf(error);
  }
  try {
    // Without a daemon nobody else deletes them.
    handle.use(({ db }) => deleteExpiredKeys(db, new Date(now()).toISOString()));
  } catch {}
  reconcileBreakers(paths, handle, ingested.hooks, now);
  return { use, ingested, ingestProblem, close: handle.close };
}

/** Ignores errors, because the user did not ask for gates or alerts; the daemon logs such errors. */
function reconcileBreakers(
  paths: StatePaths,
  handle: StoreHandle,
  hooks: readonly HookId[],
  now: () => number,
): void {
  const reading = readConfigFile(paths.config);
  const { alerts } = reading.state === 'refused' ? DEFAULT_CONFIG : reading.config;
  try {
    handle.use(({ db }) => reconcileSkippedGuards(db, alerts, now()));
  } catch {}
  // The unreadable config.json may enable breakers, and a daemon may still use its last valid version.
  if (reading.state === 'refused') return;
  const { breaker: config } = reading.config;
  try {
    handle.use(({ db }) => {
      const parts = { db, gates: paths.gates, config, nowMs: now() };
      reconcileGates(parts);
      updateBreakers(parts, hooks);
    });
  } catch {}
}

/** Runs `work` and turns errors of SQLite and the file system into ones that a user can act on. */
function asUserError<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof HookbusError) throw error;
    const reason = reasonOf(error);
    if (/bindings file|NODE_MODULE_VERSION|ERR_DLOPEN_FAILED/.test(reason)) {
      throw new HookbusError(
        'E_SQLITE',
        'the native part of better-sqlite3 is missing or was built for another Node.js',
        REBUILD_SQLITE,
      );
    }
    // Without a code it is an internal error, which says nothing about the database.
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new HookbusError('E_DB', `the database ${path} cannot be used: ${reason}`);
  }
}
