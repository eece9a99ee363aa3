import { closeSync, constants, fchmodSync, fstatSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isCode, makeOwnDirectory, openToAppend, requireDirectory } from '../os/own-file.ts';
import { encodeEntry, newToken } from './entry.ts';

/** The reader of the spool may close a log just when it is opened or written to. */
const MAX_TRIES = 4;

const OWN_BITS = 0o600;
const WRITE_BIT = 0o200;

/** Records executions of this process. C port: src/launcher/record.c. */
export function createAppender(directory: string) {
  /** Executions that have started and not finished. */
  const unfinished = new Map<string, { readonly token: Buffer; file: number | undefined }>();

  /** @throws the file system's error; no file is open then */
  function append(id: string, frames: Uint8Array): void {
    const own = unfinished.get(id) ?? { token: newToken(), file: undefined };
    unfinished.set(id, own);
    const entry = encodeEntry(own.token, frames);
    let name = 'log';
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      own.file ??= openLog(directory, name);
      const file = own.file;
      try {
        writeWhole(file, entry);
        if (!isClosed(file)) return;
        closeFile(own);
      } catch (error) {
        closeFile(own);
        // This process may not let the log grow: its file size limit may be lower than the log's size.
        if (name !== 'log') throw error;
        name = `log.${id}`;
      }
    }
    throw new Error(
      `${join(directory, name)} was closed at each of ${MAX_TRIES} attempts to write`,
    );
  }

  function finish(id: string, frames: Uint8Array): void {
    try {
      append(id, frames);
    } finally {
      const own = unfinished.get(id);
      if (own !== undefined) closeFile(own);
      unfinished.delete(id);
    }
  }

  return {
    /** Appends what is known so far; each entry is complete. */
    append,
    /** Appends the last entry of an execution. */
    finish,
    /** Revokes an execution that was recorded elsewhere. An unknown id is fine. */
    discard(id: string): void {
      const own = unfinished.get(id);
      if (own?.file === undefined) unfinished.delete(id);
      else finish(id, new Uint8Array());
    },
  };
}

function closeFile(own: { file: number | undefined }): void {
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
  // The umask may have removed our own permissions.
  const { mode, size } = fstatSync(file);
  if (size === 0 && (mode & OWN_BITS) !== OWN_BITS) fchmodSync(file, OWN_BITS);
  return file;
}

/** Writes the entry in one call, so that the system does not mix it with another. */
function writeWhole(file: number, entry: Buffer): void {
  if (writeSync(file, entry) < entry.length) throw new Error('there is no space for the record');
}

/** After reading a log, the reader makes it read-only, reads what arrived until then, and deletes it. */
function isClosed(file: number): boolean {
  const { nlink, mode } = fstatSync(file);
  return nlink === 0 || (mode & WRITE_BIT) === 0;
}
