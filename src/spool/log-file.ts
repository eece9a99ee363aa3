import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { isCode, openOwnFile } from '../os/own-file.ts';
import {
  framesOf,
  HEADER_BYTES,
  nextPiece,
  STATE_AT,
  TAKEN,
  TOKEN_BYTES,
  tokenOf,
  WAITING,
} from './entry.ts';

/** Bytes per read; a longer entry is read in one piece. */
const WINDOW_BYTES = 64 * 1024;

/** A waiting entry of a log, or a lost piece. */
export interface LogPiece {
  readonly log: LogFile;
  readonly at: number;
  readonly bytes: number;
  /** All entries of an execution share a token. A lost piece has none, and `frames` holds its bytes. */
  readonly token: string | undefined;
  readonly frames: Buffer;
}

/** One log, read from its beginning. */
export class LogFile {
  readonly inode: number;
  /** Its last known path. */
  path: string;
  readonly #file: number;
  #at = 0;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  /** @throws the file system's error, or that the file is not this user's own */
  constructor(path: string, flags: number = constants.O_RDWR) {
    this.path = path;
    this.#file = openOwnFile(path, flags);
    this.inode = fstatSync(this.#file).ino;
  }

  close(): void {
    closeSync(this.#file);
  }

  stat = () => fstatSync(this.#file);

  /** The next waiting or lost piece; undefined at the current end, where a write may be in progress. */
  next(): LogPiece | undefined {
    let wanted = HEADER_BYTES;
    for (;;) {
      const isAll = this.#look(wanted);
      const bytes = this.#window.subarray(this.#at - this.#windowAt);
      if (bytes.length === 0) return undefined;
      const piece = nextPiece(bytes, isAll);
      if (piece.kind === 'more') {
        if (isAll) return undefined;
        wanted = Math.max(piece.bytes, 2 * bytes.length);
        continue;
      }
      const found = bytes.subarray(0, piece.bytes);
      const [log, at] = [this, this.#at];
      this.#at += piece.bytes;
      wanted = HEADER_BYTES;
      if (piece.kind === 'lost') {
        return { log, at, bytes: piece.bytes, token: undefined, frames: Buffer.from(found) };
      }
      if (piece.kind !== 'entry' || piece.isTaken) continue;
      const token = tokenOf(found).toString('hex');
      return { log, at, bytes: piece.bytes, token, frames: framesOf(found) };
    }
  }

  /** Continues reading at a position. */
  rewind(at: number): void {
    this.#at = at;
    this.#window = Buffer.alloc(0);
    this.#windowAt = at;
  }

  /** The bytes after the last complete entry; undefined if there are none. */
  tail(): LogPiece | undefined {
    const { size } = this.stat();
    if (size <= this.#at) return undefined;
    const frames = this.#read(this.#at, size - this.#at);
    if (frames.every((byte) => byte === 0)) return undefined;
    return { log: this, at: this.#at, bytes: frames.length, token: undefined, frames };
  }

  /** Whether nobody has taken it meanwhile. A reader that read while another wiped notices it here. */
  isWaiting({ at }: LogPiece): boolean {
    return this.#read(at + STATE_AT, 1)[0] === WAITING;
  }

  /** Whether this piece is unchanged since it was read. */
  isSame({ at, frames }: LogPiece): boolean {
    return this.#read(at, frames.length).equals(frames);
  }

  /** Marks it as taken, so that no reader reads it again, and wipes its frames, which are private. */
  take({ at, bytes, token }: LogPiece): void {
    if (token === undefined) return void writeSync(this.#file, Buffer.alloc(bytes), 0, bytes, at);
    writeSync(this.#file, Buffer.from([TAKEN]), 0, 1, at + STATE_AT);
    const length = bytes - HEADER_BYTES - TOKEN_BYTES;
    writeSync(this.#file, Buffer.alloc(length), 0, length, at + HEADER_BYTES);
  }

  /** Moves it away from the path that engines open. Another reader may have been faster. */
  rename(path: string): void {
    try {
      renameSync(this.path, path);
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
    }
    this.path = path;
  }

  /** Makes engines write elsewhere: they check for this after each write. */
  seal(): void {
    fchmodSync(this.#file, 0o400);
  }

  /** Deletes it, but only if the path still leads to this file. */
  unlink(): void {
    if (lstatSync(this.path, { throwIfNoEntry: false })?.ino === this.inode) unlinkSync(this.path);
  }

  /** Reads until the window has `wanted` bytes from here, or all there are. @returns whether it has all */
  #look(wanted: number): boolean {
    const here = this.#at - this.#windowAt;
    if (this.#window.length - here >= wanted) return false;
    const bytes = Math.max(wanted, WINDOW_BYTES);
    this.#window = this.#read(this.#at, bytes);
    this.#windowAt = this.#at;
    return this.#window.length < bytes;
  }

  #read(at: number, bytes: number): Buffer {
    const available = Math.min(bytes, Math.max(this.stat().size - at, 0));
    const buffer = Buffer.allocUnsafe(available);
    let length = 0;
    while (length < available) {
      const read = readSync(this.#file, buffer, length, available - length, at + length);
      if (read === 0) break;
      length += read;
    }
    return buffer.subarray(0, length);
  }
}
