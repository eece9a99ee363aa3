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

/** Read at once; an entry that is longer is read in one piece. */
const WINDOW_BYTES = 256 * 1024;

/** What waits in a log, or was lost in it. */
export interface LogPiece {
  readonly log: LogFile;
  readonly at: number;
  readonly bytes: number;
  /** Of an entry: what all entries of its execution share, and its frames. Of what was lost: none of them. */
  readonly token: string | undefined;
  readonly frames: Buffer;
}

/** One log, read from its beginning on. */
export class LogFile {
  readonly inode: number;
  /** Where it was seen last. */
  path: string;
  readonly #file: number;
  #at = 0;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  /** @throws what the file system says, or that it is not one of our own */
  constructor(path: string, flags: number = constants.O_RDWR) {
    this.path = path;
    this.#file = openOwnFile(path, flags);
    this.inode = fstatSync(this.#file).ino;
  }

  close(): void {
    closeSync(this.#file);
  }

  stat = () => fstatSync(this.#file);

  /** What waits next, or was lost; undefined at the end of what is there, where a write may be under way. */
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

  /** Reads again from there. */
  rewind(at: number): void {
    this.#at = at;
    this.#window = Buffer.alloc(0);
    this.#windowAt = at;
  }

  /** What is behind all that is whole; undefined where that is nothing. */
  tail(): LogPiece | undefined {
    const { size } = this.stat();
    if (size <= this.#at) return undefined;
    const frames = this.#read(this.#at, size - this.#at);
    if (frames.every((byte) => byte === 0)) return undefined;
    return { log: this, at: this.#at, bytes: frames.length, token: undefined, frames };
  }

  /** Whether nobody else has taken it meanwhile: who reads what another wipes finds it taken when looking again. */
  isWaiting({ at }: LogPiece): boolean {
    return this.#read(at + STATE_AT, 1)[0] === WAITING;
  }

  /** Whether this piece is still as it was read. */
  isSame({ at, frames }: LogPiece): boolean {
    return this.#read(at, frames.length).equals(frames);
  }

  /** Never again, by whoever reads it; and what it said is private, and goes. */
  take({ at, bytes, token }: LogPiece): void {
    if (token === undefined) return void writeSync(this.#file, Buffer.alloc(bytes), 0, bytes, at);
    writeSync(this.#file, Buffer.from([TAKEN]), 0, 1, at + STATE_AT);
    const length = bytes - HEADER_BYTES - TOKEN_BYTES;
    writeSync(this.#file, Buffer.alloc(length), 0, length, at + HEADER_BYTES);
  }

  /** Takes the name from it under which engines open it. Who else does so at the same time may have been faster. */
  rename(path: string): void {
    try {
      renameSync(this.path, path);
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
    }
    this.path = path;
  }

  /** What engines write from now on they write elsewhere, too: they look at this after each write. */
  seal(): void {
    fchmodSync(this.#file, 0o400);
  }

  /** Only where it is still what has this name. */
  unlink(): void {
    if (lstatSync(this.path, { throwIfNoEntry: false })?.ino === this.inode) unlinkSync(this.path);
  }

  /** Has so many bytes from here in the window, or all there are. @returns whether it has all */
  #look(wanted: number): boolean {
    const here = this.#at - this.#windowAt;
    if (this.#window.length - here >= wanted) return false;
    const bytes = Math.max(wanted, WINDOW_BYTES);
    this.#window = this.#read(this.#at, bytes);
    this.#windowAt = this.#at;
    return this.#window.length < bytes;
  }

  #read(at: number, bytes: number): Buffer {
    const most = Math.min(bytes, Math.max(this.stat().size - at, 0));
    const buffer = Buffer.allocUnsafe(most);
    let length = 0;
    while (length < most) {
      const read = readSync(this.#file, buffer, length, most - length, at + length);
      if (read === 0) break;
      length += read;
    }
    return buffer.subarray(0, length);
  }
}
