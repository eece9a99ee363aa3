import type { StatePaths } from '../../config/home/paths.ts';
import { forgetLostStamps } from '../../config/home/stamp.ts';
import { deleteOldAlerts } from '../../store/alerts.ts';
import { COMMAND_BUSY_MS, type Database } from '../../store/database.ts';
import { databaseBytes } from '../../store/files/database-files.ts';
import {
  countExpired,
  deleteExecutions,
  deleteKeysAndNotices,
  type Expiry,
  foldLog,
  releasePages,
} from '../../store/retention.ts';
import { countNext } from '../../store/totals.ts';
import { findOldCopies, removeOldCopies } from '../install/old-copies.ts';
import type { OpenStore } from '../store/open-store.ts';
import { ROLL_UP_ROWS, rollUp } from './roll-up.ts';

/** What a cleanup deleted or would delete; docs/json.md describes each field. */
export interface CleanupReport {
  readonly dry_run: boolean;
  /** Deletes what started before this. */
  readonly before: string;
  readonly executions: number;
  readonly payloads: number;
  readonly dedupe_keys: number;
  readonly notices: number;
  /** Spool records that could not be read. */
  readonly unreadable_records: number;
  /** Backups of settings files from before `install` changed them. */
  readonly settings_backups: number;
  /** Corrupt databases in quarantine. */
  readonly corrupt_databases: number;
  /** The size of the database with its write-ahead log. */
  readonly bytes_before: number;
  readonly bytes_after: number;
  readonly bytes_freed: number;
}

export interface CleanupParts {
  /** Undefined if nothing was ever recorded. */
  readonly store: Pick<OpenStore, 'use'> | undefined;
  readonly paths: StatePaths;
  readonly beforeMs: number;
  readonly isDryRun: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Lets other processes use the database. */
  readonly pause: (ms: number) => Promise<unknown>;
}

/** Maximum executions per transaction. */
const MAX_ROWS = 500;

/** Maximum pages per transaction: 8 MiB with the usual 4 KiB pages. */
const MAX_PAGES = 2000;

/** Target duration of a transaction, well below the time that a hook waits for the lock. */
const TURN_MS = 20;

/** Deletes expired data and returns its space, in short turns so that no hook waits long. */
export async function cleanUp(parts: CleanupParts): Promise<CleanupReport> {
  const { store, paths, beforeMs, isDryRun, now } = parts;
  const expiry = { before: isoOf(beforeMs), now: isoOf(now()) };
  const bytesBefore = databaseBytes(paths.database);
  const rows =
    store === undefined
      ? { executions: 0, payloads: 0, dedupeKeys: 0, notices: 0 }
      : isDryRun
        ? store.use((db) => countExpired(db, expiry))
        : await deleteExpired(store.use, expiry, parts);
  if (!isDryRun) forgetLostStamps(now());
  const collect = isDryRun ? findOldCopies : removeOldCopies;
  const { unreadable, backups, databases } = collect(paths, beforeMs);
  const bytesAfter = databaseBytes(paths.database);
  return {
    dry_run: isDryRun,
    before: expiry.before,
    executions: rows.executions,
    payloads: rows.payloads,
    dedupe_keys: rows.dedupeKeys,
    notices: rows.notices,
    unreadable_records: unreadable.length,
    settings_backups: backups.length,
    corrupt_databases: databases.filter((path) => !/-(?:wal|shm)$/.test(path)).length,
    bytes_before: bytesBefore,
    bytes_after: bytesAfter,
    bytes_freed: Math.max(bytesBefore - bytesAfter, 0),
  };
}

type Use = <T>(work: (db: Database) => T) => T;

async function deleteExpired(use: Use, expiry: Expiry, parts: CleanupParts) {
  let executions = 0;
  let payloads = 0;
  // Rollups outlive their rows, so update them before deleting.
  while (use((db) => rollUp(db)) === ROLL_UP_ROWS) await parts.pause(TURN_MS);
  // After an upgrade many rows are uncounted; count them first so the delete is not one long transaction.
  await inTurns(parts, MAX_ROWS, (limit) => use((db) => countNext(db, limit)));
  await inTurns(parts, MAX_ROWS, (limit) => {
    const removed = use((db) => deleteExecutions(db, expiry, limit));
    executions += removed.executions;
    payloads += removed.payloads;
    return removed.executions;
  });
  const small = use((db) => deleteKeysAndNotices(db, expiry));
  use((db) => deleteOldAlerts(db, expiry.before));
  await inTurns(parts, MAX_PAGES, (limit) => use((db) => releasePages(db, limit)));
  use((db) => foldLog(db, COMMAND_BUSY_MS));
  return { executions, payloads, ...small };
}

/**
 * Repeats `step` until it does nothing. Adapts the limit to how long the last turn took, and pauses as long between
 * turns so that others can use the database.
 */
async function inTurns(
  { now, pause }: Pick<CleanupParts, 'now' | 'pause'>,
  max: number,
  step: (limit: number) => number,
): Promise<void> {
  let limit = Math.ceil(max / 10);
  for (;;) {
    const startMs = now();
    if (step(limit) === 0) return;
    const tookMs = now() - startMs;
    limit = Math.min(max, Math.max(1, Math.floor((limit * TURN_MS) / Math.max(tookMs, 1))));
    await pause(Math.max(tookMs, 1));
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
