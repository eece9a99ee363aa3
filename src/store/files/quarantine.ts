import { existsSync, renameSync, statSync } from 'node:fs';
import { HOOK_BUSY_MS, withLock } from '../database.ts';

const SIDE_FILES = ['-wal', '-shm'];

/** Tells one file from the one that took its name; 0 where there is none. */
export function fileIdentity(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
}

/**
 * Gives a corrupt database a new name beside the old one; nothing is deleted. Does nothing where the file is no
 * longer the one that was found corrupt: another process was first.
 * @returns the new name, or undefined when there was nothing left to do
 */
export function quarantineDatabase(path: string, identity: number, now: Date): string | undefined {
  return withLock(`${path}.repair-lock`, HOOK_BUSY_MS, () => {
    if (identity === 0 || fileIdentity(path) !== identity) return undefined;
    const target = freeName(`${path}.corrupt-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`);
    // The log of uncommitted pages belongs to that database and would spoil the fresh one, so it moves first.
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
