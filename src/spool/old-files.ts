import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a directory that were last written before `beforeMs`; a missing directory has none. */
export function findOldFiles(directory: string, beforeMs: number): string[] {
  return names(directory)
    .map((name) => join(directory, name))
    .filter((path) => {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      return stat?.isFile() === true && stat.mtimeMs < beforeMs;
    });
}

/** Deletes files; a missing file is fine. */
export function removeFiles(paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { force: true });
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
