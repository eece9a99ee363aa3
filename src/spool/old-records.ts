import { lstatSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isCode, makeOwnDirectory, readOwnFile, requireDirectory } from '../os/own-file.ts';

/** `part`: its execution has not ended, or was interrupted. `whole`: waits for the database. */
export interface OldRecord {
  readonly executionId: string;
  readonly state: 'part' | 'whole';
  readonly path: string;
}

const PART = '.part';
const WHOLE = '.rec';

/** Records of version 0.1.0: one file per execution, named by its id. They are still ingested, but no longer written. */
export function createOldRecords(directory: string, quarantineDirectory: string) {
  return {
    /** Deletes records; a missing one is fine. */
    remove(records: readonly OldRecord[]): void {
      for (const { path } of records) unlinkIfThere(path);
    },
    /** The waiting records, oldest first. */
    list(): OldRecord[] {
      return namesIn(directory)
        .sort()
        .flatMap((name) => toRecord(directory, name));
    },
    /**
     * The bytes of a record; undefined if another process took it meanwhile. @throws the file system's error, or that the
     * file is not this user's own
     */
    read(record: OldRecord): Buffer | undefined {
      try {
        return readOwnFile(record.path);
      } catch (error) {
        if (isCode(error, 'ENOENT')) return undefined;
        throw error;
      }
    },
    /** When a record was last written to; 0 if it is gone. */
    modifiedMs: (record: OldRecord): number =>
      lstatSync(record.path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    /**
     * Moves an unreadable record out of the way, so that somebody can examine it.
     * @returns false if it is gone
     */
    quarantine({ path }: OldRecord): boolean {
      makeOwnDirectory(quarantineDirectory);
      try {
        renameSync(path, join(quarantineDirectory, path.slice(directory.length + 1)));
        return true;
      } catch (error) {
        if (!isCode(error, 'ENOENT')) throw error;
        return false;
      }
    },
  };
}

export type OldRecords = ReturnType<typeof createOldRecords>;

function toRecord(directory: string, name: string): OldRecord[] {
  const path = join(directory, name);
  if (name.endsWith(PART))
    return [{ executionId: name.slice(0, -PART.length), state: 'part', path }];
  if (name.endsWith(WHOLE))
    return [{ executionId: name.slice(0, -WHOLE.length), state: 'whole', path }];
  return [];
}

/** Empty if there is no such directory. @throws if it is a link */
export function namesIn(directory: string): string[] {
  try {
    requireDirectory(directory);
    return readdirSync(directory);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** `rmSync` with `force` would load code that takes longer than this. */
function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}
