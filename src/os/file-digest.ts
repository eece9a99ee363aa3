import { createHash } from 'node:crypto';
import { readAtMost, withRegularFile } from './read-bounded.ts';

/** A larger file is no script. */
const MAX_BYTES = 16 * 1024 * 1024;

/** How many digests are kept. */
const MAX_KEPT = 1000;

const kept = new Map<string, string>();

/**
 * The SHA-256 of a file, 64 hex digits; undefined if it cannot be read, or is not a regular file. A file that is the
 * same by device, inode, size and times is not read again.
 */
export function digestOf(path: string): string | undefined {
  try {
    return withRegularFile(path, (file, { dev, ino, size, mtimeNs, ctimeNs }) => {
      if (size > MAX_BYTES) return undefined;
      const identity = [dev, ino, size, mtimeNs, ctimeNs].join(':');
      const known = kept.get(identity);
      if (known !== undefined) return known;
      const digest = createHash('sha256').update(readAtMost(file, MAX_BYTES)).digest('hex');
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(identity, digest);
      return digest;
    });
  } catch {
    return undefined;
  }
}
