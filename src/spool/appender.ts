import { closeSync, constants, fchmodSync, fstatSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isCode, makeOwnDirectory, openToAppend, requireDirectory } from '../os/own-file.ts';
import { encodeEntry, newToken } from './entry.ts';

/** Who reads takes a log away as it is opened, or written to. */
const MAX_TRIES = 4;

const OWN_BITS = 0o600;
const WRITE_BIT = 0o200;

/** Puts executions of this process on record. Twin: src/launcher/record.c. */
export function createAppender(directory: string) {
  /** Those that have begun and not ended. */
  const begun = new Map<string, { readonly token: Buffer; file: number | undefined }>();

  /** @throws what the file system says; then no file is open */
  function append(id: string, frames: Uint8Array): void {
    const own = begun.get(id) ?? { token: newToken(), file: undefined };
    begun.set(id, own);
    const entry = encodeEntry(own.token, frames);
    let name = 'log';
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      own.file ??= openLog(directory, name);
      const file = own.file;
      try {
        writeWhole(file, entry);
        if (!isClosed(file)) return;
        forget(own);
      } catch (error) {
        forget(own);
        // A log that may not grow for us: a limit of ours may be lower than what others wrote.
        if (name !== 'log') throw error;
        name = `log.${id}`;
      }
    }
    throw new Error(`expected ${join(directory, name)} to stay, and it was taken away each time`);
  }

  function last(id: string, frames: Uint8Array): void {
    try {
      append(id, frames);
    } finally {
      const own = begun.get(id);
      if (own !== undefined) forget(own);
      begun.delete(id);
    }
  }

  return {
    /** What is known so far; each says all of it. */
    append,
    /** The same, when there will be no more. */
    finish: last,
    /** It is on record elsewhere: what was appended does not count. One that is not begun is fine. */
    discard(id: string): void {
      const own = begun.get(id);
      if (own?.file === undefined) begun.delete(id);
      else last(id, new Uint8Array());
    },
  };
}

function forget(own: { file: number | undefined }): void {
  if (own.file !== undefined) closeSync(own.file);
  own.file = undefined;
}

function openLog(directory: string, name: string): number {
  requireDirectory(directory);
  const path = join(directory, name);
  let file: number;
  try {
    file = openToAppend(path, constants.O_CREAT);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
    makeOwnDirectory(directory);
    file = openToAppend(path, constants.O_CREAT);
  }
  // As a mask made it that takes away our own bits.
  const { mode, size } = fstatSync(file);
  if (size === 0 && (mode & OWN_BITS) !== OWN_BITS) fchmodSync(file, OWN_BITS);
  return file;
}

/** In one write, which the system does not mix with another's. */
function writeWhole(file: number, entry: Buffer): void {
  if (writeSync(file, entry) < entry.length) throw new Error('there is no room for the record');
}

/** Who has read all of a log makes it read-only, reads what came until then, and deletes it. */
function isClosed(file: number): boolean {
  const { nlink, mode } = fstatSync(file);
  return nlink === 0 || (mode & WRITE_BIT) === 0;
}
