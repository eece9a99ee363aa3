import { fstatSync, readFileSync, readSync } from 'node:fs';

/** Most that is looked at, in bytes. */
const MAX_BYTES = 8 * 1024 * 1024;

const PIECE_BYTES = 256 * 1024;

/**
 * Whether what is on stdin passes through us. All else is the hook's own, so that others who share it find it as the
 * hook left it: a file of which a loop reads the next line, a keyboard.
 */
export function passesThrough(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

/** A file on stdin that stays the hook's own: read beside the place where the hook begins to read. */
export interface OwnFile {
  readonly bytes: Buffer;
  /** Whether that is all there is of it. */
  readonly isAll: boolean;
  /** How many bytes the hook has read by now; 0 where the system does not tell. */
  readonly read: () => number;
}

/** Undefined where there is none, or the system does not say where in it the hook begins. */
export function lookIntoOwnFile(): OwnFile | undefined {
  try {
    if (!fstatSync(0).isFile()) return undefined;
    const start = place();
    const pieces: Buffer[] = [];
    let length = 0;
    let isAll = false;
    while (!isAll && length < MAX_BYTES) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const got = readSync(0, piece, 0, PIECE_BYTES, start + length);
      pieces.push(piece.subarray(0, got));
      length += got;
      isAll = got === 0;
    }
    return { bytes: Buffer.concat(pieces), isAll, read: () => Math.max(place() - start, 0) };
  } catch {
    return undefined;
  }
}

/** Where in its file stdin is. @throws where the system does not tell */
function place(): number {
  const offset = /^pos:\s+(\d+)/m.exec(readFileSync('/proc/self/fdinfo/0', 'latin1'))?.[1];
  if (offset === undefined) throw new Error('expected a place in /proc/self/fdinfo/0');
  return Number(offset);
}
