import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { databaseBytes, listQuarantined } from '../../src/store/files/database-files.ts';
import {
  countExpired,
  deleteExecutions,
  deleteKeysAndNotices,
  foldLog,
  releasePages,
} from '../../src/store/retention.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const EXPIRY = { before: '2026-11-22T10:00:00.000Z', now: '2026-11-22T12:00:00.000Z' };

const minute = (number: number): string =>
  `2026-11-22T09:${String(number).padStart(2, '0')}:00.000Z`;

/** Twenty executions before the expiry and two after it, each with a payload. */
function aDatabase(bytes = 10): { db: Database; path: string } {
  const path = join(temporaryDirectory(), 'hook_bus.db');
  const body = new Uint8Array(bytes);
  const payloads = [{ stream: 'stdin', encoding: 'identity', truncated: false, body } as const];
  const times = [
    ...Array.from({ length: 20 }, (_, index) => minute(index)),
    '2026-11-22T10:00:00.000Z',
    '2026-11-22T11:00:00.000Z',
  ];
  writeExecutions(
    path,
    times.map((createdAt) => recordedOf(anExecution({ createdAt }), payloads, [`at ${createdAt}`])),
  );
  const db = openDatabase(path, 0);
  const insert = db.prepare(
    "INSERT INTO dedupe_keys (dedupe_key, hook_name, execution_id, state, created_at, expires_at) VALUES (?, 'h', 'e', 'done', '', ?)",
  );
  insert.run('out', '2026-11-22T11:59:59.999Z');
  insert.run('in', '2026-11-22T12:00:00.000Z');
  return { db, path };
}

const count = (db: Database, table: string): number =>
  Number(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get());

describe('retention', () => {
  it('counts expired rows', () => {
    const { db } = aDatabase();
    expect(countExpired(db, EXPIRY)).toEqual({
      executions: 20,
      payloads: 20,
      dedupeKeys: 1,
      notices: 20,
    });
    db.close();
  });

  it('deletes the oldest first, a bounded number at a time, with their payloads', () => {
    const { db } = aDatabase();
    expect(deleteExecutions(db, EXPIRY, 15)).toEqual({ executions: 15, payloads: 15 });
    expect(db.prepare('SELECT min(created_at) FROM hook_logs').pluck().get()).toBe(minute(15));
    expect(deleteExecutions(db, EXPIRY, 15)).toEqual({ executions: 5, payloads: 5 });
    expect(deleteExecutions(db, EXPIRY, 15)).toEqual({ executions: 0, payloads: 0 });
    expect([count(db, 'hook_logs'), count(db, 'hook_payloads')]).toEqual([2, 2]);
    db.close();
  });

  it('deletes expired keys and old notices', () => {
    const { db } = aDatabase();
    expect(deleteKeysAndNotices(db, EXPIRY)).toEqual({ dedupeKeys: 1, notices: 20 });
    expect(db.prepare('SELECT dedupe_key FROM dedupe_keys').pluck().all()).toEqual(['in']);
    expect(count(db, 'notices')).toBe(2);
    db.close();
  });

  it('returns space in steps', () => {
    const { db, path } = aDatabase(100_000);
    db.pragma('wal_checkpoint(TRUNCATE)');
    const before = databaseBytes(path);
    deleteExecutions(db, EXPIRY, 100);
    expect(releasePages(db, 100)).toBe(100);
    let steps = 1;
    while (releasePages(db, 100) > 0) steps += 1;
    expect(steps).toBeGreaterThan(4);
    foldLog(db, 1234);
    expect(before).toBeGreaterThan(2_200_000);
    expect(databaseBytes(path)).toBeLessThan(400_000);
    expect(db.pragma('freelist_count', { simple: true })).toBe(0);
    expect(db.pragma('busy_timeout', { simple: true })).toBe(1234);
    db.close();
  });

  it('truncates the log as far as a reader allows, and does not wait for the reader', () => {
    const { db, path } = aDatabase();
    const reader = openDatabase(path, 0);
    reader.exec('BEGIN');
    count(reader, 'hook_logs');
    deleteExecutions(db, EXPIRY, 100);
    const start = performance.now();
    foldLog(db, 5000);
    expect(performance.now() - start).toBeLessThan(2000);
    reader.close();
    db.close();
  });
});

describe('the files of a database', () => {
  it('count together with its log, and not if they are missing', () => {
    const { db, path } = aDatabase();
    expect(databaseBytes(path)).toBeGreaterThan(0);
    expect(databaseBytes(join(path, 'below-a-file'))).toBe(0);
    db.close();
  });

  it('that were quarantined are found without their side files', () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'hook_bus.db');
    for (const end of ['.corrupt-2', '.corrupt-1', '.corrupt-1-wal', '.corrupt-1-shm', '-wal', ''])
      writeFileSync(path + end, '');
    expect(listQuarantined(path)).toEqual([`${path}.corrupt-1`, `${path}.corrupt-2`]);
    expect(listQuarantined(join(directory, 'missing', 'hook_bus.db'))).toEqual([]);
  });
});
