import { closeSync, openSync, readSync } from 'node:fs';

/** As good as those of node:crypto, whose loading would take a run some milliseconds. */
export function randomBytes(count: number): Uint8Array {
  try {
    const bytes = new Uint8Array(count);
    const fd = openSync('/dev/urandom', 'r');
    try {
      if (readSync(fd, bytes) === count) return bytes;
    } finally {
      closeSync(fd);
    }
  } catch {
    // No such file on this system.
  }
  return process.getBuiltinModule('node:crypto').randomBytes(count);
}
