import { closeSync, constants } from 'node:fs';
import { HookbusError } from '../domain/errors.ts';
import { openToAppend, requireOwnFile } from '../os/own-file.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { type Database, openSqlite } from './sqlite/sqlite.ts';

export type { Database } from './sqlite/sqlite.ts';

/** How long a statement of a hook waits for a lock, in ms. Opening and writing together then take less than 200 ms. */
export const HOOK_BUSY_MS = 80;

/** The same for a claim: longer, because the caller asked not to run a hook twice, and shorter than it may wait. */
export const CLAIM_BUSY_MS = 1000;

/** The same for a command that a person runs. */
export const COMMAND_BUSY_MS = 5000;

/**
 * Opens the database; makes it (0600) and migrates it if necessary. Its directory must exist.
 * @throws HookbusError `E_DB_NEWER` for a database of a later HookBus, which stays unchanged;
 *   otherwise SQLite's error (`isCorrupt`, `isBusy`)
 */
export function openDatabase(path: string, busyMs: number): Database {
  makePrivateFile(path);
  const db = openSqlite(path, { timeout: busyMs });
  try {
    // This works only before the database has pages. It lets `cleanup` return space bit by bit.
    if (db.pragma('page_count', { simple: true }) === 0) db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    // Overwrites deleted data as long as that takes no additional writes.
    db.pragma('secure_delete = FAST');
    // In KiB if negative. The default of 16 MB is too much memory for a background process.
    db.pragma('cache_size = -2000');
    migrate(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * SQLite would use the umask, and its -wal and -shm files inherit the mode of the database. It also follows links, so
 * there must be none. A FIFO with this name is an error; opening it does not block.
 */
function makePrivateFile(path: string): void {
  closeSync(openToAppend(path, constants.O_CREAT));
  requireOwnSideFiles(path);
}

function requireOwnSideFiles(path: string): void {
  for (const side of ['-wal', '-shm', '-journal']) requireOwnFile(path + side);
}

/** Opens a database to read it; makes and migrates nothing. @throws SQLite's error */
export function openToRead(path: string, busyMs: number): Database {
  requireOwnFile(path);
  requireOwnSideFiles(path);
  return openSqlite(path, { readonly: true, fileMustExist: true, timeout: busyMs });
}

function migrate(db: Database, path: string): void {
  const version = (): number => Number(db.pragma('user_version', { simple: true }));
  if (version() > MIGRATIONS.length) {
    throw new HookbusError(
      'E_DB_NEWER',
      `${path} has version ${version()}; this HookBus knows versions up to ${MIGRATIONS.length}`,
      'Install the newer HookBus again, or point HOOKBUS_HOME somewhere else. Executions wait in the spool meanwhile.',
    );
  }
  if (version() === MIGRATIONS.length) return;
  // Another process may have migrated while this one waited for the lock, so the version is read again.
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
 * Takes a lock that only one process can hold; the operating system releases it when the process dies.
 * @returns a function that releases the lock
 * @throws if another process holds it for longer than `busyMs` (`isBusy`)
 */
export function takeLock(lockPath: string, busyMs: number): () => void {
  makePrivateFile(lockPath);
  const lock = openSqlite(lockPath, { timeout: busyMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw error;
  }
  return () => void lock.close();
}

/** Runs `work` while this process holds a lock. @throws what `takeLock` and `work` throw */
export function withLock<T>(lockPath: string, busyMs: number, work: () => T): T {
  const release = takeLock(lockPath, busyMs);
  try {
    return work();
  } finally {
    release();
  }
}
