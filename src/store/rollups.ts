import { STATUSES, type Status } from '../domain/execution.ts';
import type { Rollup, Sample } from '../domain/sample.ts';
import type { Database } from './database.ts';
import { type Span, untilOf } from './queries/overview.ts';
import { IS_KNOWN } from './statuses.ts';

/** Sizes of the buckets, in seconds. A few large ones cover a long window. */
export const BUCKET_SECONDS = [3600, 86_400] as const;
export type BucketSeconds = (typeof BUCKET_SECONDS)[number];

/** A row that a rollup counts. */
export interface RollupRow extends Sample {
  readonly id: number;
  readonly createdAt: string;
}

/** One row of `hook_metrics`. */
export interface Bucket extends Rollup {
  /** UTC, in the format of `created_at`. */
  readonly start: string;
  readonly seconds: BucketSeconds;
}

/** The key of a bucket. */
export type BucketKey = Pick<Bucket, 'start' | 'seconds' | 'hookName' | 'eventType'>;

const MARK = 'hook_metrics';

/** The last row of `hook_logs` that the rollups include; 0 if there is none. */
export function rollupMark(db: Database): number {
  const mark = db.prepare('SELECT log_id FROM rollup_marks WHERE name = ?').pluck().get(MARK);
  return Number(mark ?? 0);
}

export function setRollupMark(db: Database, logId: number): void {
  db.prepare(
    `INSERT INTO rollup_marks (name, log_id) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET log_id = excluded.log_id`,
  ).run(MARK, logId);
}

/** Runs `work` as one write transaction. */
export function asOneWrite<T>(db: Database, work: () => T): T {
  return db.transaction(work).immediate();
}

const COLUMNS = `id, hook_name AS hookName, event_type AS eventType, status, decision, duration_ms AS durationMs,
  overhead_ms AS overheadMs, created_at AS createdAt`;

/** The rows after the mark, in order of their numbers. Until the last was read, nothing can be written. */
export function rowsBehind(db: Database, mark: number, limit: number): Iterable<RollupRow> {
  return db
    .prepare<[number, number], RollupRow>(
      `SELECT ${COLUMNS} FROM hook_logs WHERE id > ? ORDER BY id LIMIT ?`,
    )
    .iterate(mark, limit);
}

/** The number of the last row; 0 if there is none. */
export function lastRow(db: Database): number {
  return Number(db.prepare('SELECT max(id) FROM hook_logs').pluck().get() ?? 0);
}

/** When the oldest stored execution started. */
export function oldestRow(db: Database): string | undefined {
  const oldest = db.prepare('SELECT min(created_at) FROM hook_logs').pluck().get();
  return typeof oldest === 'string' ? oldest : undefined;
}

/** Calls `take` for each execution with a number in this range. */
export function eachNumberedRow(
  db: Database,
  { behind, upTo }: { readonly behind: number; readonly upTo: number },
  take: (row: RollupRow) => void,
): void {
  const statement = db.prepare<[number, number], RollupRow>(
    `SELECT ${COLUMNS} FROM hook_logs WHERE id > ? AND id <= ? AND ${IS_KNOWN}`,
  );
  for (const row of statement.iterate(behind, upTo)) take(row);
}

/** Calls `take` for each execution of the span whose row is at or before the mark, or after it. */
export function eachRollupRow(
  db: Database,
  span: Span,
  rows: { readonly upTo: number } | { readonly behind: number },
  take: (row: RollupRow) => void,
): void {
  // The plus keeps SQLite from using an index: a few new rows are found by number, part of an hour by time.
  const [time, condition, mark] =
    'upTo' in rows ? ['created_at', '+id <= ?', rows.upTo] : ['+created_at', 'id > ?', rows.behind];
  const statement = db.prepare<[string, string, number], RollupRow>(
    `SELECT ${COLUMNS} FROM hook_logs
     WHERE ${time} >= ? AND ${time} < ? AND ${condition} AND ${IS_KNOWN}`,
  );
  for (const row of statement.iterate(span.from, untilOf(span), mark)) take(row);
}

/** Whether the span has more than `than` rows. Counts them only if the row numbers alone cannot tell. */
export function hasMoreRows(db: Database, span: Span, than: number): boolean {
  if (span.until === undefined) {
    // Numbers mostly follow time: if the row `than` places before the last is in the span, so are those after it.
    const at = db
      .prepare<[number]>('SELECT created_at FROM hook_logs WHERE id <= ? ORDER BY id DESC LIMIT 1')
      .pluck()
      .get(lastRow(db) - than);
    if (typeof at === 'string' && at >= span.from) return true;
  }
  const count = db
    .prepare<[string, string, number]>(
      'SELECT count(*) FROM (SELECT 1 FROM hook_logs WHERE created_at >= ? AND created_at < ? LIMIT ?)',
    )
    .pluck()
    .get(span.from, untilOf(span), than + 1);
  return Number(count) > than;
}

/** Whether there are rollups in the span. */
export function hasBuckets(db: Database, span: Span): boolean {
  return (
    db
      .prepare<[string, string]>(
        `SELECT 1 FROM hook_metrics WHERE bucket_seconds = ${BUCKET_SECONDS[0]}
         AND bucket_start >= ? AND bucket_start < ? LIMIT 1`,
      )
      .get(span.from, untilOf(span)) !== undefined
  );
}

/** When the first execution began; to the hour where only rollups know of it. */
export function firstRecorded(db: Database): string | undefined {
  const row = oldestRow(db);
  const first = db
    .prepare('SELECT min(bucket_start) FROM hook_metrics WHERE bucket_seconds = ?')
    .pluck()
    .get(BUCKET_SECONDS[0]);
  const bucket = typeof first === 'string' ? first : undefined;
  if (row === undefined || bucket === undefined) return row ?? bucket;
  return bucket < bucketStart(row, BUCKET_SECONDS[0]) ? bucket : row;
}

/** Whether there is any bucket of this size that begins at `start`. */
export function isRolledUp(db: Database, seconds: BucketSeconds, start: string): boolean {
  return (
    db
      .prepare('SELECT 1 FROM hook_metrics WHERE bucket_seconds = ? AND bucket_start = ? LIMIT 1')
      .get(seconds, start) !== undefined
  );
}

interface StoredBucket extends Record<Status, number> {
  readonly bucket_start: string;
  readonly bucket_seconds: BucketSeconds;
  readonly hook_name: string;
  readonly event_type: string;
  readonly denied: number;
  readonly duration_sum_ms: number;
  readonly duration_max_ms: number | null;
  readonly duration_sketch: Buffer | null;
  readonly overhead_sum_ms: number;
  readonly overhead_max_ms: number | null;
  readonly overhead_sketch: Buffer | null;
}

/** Calls `take` for each bucket of a size that begins in the span. */
export function eachBucket(
  db: Database,
  seconds: BucketSeconds,
  span: Span,
  take: (bucket: Bucket) => void,
): void {
  const statement = db.prepare<[number, string, string], StoredBucket>(
    'SELECT * FROM hook_metrics WHERE bucket_seconds = ? AND bucket_start >= ? AND bucket_start < ?',
  );
  for (const row of statement.iterate(seconds, span.from, untilOf(span))) take(toBucket(row));
}

export function readBucket(db: Database, key: BucketKey): Bucket | undefined {
  const row = db
    .prepare<[string, number, string, string], StoredBucket>(
      `SELECT * FROM hook_metrics
       WHERE bucket_start = ? AND bucket_seconds = ? AND hook_name = ? AND event_type = ?`,
    )
    .get(key.start, key.seconds, key.hookName, key.eventType);
  return row === undefined ? undefined : toBucket(row);
}

function toBucket(row: StoredBucket): Bucket {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, row[status]]));
  return {
    start: row.bucket_start,
    seconds: row.bucket_seconds,
    hookName: row.hook_name,
    eventType: row.event_type,
    counts: counts as Record<Status, number>,
    denied: row.denied,
    duration: {
      sumMs: row.duration_sum_ms,
      maxMs: row.duration_max_ms,
      sketch: row.duration_sketch,
    },
    overhead: {
      sumMs: row.overhead_sum_ms,
      maxMs: row.overhead_max_ms,
      sketch: row.overhead_sketch,
    },
  };
}

/** Inserts or replaces a bucket. */
export function writeBucket(db: Database, bucket: Bucket): void {
  const { start, seconds, hookName, eventType, counts, denied, duration, overhead } = bucket;
  db.prepare(
    `INSERT OR REPLACE INTO hook_metrics (
       bucket_start, bucket_seconds, hook_name, event_type, ${STATUSES.join(', ')}, denied,
       duration_sum_ms, duration_max_ms, duration_sketch, overhead_sum_ms, overhead_max_ms, overhead_sketch
     ) VALUES (?, ?, ?, ?, ${STATUSES.map(() => '?').join(', ')}, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    start,
    seconds,
    hookName,
    eventType,
    ...STATUSES.map((status) => counts[status]),
    denied,
    ...[duration, overhead].flatMap(({ sumMs, maxMs, sketch }) => [sumMs, maxMs, sketch]),
  );
}

/** Deletes the buckets of a size that begin at `from` or later. */
export function deleteBuckets(db: Database, seconds: BucketSeconds, from: string): void {
  db.prepare('DELETE FROM hook_metrics WHERE bucket_seconds = ? AND bucket_start >= ?').run(
    seconds,
    from,
  );
}

/** Deletes the smallest buckets that began before a time; the large ones stay. */
export function deleteSmallBuckets(db: Database, before: string): void {
  db.prepare('DELETE FROM hook_metrics WHERE bucket_seconds = ? AND bucket_start < ?').run(
    BUCKET_SECONDS[0],
    before,
  );
}

/** Start of the bucket of this size that contains a time. */
export function bucketStart(createdAt: string, seconds: BucketSeconds): string {
  return seconds === BUCKET_SECONDS[0]
    ? `${createdAt.slice(0, 13)}:00:00.000Z`
    : `${createdAt.slice(0, 10)}T00:00:00.000Z`;
}

/** Start of the first bucket of this size that begins at a time or after it. */
export function nextBucketStart(at: string, seconds: BucketSeconds): string {
  const start = bucketStart(at, seconds);
  return start === at ? at : new Date(Date.parse(start) + seconds * 1000).toISOString();
}
