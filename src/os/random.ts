import { closeSync, openSync, readSync } from 'node:fs';

/** As random as node:crypto, without the milliseconds that loading it takes. */
export function randomBytes(count: number): Uint8Array {
  try {
    // On Windows, anybody could make a file with this name.
    if (process.platform === 'win32') throw new Error('no device');
    const bytes = new Uint8Array(count);
    const fd = openSync('/dev/urandom', 'r');
    try {
      if (readSync(fd, bytes) === count) return bytes;
    } finally {
      closeSync(fd);
    }
  } catch {
    // Not every system has /dev/urandom.
  }
  return process.getBuiltinModule('node:crypto').randomBytes(count);
}
