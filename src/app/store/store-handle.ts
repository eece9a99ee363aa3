import { type Database, isCorrupt, openDatabase } from '../../store/database.ts';
import { createExecutionWriter, type ExecutionWriter } from '../../store/executions.ts';
import { fileIdentity, quarantineDatabase } from '../../store/files/quarantine.ts';

export interface Store {
  readonly db: Database;
  readonly writer: ExecutionWriter;
}

/**
 * The database of one process: opened at its first use, closed at the end.
 * A database that turns out corrupt, at opening or at any statement, is set aside under a new name; the same work
 * is then done once more on a fresh one.
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
      `the database was corrupt and is now ${target}`,
      at.toISOString(),
    );
  }

  return {
    /** Does `work` on the open store. @throws what SQLite or the file system says */
    use<T>(work: (store: Store) => T): T {
      const before = fileIdentity(path);
      // Deleted or set aside by another process: what is written to the open one would be lost.
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
