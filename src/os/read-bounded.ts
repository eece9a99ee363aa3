import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const NO_WAIT = constants.O_NONBLOCK ?? 0;

const CHUNK_BYTES = 64 * 1024;

/**
 * Opens a regular file that anybody may have placed there, links included, for as long as `work` takes. Opening a pipe or
 * a device would wait.
 * @throws the file system's error, or why the file is not opened
 */
export function withRegularFile<T>(path: string, work: (file: number, stats: BigIntStats) => T): T {
  const file = openSync(path, constants.O_RDONLY | NO_WAIT);
  try {
    const stats = fstatSync(file, { bigint: true });
    if (!stats.isFile()) throw new Error('it is not a file');
    return work(file, stats);
  } finally {
    closeSync(file);
  }
}

/** All of an open file. Its size does not tell: files of the kernel say 0, and others grow. @throws if it has more */
export function readAtMost(file: number, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; total <= maxBytes; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const length = readSync(file, chunk);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
    total += length;
  }
  throw new Error(`it is larger than ${maxBytes / 1e6} MB`);
}

/**
 * The text of a regular file that anybody may have written, which may be huge.
 * @throws the file system's error, or why the file is not read
 */
export function readBounded(path: string, maxBytes: number): string {
  return withRegularFile(path, (file) => decode(readAtMost(file, maxBytes)));
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error('it is not valid UTF-8');
  }
}
