import type { StatePaths } from '../../config/home/paths.ts';
import { findOldFiles, removeFiles } from '../../spool/old-files.ts';
import { listQuarantinedBefore } from '../../store/files/database-files.ts';
import { createLedger } from './settings-ledger.ts';

/** Expired files in the state directory that contain copies of private data. */
export interface OldCopies {
  /** Spool records that could not be read. */
  readonly unreadable: readonly string[];
  /** Settings files from before a change. */
  readonly backups: readonly string[];
  /** Corrupt databases in quarantine, with their side files. */
  readonly databases: readonly string[];
}

export function findOldCopies(paths: StatePaths, beforeMs: number): OldCopies {
  return {
    unreadable: findOldFiles(paths.quarantine, beforeMs),
    backups: createLedger(paths.settings).oldBackups(beforeMs),
    databases: listQuarantinedBefore(paths.database, beforeMs),
  };
}

/** @returns what it removed */
export function removeOldCopies(paths: StatePaths, beforeMs: number): OldCopies {
  const copies = findOldCopies(paths, beforeMs);
  removeFiles(Object.values(copies).flat());
  return copies;
}
