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
import { openForCommand } from '../store/open-for-command.ts';
import { ROLL_UP_ROWS, rollUp } from './roll-up.ts';

/** What a clean-up took away, or would; docs/json.md says what each field means. */
export interface CleanupReport {
  readonly dry_run: boolean;
  /** What began before this went. */
  readonly before: string;
  readonly executions: number;
  readonly payloads: number;
  readonly dedupe_keys: number;
  readonly notices: number;
  /** Spool records that could not be read. */
  readonly unreadable_records: number;
  /** Settings files as they were before `install` changed them. */
  readonly settings_backups: number;
  /** Databases that were found corrupt and set aside. */
  readonly corrupt_databases: number;
  /** The database with its write-ahead log. */
  readonly bytes_before: number;
  readonly bytes_after: number;
  readonly bytes_freed: number;
}

export interface CleanupParts {
  readonly paths: StatePaths;
  readonly beforeMs: number;
  readonly isDryRun: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Lets others have the database for so many ms. */
  readonly pause: (ms: number) => Promise<unknown>;
}

/** Most executions in one transaction. */
const MAX_ROWS = 500;

/** Most pages in one transaction: 8 MiB of the usual 4 KiB. */
const MAX_PAGES = 2000;

/** How long a transaction is meant to take, in ms: well below what a hook waits for the lock. */
const TURN_MS = 20;

/** Takes away what is past its time and gives its space back, in short turns so that no hook waits long. */
export async function cleanUp(parts: CleanupParts): Promise<CleanupReport> {
  const { paths, beforeMs, isDryRun, now } = parts;
  const expiry = { before: isoOf(beforeMs), now: isoOf(now()) };
  const store = openForCommand(paths, now);
  const bytesBefore = databaseBytes(paths.database);
  try {
    const rows =
      store === undefined
        ? { executions: 0, payloads: 0, dedupeKeys: 0, notices: 0 }
        : isDryRun
          ? store.use((db) => countExpired(db, expiry))
          : await deleteExpired(store.use, expiry, parts);
    if (!isDryRun) forgetLostStamps(now());
    const look = isDryRun ? findOldCopies : removeOldCopies;
    const { unreadable, backups, databases } = look(paths, beforeMs);
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
  } finally {
    store?.close();
  }
}

type Use = <T>(work: (db: Database) => T) => T;

async function deleteExpired(use: Use, expiry: Expiry, parts: CleanupParts) {
  let executions = 0;
  let payloads = 0;
  // Rollups outlive the rows they are made of.
  while (use((db) => rollUp(db)) === ROLL_UP_ROWS) await parts.pause(TURN_MS);
  // What was never counted is many rows after an update, and would be one long transaction with the deleting.
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
 * Repeats `step` until it does nothing. What it may do at a time is fitted to how long the last turn took, and
 * between two turns others get the database for as long.
 */
async function inTurns(
  { now, pause }: Pick<CleanupParts, 'now' | 'pause'>,
  most: number,
  step: (limit: number) => number,
): Promise<void> {
  let limit = Math.ceil(most / 10);
  for (;;) {
    const startMs = now();
    if (step(limit) === 0) return;
    const tookMs = now() - startMs;
    limit = Math.min(most, Math.max(1, Math.floor((limit * TURN_MS) / Math.max(tookMs, 1))));
    await pause(Math.max(tookMs, 1));
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
