import type { Database } from './database.ts';
import { countBeforeDeleting } from './totals.ts';

/** Limits of retention; times are UTC, in the format of `created_at`. */
export interface Expiry {
  /** Executions and notices older than this are deleted. */
  readonly before: string;
  /** Dedupe keys that expired before this are deleted, whatever their age. */
  readonly now: string;
}

/** Numbers of expired rows. */
export interface ExpiredRows {
  readonly executions: number;
  readonly payloads: number;
  readonly dedupeKeys: number;
  readonly notices: number;
}

/** Counts the rows that would be deleted now. */
export function countExpired(db: Database, expiry: Expiry): ExpiredRows {
  const rows = db
    .prepare<[Expiry], ExpiredRows>(
      `SELECT (SELECT count(*) FROM hook_logs WHERE created_at < @before) AS executions,
              (SELECT count(*) FROM hook_payloads JOIN hook_logs ON hook_logs.id = log_id
               WHERE created_at < @before) AS payloads,
              (SELECT count(*) FROM dedupe_keys WHERE expires_at < @now) AS dedupeKeys,
              (SELECT count(*) FROM notices WHERE last_seen < @before) AS notices`,
    )
    .get(expiry);
  return rows ?? { executions: 0, payloads: 0, dedupeKeys: 0, notices: 0 };
}

/**
 * Deletes at most `limit` executions, oldest first, with their payloads, in one transaction. Before that, it adds them to
 * the totals.
 */
export function deleteExecutions(
  db: Database,
  { before }: Pick<Expiry, 'before'>,
  limit: number,
): Pick<ExpiredRows, 'executions' | 'payloads'> {
  const choose = db.prepare<[string, number], { id: number }>(
    'SELECT id FROM hook_logs WHERE created_at < ? ORDER BY created_at LIMIT ?',
  );
  const countPayloads = db.prepare<[string], { payloads: number }>(
    'SELECT count(*) AS payloads FROM hook_payloads WHERE log_id IN (SELECT value FROM json_each(?))',
  );
  const remove = db.prepare<[string]>(
    'DELETE FROM hook_logs WHERE id IN (SELECT value FROM json_each(?))',
  );
  return db
    .transaction(() => {
      countBeforeDeleting(db);
      const ids = JSON.stringify(choose.all(before, limit).map(({ id }) => id));
      const payloads = countPayloads.get(ids)?.payloads ?? 0;
      return { executions: remove.run(ids).changes, payloads };
    })
    .immediate();
}

/**
 * Deletes expired dedupe keys, including the stored output of their hooks.
 * @returns when the next key expires; undefined if there is none
 */
export function deleteExpiredKeys(db: Database, now: string): string | undefined {
  const next = (): string | undefined =>
    db.prepare<[], { next: string | null }>('SELECT min(expires_at) AS next FROM dedupe_keys').get()
      ?.next ?? undefined;
  const first = next();
  // A query needs no lock.
  if (first === undefined || first >= now) return first;
  db.prepare('DELETE FROM dedupe_keys WHERE expires_at < ?').run(now);
  return next();
}

/** Deletes expired dedupe keys, and notices that did not occur again. Both tables are small. */
export function deleteKeysAndNotices(
  db: Database,
  { before, now }: Expiry,
): Pick<ExpiredRows, 'dedupeKeys' | 'notices'> {
  return db
    .transaction(() => ({
      dedupeKeys: db.prepare('DELETE FROM dedupe_keys WHERE expires_at < ?').run(now).changes,
      notices: db.prepare('DELETE FROM notices WHERE last_seen < ?').run(before).changes,
    }))
    .immediate();
}

/**
 * Returns at most `limit` free pages to the file system, in one transaction.
 * @returns how many; 0 if none is free or if the database was made without `auto_vacuum`
 */
export function releasePages(db: Database, limit: number): number {
  const free = (): number => Number(db.pragma('freelist_count', { simple: true }));
  const before = free();
  if (before > 0) db.exec(`PRAGMA incremental_vacuum(${limit})`);
  return before - free();
}

/** How long the last checkpoint waits for readers, in ms, since writers wait meanwhile. */
const TRUNCATE_BUSY_MS = 20;

/** Moves the write-ahead log into the database and truncates it, as far as other processes allow. */
export function foldLog(db: Database, busyMs: number): void {
  // The passive checkpoint blocks nobody and does most of the work; the second one blocks writers for the rest.
  db.pragma('wal_checkpoint(PASSIVE)');
  db.pragma(`busy_timeout = ${TRUNCATE_BUSY_MS}`);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma(`busy_timeout = ${busyMs}`);
}
