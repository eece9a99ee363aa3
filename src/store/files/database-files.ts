import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Size of a database and its write-ahead log on disk, in bytes; 0 if there is none. */
export function databaseBytes(path: string): number {
  return sizeOf(path) + sizeOf(`${path}-wal`);
}

/** A file that is missing or cannot be examined counts as empty; other code reports that. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

/** The corrupt databases that `quarantineDatabase` renamed, oldest first, without their side files. */
export function listQuarantined(path: string): string[] {
  const directory = dirname(path);
  const beginning = `${basename(path)}.corrupt-`;
  return names(directory)
    .filter((name) => name.startsWith(beginning) && !/-(?:wal|shm)$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** The files of databases that were quarantined before a time, including side files. */
export function listQuarantinedBefore(path: string, beforeMs: number): string[] {
  const before = new Date(beforeMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return listQuarantined(path)
    .filter((file) => (/\.corrupt-(\d{8}T\d{6}Z)(?:-\d+)?$/.exec(file)?.[1] ?? before) < before)
    .flatMap((file) => [file, `${file}-wal`, `${file}-shm`]);
}

/** A directory that is missing or cannot be read counts as empty; other code reports that. */
function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
