import {
  closeSync,
  constants,
  lstatSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  isCode,
  makeOwnDirectory,
  openToAppend,
  readOwnFile,
  requireDirectory,
} from '../files/own-file.ts';

/** `part`: its execution has not ended, or its engine was cut off. `whole`: waits for the database. */
export interface SpoolEntry {
  readonly executionId: string;
  readonly state: 'part' | 'whole';
  readonly path: string;
}

const PART = '.part';
const WHOLE = '.rec';
const FILE_MODE = 0o600;

/**
 * Records on disk, a file an execution. Names are execution ids, which sort by time.
 * Writing never waits for the disk (no fsync): a record outlives the death of any process, not a power cut.
 * @param keepSpares keeps some of the whole records that are taken away, as files for the next, and gives back the others
 */
export function createSpool(
  directory: string,
  setAsideDirectory: string,
  keepSpares: (paths: readonly string[]) => readonly string[] = (paths) => paths,
) {
  const partOf = (id: string): string => join(directory, id + PART);
  const wholeOf = (id: string): string => join(directory, id + WHOLE);

  return {
    /** Starts a record. @throws what the file system says */
    begin(id: string, bytes: Uint8Array): void {
      requireDirectory(directory);
      try {
        writeFileSync(partOf(id), bytes, { mode: FILE_MODE, flag: 'wx' });
      } catch (error) {
        if (!isMissing(error)) throw error;
        makeOwnDirectory(directory);
        writeFileSync(partOf(id), bytes, { mode: FILE_MODE, flag: 'wx' });
      }
    },
    /** Adds to a record that was started. @throws what the file system says */
    append: (id: string, bytes: Uint8Array): void => appendTo(partOf(id), bytes, constants.O_CREAT),
    /**
     * Ends a record. `begin` is written again where the file is gone: a record is whole or not there.
     * @throws what the file system says
     */
    finish(id: string, begin: Uint8Array, end: Uint8Array): void {
      const part = partOf(id);
      try {
        appendTo(part, end);
      } catch (error) {
        if (!isMissing(error)) throw error;
        makeOwnDirectory(directory);
        writeFileSync(part, Buffer.concat([begin, end]), { mode: FILE_MODE, flag: 'wx' });
      }
      renameSync(part, wholeOf(id));
    },
    /** Takes records away; one that is gone already is fine. */
    remove(entries: readonly SpoolEntry[]): void {
      // Whoever wrote a part may be alive after all, elsewhere, and write on in the file.
      const [parts, wholes] = [pathsOf(entries, 'part'), pathsOf(entries, 'whole')];
      for (const path of [...parts, ...keepSpares(wholes)]) unlinkIfThere(path);
    },
    discard: (id: string): void => unlinkIfThere(partOf(id)),
    /** What waits, oldest first. */
    list(): SpoolEntry[] {
      return names(directory)
        .sort()
        .flatMap((name) => toEntry(directory, name));
    },
    /** How many whole records wait. @throws what the file system says */
    countWaiting: (): number => names(directory).filter((name) => name.endsWith(WHOLE)).length,
    /**
     * The bytes of a record, or undefined when another process took it meanwhile. @throws what the file system says,
     * or that it is not one of our own
     */
    read(entry: SpoolEntry): Buffer | undefined {
      try {
        return readOwnFile(entry.path);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    /** When a record was last written to; 0 when it is gone. */
    modifiedMs: (entry: SpoolEntry): number =>
      lstatSync(entry.path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    /**
     * Moves a record that cannot be read out of the way, for a person to look at.
     * @returns false where it is gone
     */
    setAside({ path }: SpoolEntry): boolean {
      makeOwnDirectory(setAsideDirectory);
      return renameIfThere(path, join(setAsideDirectory, path.slice(directory.length + 1)));
    },
    countSetAside: (): number => names(setAsideDirectory).length,
  };
}

export type Spool = ReturnType<typeof createSpool>;

function appendTo(path: string, bytes: Uint8Array, more?: number): void {
  const file = openToAppend(path, more);
  try {
    writeFileSync(file, bytes);
  } finally {
    closeSync(file);
  }
}

function pathsOf(entries: readonly SpoolEntry[], state: SpoolEntry['state']): string[] {
  return entries.filter((entry) => entry.state === state).map(({ path }) => path);
}

function toEntry(directory: string, name: string): SpoolEntry[] {
  const path = join(directory, name);
  if (name.endsWith(PART))
    return [{ executionId: name.slice(0, -PART.length), state: 'part', path }];
  if (name.endsWith(WHOLE))
    return [{ executionId: name.slice(0, -WHOLE.length), state: 'whole', path }];
  return [];
}

function names(directory: string): string[] {
  try {
    requireDirectory(directory);
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** What `rmSync` loads for its `force` takes longer than this. */
function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function renameIfThere(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (!isMissing(error)) throw error;
    return false;
  }
}

const isMissing = (error: unknown): boolean => isCode(error, 'ENOENT');
