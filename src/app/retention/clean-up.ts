import type { StatePaths } from '../../config/home/paths.ts';
import { forgetLostStamps } from '../../config/home/stamp.ts';
import type { Environment } from '../../config/settings.ts';
import { COMMAND_BUSY_MS } from '../../store/database.ts';
import { databaseBytes } from '../../store/files/database-files.ts';
import { countExpired, type ExpiredRows, type Expiry, foldLog } from '../../store/retention.ts';
import { findOldCopies, removeOldCopies } from '../install/old-copies.ts';
import type { OpenStore } from '../store/open-store.ts';
import { expireSteps, expiryAt, noRows } from './expire-steps.ts';

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
  readonly env?: Environment;
  /** Lets other processes use the database. */
  readonly pause: (ms: number) => Promise<unknown>;
}

/** Maximum executions per transaction. */
const MAX_ROWS = 500;

/** Maximum pages per transaction: 8 MiB with the usual 4 KiB pages. */
const MAX_PAGES = 2000;

/** Deletes expired data and returns its space, in short turns so that no hook waits long. */
export async function cleanUp(parts: CleanupParts): Promise<CleanupReport> {
  const { store, paths, beforeMs, isDryRun, now } = parts;
  const expiry = expiryAt(beforeMs, now());
  const bytesBefore = databaseBytes(paths.database);
  const rows =
    store === undefined
      ? noRows()
      : isDryRun
        ? store.use((db) => countExpired(db, expiry))
        : await deleteExpired(store.use, expiry, parts);
  if (!isDryRun) forgetLostStamps(now(), parts.env);
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

async function deleteExpired(
  use: OpenStore['use'],
  expiry: Expiry,
  { now, pause }: CleanupParts,
): Promise<ExpiredRows> {
  const deleted = noRows();
  const sizes = { rows: MAX_ROWS, pages: MAX_PAGES };
  // As long as each step took, others have the database.
  for (const tookMs of expireSteps({ use, expiry, now, deleted, ...sizes })) await pause(tookMs);
  use((db) => foldLog(db, COMMAND_BUSY_MS));
  return deleted;
}
