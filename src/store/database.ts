import { closeSync, constants } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { HookbusError } from '../domain/errors.ts';
import { openToAppend, requireOwnFile } from '../os/own-file.ts';
import { MIGRATIONS } from './migrations/index.ts';

export type Database = Sqlite.Database;

/** Most a statement waits for a lock, in ms, where a hook's caller waits too: opening and writing together stay under 200. */
export const HOOK_BUSY_MS = 80;

/** The same for a person's command. */
export const COMMAND_BUSY_MS = 5000;

/**
 * Opens the database, making it (0600) and migrating it where needed; its directory must be there.
 * @throws HookbusError `E_DB_NEWER` for a database of a later HookBus, which is left as it is;
 *   whatever SQLite says (`isCorrupt`, `isBusy`) otherwise
 */
export function openDatabase(path: string, busyMs: number): Database {
  makePrivateFile(path);
  const db = new Sqlite(path, { timeout: busyMs });
  try {
    // Only a database without pages can take this on; `cleanup` then gives space back a bit at a time.
    if (db.pragma('page_count', { simple: true }) === 0) db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    // What is deleted is gone, as far as that costs no write of its own.
    db.pragma('secure_delete = FAST');
    // In KiB when negative: the default of 16 MB is memory that a process in the background need not hold.
    db.pragma('cache_size = -4000');
    migrate(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * SQLite would make it by the umask, and its -wal and -shm files take the mode of the database. It also follows links,
 * so there must be none. A FIFO of that name is an error and not waited for.
 */
function makePrivateFile(path: string): void {
  closeSync(openToAppend(path, constants.O_CREAT));
  requireOwnSideFiles(path);
}

function requireOwnSideFiles(path: string): void {
  for (const side of ['-wal', '-shm', '-journal']) requireOwnFile(path + side);
}

/** Opens a database to look into it, as it is: nothing is made and nothing migrated. @throws whatever SQLite says */
export function openToRead(path: string, busyMs: number): Database {
  requireOwnFile(path);
  requireOwnSideFiles(path);
  return new Sqlite(path, { readonly: true, fileMustExist: true, timeout: busyMs });
}

function migrate(db: Database, path: string): void {
  const version = (): number => Number(db.pragma('user_version', { simple: true }));
  if (version() > MIGRATIONS.length) {
    throw new HookbusError(
      'E_DB_NEWER',
      `${path} is of version ${version()}; this HookBus knows ${MIGRATIONS.length}`,
      'Install the newer HookBus again, or point HOOKBUS_HOME somewhere else. Executions wait in the spool meanwhile.',
    );
  }
  if (version() === MIGRATIONS.length) return;
  // Another process may have migrated while this one waited for the lock, so the version is read again inside.
  db.transaction(() => {
    for (const sql of MIGRATIONS.slice(version())) db.exec(sql);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
  }).immediate();
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The file is not a database, or is damaged. */
export function isCorrupt(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));
}

/** Another process held the lock for longer than the busy timeout. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error));
}

/**
 * Takes a lock that one process can have at a time; the operating system frees it when the process dies.
 * @returns what gives it back
 * @throws when it cannot be had within `busyMs` (`isBusy`)
 */
export function takeLock(lockPath: string, busyMs: number): () => void {
  makePrivateFile(lockPath);
  const lock = new Sqlite(lockPath, { timeout: busyMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw error;
  }
  return () => void lock.close();
}

/** Runs `work` while no other process does so for the same lock file. @throws as `takeLock` and `work` do */
export function withLock<T>(lockPath: string, busyMs: number, work: () => T): T {
  const release = takeLock(lockPath, busyMs);
  try {
    return work();
  } finally {
    release();
  }
}
