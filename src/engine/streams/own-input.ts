import { constants, fstatSync, readFileSync, readSync } from 'node:fs';

/** How much of a file on stdin is read. */
const MAX_BYTES = 8 * 1024 * 1024;

const PIECE_BYTES = 256 * 1024;

/** The type of a pipe in the mode of a file on Windows. */
const PIPE = 0o010000;

/**
 * Whether stdin passes through this process. The hook gets anything but a pipe or socket itself, so that others who
 * share it find it as the hook left it: a file that a loop reads line by line, or a keyboard.
 */
export function passesThrough(): boolean {
  try {
    const stat = fstatSync(0);
    // On Windows, Node never calls a pipe one.
    if (process.platform === 'win32') return (stat.mode & constants.S_IFMT) === PIPE;
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

/** A file on stdin that the hook reads itself. It is read here without moving its offset. */
export interface OwnFile {
  readonly bytes: Buffer;
  /** Whether `bytes` reach the end of the file. */
  readonly isAll: boolean;
  /** How many bytes the hook has read by now; 0 if the system does not say. */
  readonly read: () => number;
}

/** Undefined if stdin is not a file, or its offset is unknown. */
export function readOwnFile(): OwnFile | undefined {
  try {
    if (!fstatSync(0).isFile()) return undefined;
    const start = offsetOfStdin();
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
    return {
      bytes: Buffer.concat(pieces),
      isAll,
      read: () => Math.max(offsetOfStdin() - start, 0),
    };
  } catch {
    return undefined;
  }
}

/** @throws if the system does not say */
function offsetOfStdin(): number {
  const offset = /^pos:\s+(\d+)/m.exec(readFileSync('/proc/self/fdinfo/0', 'latin1'))?.[1];
  if (offset === undefined) throw new Error('/proc/self/fdinfo/0 has no offset');
  return Number(offset);
}
