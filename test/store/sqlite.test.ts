import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Database, openSqlite } from '../../src/store/sqlite/sqlite.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ofTest = (db: Database): Database => {
  onTestFinished(() => void db.close());
  return db;
};
const open = (path = join(temporaryDirectory(), 'x.db'), more = {}): Database =>
  ofTest(openSqlite(path, { timeout: 10, ...more }));

/** vitest.node-sqlite.config.ts runs this file with Node's own SQLite. */
describe('SQLite, whichever serves,', () => {
  it('takes values by position and by name, and needs no name that the statement does not have', () => {
    const db = open();
    db.exec('CREATE TABLE t (a, b)');
    expect(db.prepare('INSERT INTO t VALUES (?, ?)').run(1, null)).toEqual({
      changes: 1,
      lastInsertRowid: 1,
    });
    db.prepare('INSERT INTO t VALUES (@a, @b)').run({ a: 2, b: undefined, other: 'not used' });
    expect(db.prepare('SELECT * FROM t ORDER BY a').all()).toStrictEqual([
      { a: 1, b: null },
      { a: 2, b: null },
    ]);
  });

  it('takes no bytes as no bytes, and not as null', () => {
    const db = open();
    db.exec('CREATE TABLE t (body BLOB NOT NULL)');
    db.prepare('INSERT INTO t VALUES (?)').run(Buffer.alloc(0));
    db.prepare('INSERT INTO t VALUES (@body)').run({ body: Buffer.from('') });
    expect(db.prepare('SELECT body FROM t').pluck().all()).toEqual([
      Buffer.alloc(0),
      Buffer.alloc(0),
    ]);
  });

  it('gives bytes as a Buffer, whatever the shape of a row', () => {
    const db = open();
    const statement = () => db.prepare("SELECT x'7b7d' AS body, 'text' AS text");
    expect(statement().get()).toStrictEqual({ body: Buffer.from('{}'), text: 'text' });
    expect(statement().raw().all()).toStrictEqual([[Buffer.from('{}'), 'text']]);
    expect(statement().pluck().get()).toStrictEqual(Buffer.from('{}'));
    expect([...statement().iterate()]).toStrictEqual([{ body: Buffer.from('{}'), text: 'text' }]);
    expect(db.prepare('SELECT 1 WHERE 0').get()).toBeUndefined();
  });

  it('rounds an integer that a number cannot hold', () => {
    const db = open();
    const statement = () => db.prepare('SELECT 1 AS n UNION ALL SELECT 1152921504606846977');
    const rows = [{ n: 1 }, { n: 2 ** 60 }];
    expect(statement().all()).toEqual(rows);
    expect([...statement().iterate()]).toEqual(rows);
    expect(db.prepare('SELECT 1152921504606846977').pluck().get()).toBe(2 ** 60);
  });

  it('ends reading when a loop over rows ends early', () => {
    const path = join(temporaryDirectory(), 'x.db');
    const [db, other] = [open(path), open(path)];
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)');
    for (const row of db.prepare('SELECT a FROM t').iterate()) {
      expect(row).toEqual({ a: 1 });
      break;
    }
    other.exec('INSERT INTO t VALUES (3)');
    expect(other.pragma('wal_checkpoint(TRUNCATE)')).toEqual([
      { busy: 0, log: 0, checkpointed: 0 },
    ]);
  });

  it('writes all of a transaction or nothing, also of one inside another', () => {
    const db = open();
    db.exec('CREATE TABLE t (a)');
    const insert = db.transaction((a: number, fails: boolean) => {
      db.prepare('INSERT INTO t VALUES (?)').run(a);
      if (fails) throw new Error('as asked');
      return a;
    });
    expect(insert.immediate(1, false)).toBe(1);
    expect(() => insert(2, true)).toThrow('as asked');
    const outer = db.transaction(() => {
      insert(3, false);
      expect(() => insert(4, true)).toThrow('as asked');
      insert(5, false);
    });
    outer();
    expect(db.prepare('SELECT a FROM t').pluck().all()).toEqual([1, 3, 5]);
  });

  it('stays usable when SQLite itself ends a transaction', () => {
    const db = open();
    db.exec('CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)');
    const work = db.transaction(() => db.exec('INSERT OR ROLLBACK INTO t VALUES (1)'));
    expect(() => work()).toThrow('UNIQUE');
    db.transaction(() => db.exec('INSERT INTO t VALUES (2)'))();
    expect(db.prepare('SELECT a FROM t').pluck().all()).toEqual([1, 2]);
  });

  it.each<[string, () => unknown]>([
    ['SQLITE_BUSY', () => withLockedOut((db) => db.exec('BEGIN IMMEDIATE'))],
    ['SQLITE_NOTADB', () => open(aFile('x'.repeat(4096))).pragma('user_version')],
    ['SQLITE_CORRUPT', () => open(aDamagedDatabase()).prepare('SELECT * FROM t').all()],
    ['SQLITE_FULL', () => fill(open())],
    ['SQLITE_READONLY', () => open(aDatabase(), { readonly: true }).exec('DELETE FROM t')],
    ['SQLITE_CANTOPEN', () => open(join(temporaryDirectory(), 'none'), { readonly: true })],
    ['SQLITE_ERROR', () => open().prepare('no SQL')],
  ])('fails with %s', (code, work) => {
    expect(work).toThrow(expect.objectContaining({ code: expect.stringMatching(`^${code}`) }));
  });
});

function withLockedOut(work: (db: Database) => unknown): void {
  const path = aDatabase();
  open(path).exec('BEGIN EXCLUSIVE');
  work(open(path));
}

function aFile(text: string): string {
  const path = join(temporaryDirectory(), 'x.db');
  writeFileSync(path, text);
  return path;
}

function aDatabase(): string {
  const path = join(temporaryDirectory(), 'x.db');
  const db = openSqlite(path, { timeout: 0 });
  db.exec('CREATE TABLE t (a)');
  db.close();
  return path;
}

/** The second page, which has the rows of the only table, is spoiled. */
function aDamagedDatabase(): string {
  const path = aDatabase();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, 4096);
  closeSync(file);
  return path;
}

function fill(db: Database): void {
  db.pragma('max_page_count = 2');
  db.exec('CREATE TABLE t (a)');
  db.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(100_000));
}
