import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What a database takes on disk with its write-ahead log, in bytes; 0 where there is none. */
export function databaseBytes(path: string): number {
  return sizeOf(path) + sizeOf(`${path}-wal`);
}

/** A file that is not there or cannot be looked at has no size: whoever needs it says so elsewhere. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

/** The corrupt databases that `quarantineDatabase` gave another name, the oldest first, without their side files. */
export function listQuarantined(path: string): string[] {
  const directory = dirname(path);
  const beginning = `${basename(path)}.corrupt-`;
  return names(directory)
    .filter((name) => name.startsWith(beginning) && !/-(?:wal|shm)$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** The files of corrupt databases that were set aside before then, side files too. */
export function listQuarantinedBefore(path: string, beforeMs: number): string[] {
  const before = new Date(beforeMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return listQuarantined(path)
    .filter((file) => (/\.corrupt-(\d{8}T\d{6}Z)(?:-\d+)?$/.exec(file)?.[1] ?? before) < before)
    .flatMap((file) => [file, `${file}-wal`, `${file}-shm`]);
}

/** A directory that is not there or cannot be read has none: whoever needs it says so elsewhere. */
function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
