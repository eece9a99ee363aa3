import { isRun, STATUSES, type Status } from '../../domain/execution.ts';
import { TimesSketch } from '../../metrics/sketch.ts';
import type { Database } from '../../store/database.ts';
import {
  asOneWrite,
  BUCKET_SECONDS,
  type Bucket,
  type BucketKey,
  type BucketSeconds,
  bucketStart,
  deleteBuckets,
  eachNumberedRow,
  isRolledUp,
  lastRow,
  nextBucketStart,
  oldestRow,
  type RollupRow,
  readBucket,
  rollupMark,
  rowsBehind,
  setRollupMark,
  writeBucket,
} from '../../store/rollups.ts';

/** Rows per transaction, which takes about 20 ms. */
export const ROLL_UP_ROWS = 2000;

/** A bucket that is being filled. */
interface Tally {
  readonly key: BucketKey;
  readonly counts: Record<Status, number>;
  denied: number;
  readonly duration: TimesSketch;
  readonly overhead: TimesSketch;
}

/**
 * Adds the next rows of the log to the rollups. One transaction also moves the mark, so a crash neither loses nor
 * doubles rows, and several processes may do this at once.
 * @returns how many rows it added; 0 if none was left
 */
export function rollUp(db: Database, limit = ROLL_UP_ROWS): number {
  // Usually nothing is new, and this check takes no lock.
  if (lastRow(db) <= rollupMark(db)) return 0;
  return asOneWrite(db, () => {
    const buckets = gatherBuckets((key) => readBucket(db, key));
    let [count, lastId] = [0, 0];
    for (const row of rowsBehind(db, rollupMark(db), limit)) {
      buckets.add(row);
      count += 1;
      lastId = row.id;
    }
    if (count === 0) return 0;
    for (const bucket of buckets.all()) writeBucket(db, bucket);
    setRollupMark(db, lastId);
    return count;
  });
}

/**
 * Rebuilds the rollups from the rows of the log. Rollups from before the oldest row stay.
 * Reads the rows without a lock; others wait only while the result is written.
 * @returns how many executions they contain
 */
export function rebuildRollups(db: Database): number {
  // Finish the current rollups, so that those that stay are complete.
  while (rollUp(db) > 0);
  const oldest = oldestRow(db);
  if (oldest === undefined) return 0;
  // The bucket of the oldest row may contain rows that were deleted since.
  const whole = new Map<BucketSeconds, string>(
    BUCKET_SECONDS.map((seconds) => [seconds, firstWhole(db, oldest, seconds)]),
  );
  const buckets = gatherBuckets(
    () => undefined,
    ({ start, seconds }) => start >= (whole.get(seconds) ?? ''),
  );
  let count = 0;
  const add = (row: RollupRow): void => {
    buckets.add(row);
    count += 1;
  };
  const mark = rollupMark(db);
  eachNumberedRow(db, { behind: 0, upTo: mark }, add);
  asOneWrite(db, () => {
    // Includes what other processes have rolled up meanwhile, because that is deleted too.
    eachNumberedRow(db, { behind: mark, upTo: rollupMark(db) }, add);
    for (const [seconds, from] of whole) deleteBuckets(db, seconds, from);
    for (const bucket of buckets.all()) writeBucket(db, bucket);
  });
  return count;
}

/** The first bucket that the log covers completely: the oldest row's own, if it was never rolled up. */
function firstWhole(db: Database, oldest: string, seconds: BucketSeconds): string {
  const start = bucketStart(oldest, seconds);
  return isRolledUp(db, seconds, start) ? nextBucketStart(oldest, seconds) : start;
}

function gatherBuckets(
  known: (key: BucketKey) => Bucket | undefined,
  counts: (key: BucketKey) => boolean = () => true,
) {
  const tallies = new Map<string, Tally>();

  function tallyFor(key: BucketKey): Tally {
    const name = JSON.stringify([key.start, key.seconds, key.hookName, key.eventType]);
    const tally = tallies.get(name) ?? toTally(key, known(key));
    tallies.set(name, tally);
    return tally;
  }

  return {
    add(row: RollupRow): void {
      // A status of a newer version is not counted.
      if (!STATUSES.includes(row.status)) return;
      for (const seconds of BUCKET_SECONDS) {
        const { hookName, eventType } = row;
        const key = { start: bucketStart(row.createdAt, seconds), seconds, hookName, eventType };
        if (!counts(key)) continue;
        addTo(tallyFor(key), row);
      }
    },
    all: (): Bucket[] => [...tallies.values()].map(toBucket),
  };
}

function addTo(tally: Tally, { status, decision, durationMs, overheadMs }: RollupRow): void {
  tally.counts[status] += 1;
  if (decision === 'deny') tally.denied += 1;
  if (durationMs !== null && isRun(status)) tally.duration.add(durationMs);
  if (overheadMs !== null) tally.overhead.add(overheadMs);
}

function toTally(key: BucketKey, bucket: Bucket | undefined): Tally {
  const [duration, overhead] = [new TimesSketch(), new TimesSketch()];
  for (const [sketch, times] of [
    [duration, bucket?.duration],
    [overhead, bucket?.overhead],
  ] as const) {
    if (times?.sketch) sketch.addEncoded(times.sketch, times.sumMs, times.maxMs ?? 0);
  }
  const counts = Object.fromEntries(
    STATUSES.map((status) => [status, bucket?.counts[status] ?? 0]),
  ) as Record<Status, number>;
  return { key, counts, denied: bucket?.denied ?? 0, duration, overhead };
}

function toBucket({ key, counts, denied, duration, overhead }: Tally): Bucket {
  const times = (sketch: TimesSketch): Bucket['duration'] => ({
    sumMs: sketch.totalMs,
    maxMs: sketch.maxMs ?? null,
    sketch: sketch.count === 0 ? null : sketch.encode(),
  });
  return { ...key, counts, denied, duration: times(duration), overhead: times(overhead) };
}
