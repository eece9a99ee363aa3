import type Sqlite from 'better-sqlite3';

/** What the store uses of a database, however it is opened. */
export type Database = Pick<
  Sqlite.Database,
  'prepare' | 'pragma' | 'exec' | 'transaction' | 'function' | 'close'
>;

export interface OpenOptions {
  readonly readonly?: boolean;
  readonly fileMustExist?: boolean;
  /** How long a statement waits for a lock, in ms. */
  readonly timeout: number;
}

type Row = Readonly<Record<string, unknown>>;

/** What this file uses of `node:sqlite`, whose types are those of a later Node than the oldest supported one. */
interface NodeStatement {
  readonly run: (...values: unknown[]) => Sqlite.RunResult;
  readonly get: (...values: unknown[]) => Row | undefined;
  readonly all: (...values: unknown[]) => Row[];
  readonly iterate: (...values: unknown[]) => IterableIterator<Row>;
  readonly setReadBigInts: (isOn: boolean) => void;
  /** Since Node 22.16. */
  readonly setReturnArrays?: (isOn: boolean) => void;
}
interface NodeDatabase {
  readonly prepare: (sql: string) => NodeStatement;
  readonly exec: (sql: string) => void;
  readonly function: (name: string, ...given: unknown[]) => void;
  readonly close: () => void;
}
interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: { readOnly: boolean }) => NodeDatabase;
}

/** @returns undefined where this Node has no SQLite, or hides it behind an option */
export function loadNodeSqlite(): NodeSqlite | undefined {
  const warn = process.emitWarning;
  // What a hook writes to stderr reaches the agent, which must not find a warning of Node there.
  process.emitWarning = (...given: unknown[]) => {
    if (given[1] === 'ExperimentalWarning' && /^SQLite\b/.test(String(given[0]))) return;
    Reflect.apply(warn, process, given);
  };
  try {
    return process.getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined;
  } finally {
    process.emitWarning = warn;
  }
}

/** Opens a database with Node's own SQLite, which then behaves like one of better-sqlite3. */
export function openNodeDatabase(
  { DatabaseSync }: NodeSqlite,
  path: string,
  { readonly = false, timeout }: OpenOptions,
): Database {
  const db = alike(() => new DatabaseSync(path, { readOnly: readonly }));
  db.exec(`PRAGMA busy_timeout = ${timeout}`);
  const prepare = (sql: string) =>
    createStatement(
      alike(() => db.prepare(sql)),
      namesIn(sql),
    );
  let isOpen = true;
  const adapted = {
    prepare,
    pragma: (source: string, { simple = false } = {}) => {
      const statement = prepare(`PRAGMA ${source}`);
      return simple ? statement.pluck().get() : statement.all();
    },
    exec: (sql: string) => {
      alike(() => db.exec(sql));
      return adapted;
    },
    transaction: createTransactions((sql) => alike(() => db.exec(sql))),
    function: (name: string, ...given: unknown[]) => {
      db.function(name, ...given);
      return adapted;
    },
    close: () => {
      if (isOpen) db.close();
      isOpen = false;
      return adapted;
    },
  };
  return adapted as unknown as Database;
}

/** The names of a statement's values. */
const namesIn = (sql: string): ReadonlySet<string> =>
  new Set(Array.from(sql.matchAll(/[@:$](\w+)/g), ([, name = '']) => name));

type Shape = (row: Row) => unknown;

function createStatement(inner: NodeStatement, names: ReadonlySet<string>) {
  let shape: Shape = asObject;
  const reshaped = (to: Shape) => {
    inner.setReturnArrays?.(true);
    shape = to;
    return statement;
  };
  /** better-sqlite3 rounds an integer that a number cannot hold, where Node throws. */
  const tryAgain = (error: unknown): void => {
    if (codeOf(error) !== 'ERR_OUT_OF_RANGE') throw asSqliteError(error);
    inner.setReadBigInts(true);
  };
  const read = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      tryAgain(error);
      return alike(work);
    }
  };
  const statement = {
    run: (...given: unknown[]) => alike(() => inner.run(...bindable(given, names))),
    get: (...given: unknown[]) => {
      const row = read(() => inner.get(...bindable(given, names)));
      return row === undefined ? undefined : shape(row);
    },
    all: (...given: unknown[]) => read(() => inner.all(...bindable(given, names))).map(shape),
    *iterate(...given: unknown[]) {
      const values = bindable(given, names);
      for (let taken = 0; ; ) {
        let at = 0;
        try {
          for (const row of inner.iterate(...values)) {
            at += 1;
            if (at <= taken) continue;
            taken += 1;
            yield shape(row);
          }
          return;
        } catch (error) {
          tryAgain(error);
        }
      }
    },
    pluck: () => reshaped((row) => columnsOf(row)[0]),
    raw: () => reshaped(columnsOf),
  };
  return statement;
}

/** Node's rows have no prototype and are slow to read. */
function asObject(row: Row): Row {
  const object: Record<string, unknown> = {};
  for (const name in row) object[name] = plainValue(row[name]);
  return object;
}

/** Older versions of Node have rows only as objects. */
const columnsOf = (row: Row): unknown[] =>
  (Array.isArray(row) ? row : Object.values(row)).map(plainValue);

function plainValue(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return typeof value === 'bigint' ? Number(value) : value;
}

/** Node binds bytes without an address as null, and an empty Buffer has none. */
const EMPTY = new Uint8Array(new ArrayBuffer(1), 0, 0);

/** As better-sqlite3 takes it: undefined is null. */
function bound(value: unknown): unknown {
  if (ArrayBuffer.isView(value) && value.byteLength === 0) return EMPTY;
  return value ?? null;
}

/** As better-sqlite3 takes them: names that a statement does not have are skipped. */
function bindable(given: readonly unknown[], names: ReadonlySet<string>): unknown[] {
  return given.map((value) => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value))
      return bound(value);
    const named: Record<string, unknown> = {};
    for (const name of names) {
      if (name in value) named[name] = bound((value as Row)[name]);
    }
    return named;
  });
}

/** Makes functions whose writes all happen or none; inside another, a savepoint. */
function createTransactions(exec: (sql: string) => void) {
  let depth = 0;
  const run = <T>(begin: string, work: () => T): T => {
    const isOutermost = depth === 0;
    exec(isOutermost ? begin : 'SAVEPOINT inner');
    depth += 1;
    try {
      const result = work();
      exec(isOutermost ? 'COMMIT' : 'RELEASE inner');
      return result;
    } catch (error) {
      undo(isOutermost ? 'ROLLBACK' : 'ROLLBACK TO inner; RELEASE inner', exec);
      throw error;
    } finally {
      depth -= 1;
    }
  };
  return <Given extends unknown[], T>(work: (...given: Given) => T) => {
    const by =
      (begin: string) =>
      (...given: Given): T =>
        run(begin, () => work(...given));
    return Object.assign(by('BEGIN'), {
      deferred: by('BEGIN DEFERRED'),
      immediate: by('BEGIN IMMEDIATE'),
      exclusive: by('BEGIN EXCLUSIVE'),
    });
  };
}

/** After an error such as a full disk, SQLite may have ended the transaction itself. */
function undo(sql: string, exec: (sql: string) => void): void {
  try {
    exec(sql);
  } catch {}
}

function alike<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asSqliteError(error);
  }
}

/** The names of SQLite's results, by number. */
const CODES = [
  ...['OK', 'ERROR', 'INTERNAL', 'PERM', 'ABORT', 'BUSY', 'LOCKED', 'NOMEM', 'READONLY'],
  ...['INTERRUPT', 'IOERR', 'CORRUPT', 'NOTFOUND', 'FULL', 'CANTOPEN', 'PROTOCOL', 'EMPTY'],
  ...['SCHEMA', 'TOOBIG', 'CONSTRAINT', 'MISMATCH', 'MISUSE', 'NOLFS', 'AUTH', 'FORMAT'],
  ...['RANGE', 'NOTADB'],
];

/** Gives an error the code that better-sqlite3 would, without the details that some have behind it. */
function asSqliteError(error: unknown): unknown {
  if (!(error instanceof Error && codeOf(error) === 'ERR_SQLITE_ERROR')) return error;
  const number = 'errcode' in error ? Number(error.errcode) & 0xff : 1;
  return Object.assign(error, { code: `SQLITE_${CODES[number] ?? 'ERROR'}` });
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
