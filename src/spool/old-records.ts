import { lstatSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isCode, makeOwnDirectory, readOwnFile, requireDirectory } from '../os/own-file.ts';

/** `part`: its execution has not ended, or its engine was cut off. `whole`: waits for the database. */
export interface OldRecord {
  readonly executionId: string;
  readonly state: 'part' | 'whole';
  readonly path: string;
}

const PART = '.part';
const WHOLE = '.rec';

/** Records of version 0.1.0: a file an execution, named by its id. They are taken in, and no more are made. */
export function createOldRecords(directory: string, quarantineDirectory: string) {
  return {
    /** Takes them away; one that is gone already is fine. */
    remove(records: readonly OldRecord[]): void {
      for (const { path } of records) unlinkIfThere(path);
    },
    /** What waits, oldest first. */
    list(): OldRecord[] {
      return namesIn(directory)
        .sort()
        .flatMap((name) => toRecord(directory, name));
    },
    /**
     * The bytes of a record, or undefined when another process took it meanwhile. @throws what the file system says,
     * or that it is not one of our own
     */
    read(record: OldRecord): Buffer | undefined {
      try {
        return readOwnFile(record.path);
      } catch (error) {
        if (isCode(error, 'ENOENT')) return undefined;
        throw error;
      }
    },
    /** When a record was last written to; 0 when it is gone. */
    modifiedMs: (record: OldRecord): number =>
      lstatSync(record.path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    /**
     * Moves a record that cannot be read out of the way, for a person to look at.
     * @returns false where it is gone
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

/** None where there is no such directory. @throws where it is a link */
export function namesIn(directory: string): string[] {
  try {
    requireDirectory(directory);
    return readdirSync(directory);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** What `rmSync` loads for its `force` takes longer than this. */
function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}
