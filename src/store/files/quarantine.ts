import { existsSync, renameSync, statSync } from 'node:fs';
import { HOOK_BUSY_MS, withLock } from '../database.ts';

const SIDE_FILES = ['-wal', '-shm'];

/** Distinguishes a file from a later file with the same name; 0 if there is none. */
export function fileIdentity(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
}

/**
 * Renames a corrupt database; deletes nothing. Does nothing if the file is no longer the one that was found corrupt,
 * because another process was faster.
 * @returns the new name; undefined if there was nothing to do
 */
export function quarantineDatabase(path: string, identity: number, now: Date): string | undefined {
  return withLock(`${path}.repair-lock`, HOOK_BUSY_MS, () => {
    if (identity === 0 || fileIdentity(path) !== identity) return undefined;
    const target = freeName(`${path}.corrupt-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`);
    // The write-ahead log belongs to the corrupt database and would damage a new one, so it moves first.
    for (const side of SIDE_FILES)
      if (existsSync(path + side)) renameSync(path + side, target + side);
    renameSync(path, target);
    return target;
  });
}

function freeName(wanted: string): string {
  let name = wanted;
  for (let count = 2; existsSync(name); count += 1) name = `${wanted}-${count}`;
  return name;
}
