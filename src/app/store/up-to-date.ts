import { zlibSync } from 'fflate';
import { readConfigFile } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import type { HookId } from '../../domain/hook/hook-id.ts';
import { createSpool } from '../../spool/spool.ts';
import { deleteExpiredKeys } from '../../store/retention.ts';
import { reconcileSkippedGuards } from '../alerts/reconcile-skipped.ts';
import { reconcileGates, updateBreakers } from '../breaker/breaker.ts';
import { provideCompression } from '../recording/compression.ts';
import { type Ingested, ingestSpool } from '../recording/ingest.ts';
import { type OpenStore, openStore } from './open-store.ts';

/** What a command ingested before it reads. */
interface Ingestion extends Pick<Ingested, 'stored' | 'hooks'> {
  /** Why the spool could not be ingested; undefined if it could. */
  readonly problem: string | undefined;
}

/** The database after a command did what the daemon otherwise does. */
export interface CommandStore extends OpenStore {
  readonly ingestion: Ingestion;
}

/** The database of a command that works without one too: nothing was recorded, or it cannot be used. */
export interface Opened {
  readonly store?: CommandStore | undefined;
  /** Why it cannot be used. */
  readonly problem?: HookbusError;
}

/** Opens the database and brings it up to date. @throws what `openStore` throws */
export function openUpToDate(paths: StatePaths, now: () => number): CommandStore | undefined {
  const store = openStore(paths, now);
  if (store === undefined) return undefined;
  const ingestion = ingestWaiting(store, paths, now);
  deleteExpired(store, now);
  reconcileSwitches(store, paths, ingestion.hooks, now);
  return { ...store, ingestion };
}

/** The same; an error of the database is part of the result. */
export function tryUpToDate(paths: StatePaths, now: () => number): Opened {
  try {
    return { store: openUpToDate(paths, now) };
  } catch (error) {
    if (!(error instanceof HookbusError)) throw error;
    return { problem: error };
  }
}

/** Ingests the spool as far as possible. */
function ingestWaiting({ handle }: OpenStore, paths: StatePaths, now: () => number): Ingestion {
  provideCompression(zlibSync);
  const spool = createSpool(paths.spool, paths.quarantine);
  const limits = { config: paths.config, rotateBytes: 0 };
  try {
    const ingested = handle.use(({ writer }) => ingestSpool(spool, writer, now, limits));
    return { ...ingested, problem: undefined };
  } catch (error) {
    return { stored: 0, hooks: [], problem: reasonOf(error) };
  }
}

/** Without a daemon nobody else deletes them. */
function deleteExpired({ handle }: OpenStore, now: () => number): void {
  try {
    handle.use(({ db }) => deleteExpiredKeys(db, new Date(now()).toISOString()));
  } catch {
    // The next command tries again.
  }
}

/**
 * Makes breakers, gates and the alerts about skipped guards agree with config.json and with the executions of these
 * hooks. Ignores errors, because the user did not ask for it; the daemon logs such errors.
 */
function reconcileSwitches(
  { handle }: OpenStore,
  paths: StatePaths,
  hooks: readonly HookId[],
  now: () => number,
): void {
  const reading = readConfigFile(paths.config);
  const { alerts, breaker: config } = reading.config;
  try {
    handle.use(({ db }) => reconcileSkippedGuards(db, alerts, now()));
  } catch {}
  // The unreadable config.json may enable breakers, and a daemon may still use its last valid version.
  if (reading.state === 'refused') return;
  try {
    handle.use(({ db }) => {
      const parts = { db, gates: paths.gates, config, nowMs: now() };
      reconcileGates(parts);
      updateBreakers(parts, hooks);
    });
  } catch {}
}
