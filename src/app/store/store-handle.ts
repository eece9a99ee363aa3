import { type Database, isCorrupt, openDatabase } from '../../store/database.ts';
import { createExecutionWriter, type ExecutionWriter } from '../../store/executions.ts';
import { fileIdentity, quarantineDatabase } from '../../store/files/quarantine.ts';

export interface Store {
  readonly db: Database;
  readonly writer: ExecutionWriter;
}

/**
 * The database of one process: opened on first use, closed at the end. If the database is corrupt, at opening or in any
 * statement, it is quarantined under a new name, and `work` is repeated once on a new database.
 */
export function createStoreHandle(path: string, busyMs: number, now: () => number) {
  let open: { readonly store: Store; readonly identity: number } | undefined;

  function current(): Store {
    if (open === undefined) {
      const db = openDatabase(path, busyMs);
      open = { store: { db, writer: createExecutionWriter(db) }, identity: fileIdentity(path) };
    }
    return open.store;
  }

  function close(): void {
    open?.store.db.close();
    open = undefined;
  }

  function replaceCorrupt(identity: number): void {
    close();
    const at = new Date(now());
    const target = quarantineDatabase(path, identity, at);
    if (target === undefined) return;
    current().writer.note(
      'database',
      `the database was corrupt; it was moved to ${target}`,
      at.toISOString(),
    );
  }

  return {
    /** Runs `work` on the open store. @throws errors of SQLite or the file system */
    use<T>(work: (store: Store) => T): T {
      const before = fileIdentity(path);
      // Another process deleted or quarantined the file: writes to the open one would be lost.
      if (open !== undefined && open.identity !== before) close();
      try {
        return work(current());
      } catch (error) {
        if (!isCorrupt(error)) throw error;
        replaceCorrupt(open?.identity ?? before);
        return work(current());
      }
    },
    close,
  };
}

export type StoreHandle = ReturnType<typeof createStoreHandle>;
