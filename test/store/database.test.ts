import { copyFileSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { makeStateHome } from '../../src/config/home/state-home.ts';
import { isBusy, isCorrupt, openDatabase, withLock } from '../../src/store/database.ts';
import { fileIdentity, quarantineDatabase } from '../../src/store/files/quarantine.ts';
import { MIGRATIONS } from '../../src/store/migrations/index.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** One database of each earlier version. */
const DATABASES = fileURLToPath(new URL('../../fixtures/databases/', import.meta.url));

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
}

describe('the database', () => {
  it('is made private, in a private directory, whatever the umask', () => {
    const path = join(temporaryDirectory(), 'state', 'hook_bus.db');
    const umask = process.umask(0);
    try {
      makeStateHome(join(path, '..'));
      openDatabase(path, 0).close();
    } finally {
      process.umask(umask);
    }
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is migrated once, and not changed when it is opened again', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    openDatabase(path, 0).close();
    const db = openDatabase(path, 0);
    expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    db.close();
  });

  it.each(readdirSync(DATABASES))(
    '%s of an earlier version is migrated with all its contents',
    (name) => {
      const path = join(temporaryDirectory(), 'hook_bus.db');
      copyFileSync(join(DATABASES, name), path);
      const fresh = openDatabase(join(temporaryDirectory(), 'hook_bus.db'), 0);
      const db = openDatabase(path, 0);
      const tables = 'SELECT type, name, sql FROM sqlite_master ORDER BY type, name';
      expect(db.prepare(tables).all()).toEqual(fresh.prepare(tables).all());
      expect(db.prepare('SELECT id, status FROM hook_logs').all()).toEqual([
        { id: 1, status: 'blocked' },
      ]);
      expect(db.prepare('SELECT body FROM hook_payloads').pluck().get()).toEqual(Buffer.from('{}'));
      expect(db.prepare('SELECT count FROM notices').pluck().get()).toBe(1);
      for (const each of [db, fresh]) each.close();
    },
  );

  it('of version 11 has refusals in its rollups as far as exit codes tell, and counts decisions from now on', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    const old = new Sqlite(path);
    for (const migration of MIGRATIONS.slice(0, 11)) old.exec(migration);
    old.pragma('user_version = 11');
    const bucket = old.prepare(
      `INSERT INTO hook_metrics (bucket_start, bucket_seconds, hook_name, event_type, success, blocked)
       VALUES ('2026-11-22T10:00:00.000Z', 3600, 'guard', ?, 5, 3)`,
    );
    for (const event of ['PreToolUse', 'PostToolUse', 'BeforeTool', '']) bucket.run(event);
    old.close();
    const db = openDatabase(path, 0);
    const rows = db.prepare('SELECT event_type, blocked, denied FROM hook_metrics').raw().all();
    expect(rows).toEqual([
      ['PreToolUse', 3, 3],
      ['PostToolUse', 3, 0],
      ['BeforeTool', 3, 3],
      ['', 3, 0],
    ]);
    expect(db.prepare('SELECT count(*) FROM decision_totals').pluck().get()).toBe(0);
    db.close();
  });

  it('of version 14 keeps its counters, and gets an id of its own', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    const old = new Sqlite(path);
    for (const migration of MIGRATIONS.slice(0, 14)) old.exec(migration);
    old.pragma('user_version = 14');
    old.exec(`INSERT INTO hook_totals VALUES ('lint', 'Stop', 'success', 7, 1, 2, 3.5, '[2]', 4, 5.5, '[4]');
      INSERT INTO decision_totals VALUES ('lint', 'Stop', 'deny', 6)`);
    old.close();
    const db = openDatabase(path, 0);
    expect(db.prepare('SELECT * FROM hook_totals').raw().all()).toEqual([
      ['lint', 'Stop', '', '', 'success', 7, 1, 2, 3.5, '[2]', 4, 5.5, '[4]'],
    ]);
    expect(db.prepare('SELECT * FROM decision_totals').raw().all()).toEqual([
      ['lint', 'Stop', '', '', 'deny', 6],
    ]);
    const value = db.prepare('SELECT value FROM export_state WHERE name = ?').pluck();
    expect(value.get('instance_id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/);
    db.close();
  });

  it('gives rows of version 10 the decision that exit code and kind of stdout allow', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    const old = new Sqlite(path);
    for (const migration of MIGRATIONS.slice(0, 10)) old.exec(migration);
    old.pragma('user_version = 10');
    const insert =
      old.prepare(`INSERT INTO hook_logs (execution_id, correlation_id, span_id, hook_name, event_type, command,
      status, exit_code, stdout_kind, error, created_at) VALUES (?, 'c', 's', 'h', ?, 'true', ?, ?, ?, ?, '2026-11-22T10:00:00.000Z')`);
    const rows: [string, string, number | null, string, string | null, string | null][] = [
      ['PreToolUse', 'blocked', 2, 'empty', null, 'deny'],
      ['PreToolUse', 'blocked', 2, 'json', null, 'deny'],
      ['PostToolUse', 'blocked', 2, 'empty', null, 'none'],
      ['BeforeTool', 'blocked', 2, 'empty', null, 'deny'],
      ['BeforeTool', 'error', 3, 'text', null, null],
      ['WorktreeCreate', 'error', 1, 'empty', null, 'deny'],
      ['PreToolUse', 'success', 0, 'json', null, null],
      ['PreToolUse', 'success', 0, 'text', null, 'none'],
      ['PreToolUse', 'error', 1, 'broken', null, 'none'],
      ['PreToolUse', 'error', null, 'empty', 'killed by SIGTERM', 'none'],
      ['PreToolUse', 'dedupe_skip', 2, 'empty', 'refused again, as a duplicate of x', 'deny'],
      ['Stop', 'dedupe_skip', 0, 'empty', 'duplicate of x', 'none'],
      ['PreToolUse', 'breaker_skip', 0, 'empty', 'off', 'none'],
    ];
    for (const [index, row] of rows.entries()) insert.run(`${index}`, ...row.slice(0, 5));
    old.close();
    const db = openDatabase(path, 0);
    const decisions = db.prepare('SELECT decision FROM hook_logs ORDER BY id').pluck().all();
    expect(decisions).toEqual(rows.map((row) => row[5]));
    db.close();
  });

  it('of a newer version is refused with a hint and stays unchanged', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    openDatabase(path, 0).close();
    const newer = new Sqlite(path);
    newer.pragma('user_version = 99');
    newer.close();
    const error = caught(() => openDatabase(path, 0));
    expect(error).toMatchObject({ code: 'E_DB_NEWER', hint: expect.stringContaining('spool') });
    const after = new Sqlite(path, { readonly: true });
    expect(after.pragma('user_version', { simple: true })).toBe(99);
    after.close();
  });

  it('fails within the busy timeout if it is locked', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    const holder = openDatabase(path, 0);
    holder.exec('BEGIN EXCLUSIVE');
    const db = openDatabase(path, 50);
    const before = performance.now();
    const error = caught(() => db.exec('BEGIN IMMEDIATE'));
    expect(isBusy(error)).toBe(true);
    expect(performance.now() - before).toBeLessThan(200);
    holder.close();
    db.close();
  });

  it('deletes the payloads of a deleted execution even if foreign keys are off', () => {
    const db = openDatabase(join(temporaryDirectory(), 'hook_bus.db'), 0);
    db.pragma('foreign_keys = OFF');
    db.exec(`INSERT INTO hook_logs (execution_id, correlation_id, span_id, hook_name, event_type, command, status, created_at)
             VALUES ('e', 'c', 's', 'h', 'Stop', 'true', 'success', '2026-11-22T10:00:00.000Z');
             INSERT INTO hook_payloads VALUES (1, 'stdin', 'identity', 0, x'00');
             DELETE FROM hook_logs; DELETE FROM dedupe_keys; DELETE FROM hook_metrics;`);
    expect(db.prepare('SELECT count(*) FROM hook_payloads').pluck().get()).toBe(0);
    db.close();
  });
});

describe('a corrupt database', () => {
  it('is not confused with a locked one', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    writeFileSync(
      path,
      'this is no database, and it is longer than a header of one hundred bytes '.repeat(4),
    );
    const error = caught(() => openDatabase(path, 0));
    expect(isCorrupt(error)).toBe(true);
    expect(isBusy(error)).toBe(false);
  });

  it('is renamed once, together with its side files', () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'hook_bus.db');
    writeFileSync(path, 'garbage');
    writeFileSync(`${path}-wal`, 'its log');
    copyFileSync(path, join(directory, 'copy'));
    const identity = fileIdentity(path);
    const now = new Date('2026-11-22T10:00:00.000Z');
    expect(quarantineDatabase(path, identity, now)).toBe(`${path}.corrupt-20261122T100000Z`);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(directory)).toContain('hook_bus.db.corrupt-20261122T100000Z-wal');
    writeFileSync(path, 'fresh');
    expect(quarantineDatabase(path, identity, now)).toBeUndefined();
    expect(existsSync(path)).toBe(true);
  });

  it('gets a separate name if two are renamed in one second', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    const now = new Date('2026-11-22T10:00:00.000Z');
    const names = [1, 2].map(() => {
      writeFileSync(path, 'garbage');
      return quarantineDatabase(path, fileIdentity(path), now);
    });
    expect(new Set(names).size).toBe(2);
  });
});

describe('a lock', () => {
  it('keeps others out while it is held', () => {
    const path = join(temporaryDirectory(), 'lock');
    withLock(path, 0, () => {
      expect(isBusy(caught(() => withLock(path, 10, () => undefined)))).toBe(true);
    });
    expect(withLock(path, 0, () => 'free')).toBe('free');
  });
});
