import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Finds files of one kind in a directory that nobody has written to since `beforeMs`; a missing directory has none. */
export function findLeftovers(
  directory: string,
  kind: 'file' | 'pipe',
  beforeMs: number,
): string[] {
  return names(directory)
    .map((name) => join(directory, name))
    .filter((path) => {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || stat.mtimeMs >= beforeMs) return false;
      return kind === 'pipe' ? stat.isFIFO() : stat.isFile();
    });
}

/** Takes them away; one that is gone already is fine. */
export function removeLeftovers(paths: readonly string[]): void {
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
