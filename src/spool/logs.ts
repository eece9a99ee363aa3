import { randomBytes } from 'node:crypto';
import { constants, lstatSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../domain/key/sha256.ts';
import { isCode, makeOwnDirectory, NotOwnError, ownUser } from '../os/own-file.ts';
import { readable } from './entry.ts';
import { LogFile, type LogPiece } from './log-file.ts';
import { namesIn } from './old-records.ts';

/** A log of this size gets no more entries: a new reader has to start at its beginning. */
const ROTATE_BYTES = 1024 * 1024;

/** If the last write to a closed log is older than this, in ms, its writer was killed. */
const BEING_WRITTEN_MS = 1000;

interface OpenLog {
  readonly log: LogFile;
  /** Pieces that were read but not taken. */
  readonly held: Set<LogPiece>;
  /** `open`: engines append to it. `closed`: they no longer do. `gone`: it has no name any more. */
  state: 'open' | 'closed' | 'gone';
}

/** The logs of a spool, for the process that ingests them: it reads each piece once, continuously. */
export class Logs {
  readonly #directory: string;
  readonly #quarantineDirectory: string;
  #open: OpenLog[] = [];

  constructor(directory: string, quarantineDirectory: string) {
    this.#directory = directory;
    this.#quarantineDirectory = quarantineDirectory;
  }

  /**
   * Finds new logs, which `next` then reads too. Logs that other processes have rotated are recognised by their inode.
   * @returns how many files were not logs and are now in quarantine
   */
  find(): number {
    let foreign = 0;
    for (const name of logNames(this.#directory)) {
      const path = join(this.#directory, name);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      const known = this.#open.find(({ log }) => log.inode === stat.ino);
      if (known !== undefined) known.log.path = path;
      else if (!this.#add(path)) foreign += 1;
    }
    return foreign;
  }

  /**
   * The next piece of any log; undefined once all are read. Deletes logs whose pieces are all taken.
   * @param rotateBytes maximum size of the current log if nothing in it waits
   */
  next(rotateBytes = ROTATE_BYTES): LogPiece | undefined {
    for (const open of [...this.#open]) {
      const piece = this.#nextOf(open, rotateBytes);
      if (piece === undefined) continue;
      open.held.add(piece);
      return piece;
    }
    return undefined;
  }

  isWaiting(piece: LogPiece): boolean {
    const isThere = this.#heldBy(piece) !== undefined && piece.log.isWaiting(piece);
    if (!isThere) this.#drop(piece);
    return isThere;
  }

  take(piece: LogPiece): void {
    if (this.#heldBy(piece) !== undefined) piece.log.take(piece);
    this.#drop(piece);
  }

  /** Keeps the bytes so that somebody can examine them. @returns false if another process did so */
  quarantine(piece: LogPiece): boolean {
    const isOurs = piece.token === undefined ? piece.log.isSame(piece) : this.isWaiting(piece);
    const bytes = piece.token === undefined ? readable(piece.frames) : piece.frames;
    const isNew = isOurs && this.#keep(bytes);
    if (isOurs) this.take(piece);
    else this.#drop(piece);
    // An engine completed a write that seemed torn.
    if (!isOurs && piece.token === undefined) piece.log.rewind(piece.at);
    return isNew;
  }

  /** Starts again: pieces that were read but not taken will be read again. */
  close(): void {
    for (const { log } of this.#open) log.close();
    this.#open = [];
  }

  #heldBy(piece: LogPiece): OpenLog | undefined {
    return this.#open.find(({ log, held }) => log === piece.log && held.has(piece));
  }

  #drop(piece: LogPiece): void {
    this.#heldBy(piece)?.held.delete(piece);
  }

  #keep(bytes: Buffer): boolean {
    const name = `log-${sha256Hex(bytes).slice(0, 16)}`;
    makeOwnDirectory(this.#quarantineDirectory);
    try {
      writeFileSync(join(this.#quarantineDirectory, name), bytes, { mode: 0o600, flag: 'wx' });
      return true;
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
      return false;
    }
  }

  /** @returns false if it is not our log */
  #add(path: string): boolean {
    try {
      const log = new LogFile(path);
      const isClosed = (log.stat().mode & constants.S_IWUSR) === 0;
      this.#open.push({ log, held: new Set(), state: isClosed ? 'closed' : 'open' });
      return true;
    } catch (error) {
      if (isCode(error, 'ENOENT')) return true;
      if (!isForeign(path, error)) throw error;
    }
    makeOwnDirectory(this.#quarantineDirectory);
    renameSync(path, join(this.#quarantineDirectory, `no-log-${randomBytes(8).toString('hex')}`));
    return false;
  }

  #nextOf(open: OpenLog, rotateBytes: number): LogPiece | undefined {
    for (;;) {
      const piece = open.log.next();
      if (piece !== undefined) return piece;
      if (this.#isInUse(open, rotateBytes)) return undefined;
      const rest = this.#retire(open);
      if (rest === 'kept') return undefined;
      if (rest !== undefined) return rest;
    }
  }

  /** Whether something in it waits, or engines start entries in it. Rotates it if it is too long. */
  #isInUse(open: OpenLog, rotateBytes: number): boolean {
    const { nlink, size } = open.log.stat();
    if (nlink === 0) open.state = 'gone';
    if (open.state === 'open' && open.log.path === join(this.#directory, 'log')) {
      if (size <= (open.held.size > 0 ? ROTATE_BYTES : rotateBytes)) return true;
      this.#rotate(open);
    }
    return open.held.size > 0;
  }

  #rotate({ log }: OpenLog): void {
    const id = `${Date.now().toString(36).padStart(9, '0')}-${randomBytes(8).toString('hex')}`;
    log.rename(join(this.#directory, `log.${id}`));
  }

  /**
   * Takes one step towards deleting a log; after each step, the caller reads what engines wrote meanwhile. A log is
   * deleted only after everything written before it was closed was read, so nothing is lost even if a reader is killed.
   */
  #retire(open: OpenLog): LogPiece | 'kept' | undefined {
    const { log } = open;
    if (open.state === 'open') {
      log.seal();
      open.state = 'closed';
      return undefined;
    }
    if (open.state === 'closed') {
      const tail = log.tail();
      if (tail !== undefined) {
        return Date.now() - log.stat().mtimeMs < BEING_WRITTEN_MS ? 'kept' : tail;
      }
      log.unlink();
      open.state = 'gone';
      return undefined;
    }
    log.close();
    this.#open = this.#open.filter((other) => other !== open);
    return 'kept';
  }
}

/** Whether the file is not ours, so that engines cannot use it either. */
function isForeign(path: string, error: unknown): boolean {
  if (error instanceof NotOwnError || isCode(error, 'EISDIR', 'ENXIO')) return true;
  return isCode(error, 'EACCES') && lstatSync(path).uid !== ownUser();
}

/** All waiting pieces, which other processes may read too; takes none. */
export function* piecesOf(directory: string): Generator<LogPiece> {
  for (const name of logNames(directory)) {
    const log = openToRead(join(directory, name));
    if (log === undefined) continue;
    try {
      for (let piece = log.next(); piece !== undefined; piece = log.next()) {
        if (piece.token !== undefined) yield piece;
      }
    } finally {
      log.close();
    }
  }
}

/** Skips files that are not logs; the ingesting process quarantines them. */
function openToRead(path: string): LogFile | undefined {
  try {
    return new LogFile(path, constants.O_RDONLY);
  } catch (error) {
    if (isCode(error, 'ENOENT') || isForeign(path, error)) return undefined;
    throw error;
  }
}

/** Rotated logs come before the one that engines append to. */
function logNames(directory: string): string[] {
  const names = namesIn(directory).filter((name) => /^log(\.|$)/.test(name));
  return names.sort((a, b) => Number(a === 'log') - Number(b === 'log') || (a < b ? -1 : 1));
}
