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
import { followBreakers, reconcileGates } from '../breaker/breaker.ts';
import { provideCompression } from '../recording/compression.ts';
import { type Drained, drainSpool } from '../recording/drain.ts';
import { createStoreHandle, type StoreHandle } from './store-handle.ts';

/** What to do where the native part of better-sqlite3 is missing or does not fit. */
export const REBUILD_SQLITE =
  'Run `npm rebuild better-sqlite3` where hookbus is installed, or `npm rebuild -g better-sqlite3` (npm 12 needs the approval of install scripts).';

/** The database as a person's command sees it: what waited in the spool is in it, as far as that could be done. */
export interface CommandStore {
  /** Does `work` on the database. @throws HookbusError when it cannot be used */
  readonly use: <T>(work: (db: Database) => T) => T;
  readonly drained: Drained;
  /** Why the spool could not be drained; undefined when it could. */
  readonly drainProblem: string | undefined;
  readonly close: () => void;
}

/** Where the state directory is. @throws HookbusError `E_NO_HOME` where nothing says so, `E_HOME` where it does not count */
export function requirePaths(settings: Settings): StatePaths {
  if (settings.paths !== undefined) return settings.paths;
  if (settings.homeProblem !== undefined) throw homeError(settings.homeProblem);
  throw new HookbusError(
    'E_NO_HOME',
    'expected HOOKBUS_HOME or HOME to say where the state directory is, got neither',
  );
}

/**
 * Opens the database for a person's command and drains the spool into it.
 * Undefined where nothing was ever recorded: looking does not make a state directory.
 * @throws HookbusError `E_DB`, `E_DB_NEWER` or `E_SQLITE` when the database cannot be used
 */
export function openForCommand(paths: StatePaths, now: () => number): CommandStore | undefined {
  const spool = createSpool(paths.spool, paths.quarantine);
  provideCompression(zlibSync);
  if (!existsSync(paths.database) && explained(paths.database, () => spool.isEmpty())) {
    return undefined;
  }
  const handle = createStoreHandle(paths.database, COMMAND_BUSY_MS, now);
  const use = <T>(work: (db: Database) => T): T =>
    explained(paths.database, () => handle.use(({ db }) => work(db)));
  // A database that cannot even be opened is for the caller to hear of; a spool that cannot be drained is not.
  use(() => undefined);
  let drained: Drained = { stored: 0, unreadable: 0, hooks: [], hasMore: false };
  let drainProblem: string | undefined;
  try {
    const limits = { config: paths.config, rotateBytes: 0 };
    drained = handle.use(({ writer }) => drainSpool(spool, writer, now, limits));
  } catch (error) {
    drainProblem = reasonOf(error);
  }
  try {
    // Where no daemon runs, nobody else does.
    handle.use(({ db }) => deleteExpiredKeys(db, new Date(now()).toISOString()));
  } catch {}
  reconcileBreakers(paths, handle, drained.hooks, now);
  return { use, drained, drainProblem, close: handle.close };
}

/** Gates and alerts are no part of what a command was asked for, so it does not fail for them; the daemon's log has such failures. */
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
  // What cannot be read may switch it on, and a daemon may still have it so.
  if (reading.state === 'refused') return;
  const { breaker: config } = reading.config;
  try {
    handle.use(({ db }) => {
      const parts = { db, gates: paths.gates, config, nowMs: now() };
      reconcileGates(parts);
      followBreakers(parts, hooks);
    });
  } catch {}
}

/** Does `work` and tells what SQLite or the file system says of it as something a person can act on. */
function explained<T>(path: string, work: () => T): T {
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
    // What neither of them said is a fault of ours, and no news about the database.
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new HookbusError('E_DB', `the database ${path} cannot be used: ${reason}`);
  }
}
