import Sqlite from 'better-sqlite3';
import { reasonOf } from '../../domain/errors.ts';
import {
  type Database,
  loadNodeSqlite,
  type OpenOptions,
  openNodeDatabase,
} from './node-sqlite.ts';

export type { Database } from './node-sqlite.ts';

/** Set from the first database that better-sqlite3 could not open, because its native part cannot be loaded. */
let node: ReturnType<typeof loadNodeSqlite>;

/** @throws SQLite's error; that of better-sqlite3 if its native part cannot be loaded and this Node has no SQLite */
export function openSqlite(path: string, options: OpenOptions): Database {
  if (node !== undefined) return openNodeDatabase(node, path, options);
  try {
    return new Sqlite(path, options);
  } catch (error) {
    if (!isNativePartMissing(error)) throw error;
    node = loadNodeSqlite();
    if (node === undefined) throw error;
    return openNodeDatabase(node, path, options);
  }
}

/** Whether Node's own SQLite serves in place of better-sqlite3. */
export const isNodeSqlite = (): boolean => node !== undefined;

/** It is missing, was built for another Node, or needs a newer C library. */
export function isNativePartMissing(error: unknown): boolean {
  const isNotLoadable =
    error instanceof Error && 'code' in error && error.code === 'ERR_DLOPEN_FAILED';
  return (
    isNotLoadable ||
    /bindings file|NODE_MODULE_VERSION|^Cannot find module 'better-sqlite3/.test(reasonOf(error))
  );
}
