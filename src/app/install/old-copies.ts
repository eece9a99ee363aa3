import type { StatePaths } from '../../config/home/paths.ts';
import { findOldFiles, removeFiles } from '../../spool/old-files.ts';
import { listQuarantinedBefore } from '../../store/files/database-files.ts';
import { createLedger } from './settings-ledger.ts';

/** Files in the state directory that are copies of something private, and past their time. */
export interface OldCopies {
  /** Spool records that could not be read. */
  readonly unreadable: readonly string[];
  /** Settings files as they were before a change. */
  readonly backups: readonly string[];
  /** Corrupt databases that were set aside, with their side files. */
  readonly databases: readonly string[];
}

export function findOldCopies(paths: StatePaths, beforeMs: number): OldCopies {
  return {
    unreadable: findOldFiles(paths.quarantine, beforeMs),
    backups: createLedger(paths.settings).oldBackups(beforeMs),
    databases: listQuarantinedBefore(paths.database, beforeMs),
  };
}

/** @returns what there was */
export function removeOldCopies(paths: StatePaths, beforeMs: number): OldCopies {
  const copies = findOldCopies(paths, beforeMs);
  removeFiles(Object.values(copies).flat());
  return copies;
}
