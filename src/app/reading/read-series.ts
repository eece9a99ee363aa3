import { isFailure, isRun, type Status } from '../../domain/execution.ts';
import { isoOf } from '../../domain/time.ts';
import { ratio, toMicroseconds } from '../../metrics/tallies.ts';
import { exactTimes, sketchedTimes, type Times } from '../../metrics/times.ts';
import type { Database } from '../../store/database.ts';
import { newestOf } from '../../store/queries/dashboard.ts';
import { eachSample } from '../../store/queries/overview.ts';
import {
  BUCKET_SECONDS,
  type Bucket,
  eachBucket,
  eachRollupRow,
  firstRecorded,
  hasMoreRows,
  lastRow,
  type RollupRow,
  rollupMark,
} from '../../store/rollups.ts';
import { MAX_EXACT_ROWS_IN_DAEMON } from './read-metrics.ts';

/** How far back a chart goes. */
export const RANGES = {
  '1h': { seconds: 3600 },
  '24h': { seconds: 86_400 },
  '7d': { seconds: 7 * 86_400 },
  '30d': { seconds: 30 * 86_400 },
} as const;
export type Range = keyof typeof RANGES;

/** The length of each point of a chart that goes back this far, in seconds. */
const STEPS = [
  { upTo: 3600, step: 60 },
  { upTo: 6 * 3600, step: 300 },
  { upTo: 86_400, step: 900 },
  { upTo: 7 * 86_400, step: 3600 },
  { upTo: Number.POSITIVE_INFINITY, step: 6 * 3600 },
] as const;

/** The most that is read from executions instead of rollups. */
const MAX_ROWS_SECONDS = 86_400;

/** A chart over time. Each list has one value per point; null if nothing ran. */
export interface Series {
  readonly range: Range;
  readonly step_seconds: number;
  /** Percentiles of rollups are off by at most 1 %. */
  readonly source: 'rows' | 'rollups';
  /** Rows that are in no rollup and too many to read; the chart misses them. */
  readonly missing: number;
  /** The start of each point, in seconds since 1970. */
  readonly at: readonly number[];
  readonly runs: readonly number[];
  /** How executions ended: each is in one of these four. */
  readonly ok: readonly number[];
  readonly refused: readonly number[];
  readonly failed: readonly number[];
  readonly skipped: readonly number[];
  readonly failure_rate: readonly (number | null)[];
  readonly dedupe_rate: readonly (number | null)[];
  readonly deny_rate: readonly (number | null)[];
  readonly p50_ms: readonly (number | null)[];
  readonly p95_ms: readonly (number | null)[];
  readonly p99_ms: readonly (number | null)[];
}

/**
 * @param hookName only this hook; undefined: all hooks
 * @param eventType only this event
 */
export function readSeries(
  db: Database,
  range: Range,
  hookName: string | undefined,
  nowMs: number,
  eventType?: string,
): Series {
  const seconds = secondsBack(db, RANGES[range].seconds, nowMs);
  const { step: fineStep } = STEPS.find(({ upTo }) => seconds <= upTo) ?? STEPS[0];
  const since = isoOf(nowMs - seconds * 1000);
  const [hour] = BUCKET_SECONDS;
  // Rollups outlive the log, but are no finer than an hour.
  const isOfRows =
    seconds <= 3600 ||
    (seconds <= MAX_ROWS_SECONDS &&
      !hasMoreRows(db, { from: since, until: undefined }, MAX_EXACT_ROWS_IN_DAEMON));
  const step = isOfRows ? fineStep : Math.max(fineStep, hour);
  const firstSecond = Math.floor((nowMs / 1000 - seconds) / step) * step;
  const points = createPoints(firstSecond, step, nowMs, isOfRows ? exactTimes : sketchedTimes);
  const isWanted: IsWanted = (row) =>
    (hookName === undefined || row.hookName === hookName) &&
    (eventType === undefined || row.eventType === eventType);
  const from = isoOf(firstSecond * 1000);
  const add = isOfRows ? addRows : addRollups;
  const missing = add(db, from, points, isWanted);
  return {
    range,
    step_seconds: step,
    source: isOfRows ? 'rows' : 'rollups',
    missing,
    ...points.describe(),
  };
}

/** The shortest chart, for a hook that ran a moment ago. */
const MIN_SECONDS = 600;

/** How far back the chart goes: to the first execution ever, if that is later than what the user asked for. */
function secondsBack(db: Database, seconds: number, nowMs: number): number {
  const first = firstRecorded(db);
  if (first === undefined) return seconds;
  const age = Math.ceil((nowMs - Date.parse(first)) / 1000);
  return Math.min(Math.max(age, MIN_SECONDS), seconds);
}

type IsWanted = (row: { readonly hookName: string; readonly eventType: string }) => boolean;

/** @returns how many rows were omitted */
function addRows(db: Database, from: string, points: Points, isWanted: IsWanted): number {
  const newest = newestOf(db, from, MAX_EXACT_ROWS_IN_DAEMON);
  eachSample(db, { from: newest.from, until: undefined }, (row) => {
    if (isWanted(row)) points.add(row);
  });
  return newest.left;
}

/** @returns how many rows were omitted */
function addRollups(db: Database, from: string, points: Points, isWanted: IsWanted): number {
  const mark = rollupMark(db);
  const span = { from, until: undefined };
  eachBucket(db, BUCKET_SECONDS[0], span, (bucket) => {
    if (isWanted(bucket)) points.addBucket(bucket);
  });
  // After an upgrade the whole log may be without rollups.
  const behind = lastRow(db) - mark;
  if (behind > MAX_EXACT_ROWS_IN_DAEMON) return behind;
  eachRollupRow(db, span, { behind: mark }, (row) => {
    if (isWanted(row)) points.add(row);
  });
  return 0;
}

interface Counts {
  runs: number;
  failures: number;
  deduped: number;
  denied: number;
  all: number;
}

/** Each execution counts once: a failure is a failure, whatever the hook said before. */
function endingsOf({ runs, failures, denied, all }: Counts) {
  const refused = Math.min(denied, runs - failures);
  return { ok: runs - failures - refused, refused, failed: failures, skipped: all - runs };
}

interface Point {
  readonly times: Times;
  readonly counts: Counts;
}

const NOTHING: Counts = { runs: 0, failures: 0, deduped: 0, denied: 0, all: 0 };

/** What a chart needs of an execution. */
type Drawn = Pick<RollupRow, 'createdAt' | 'status' | 'decision' | 'durationMs'>;

type Points = ReturnType<typeof createPoints>;

function createPoints(firstSecond: number, step: number, nowMs: number, makeTimes: () => Times) {
  const count = Math.floor((nowMs / 1000 - firstSecond) / step) + 1;
  const points = Array.from(
    { length: count },
    (): Point => ({
      times: makeTimes(),
      counts: { ...NOTHING },
    }),
  );
  const pointAt = (createdAt: string): Point | undefined =>
    points[Math.floor((Date.parse(createdAt) / 1000 - firstSecond) / step)];

  return {
    add({ createdAt, status, decision, durationMs }: Drawn) {
      const point = pointAt(createdAt);
      if (point === undefined) return;
      tally(point, status, 1);
      if (decision === 'deny') point.counts.denied += 1;
      if (durationMs !== null && isRun(status)) point.times.add(durationMs);
    },
    addBucket({ start, counts, denied, duration }: Bucket): void {
      const point = pointAt(start);
      if (point === undefined) return;
      for (const [status, times] of Object.entries(counts) as [Status, number][]) {
        tally(point, status, times);
      }
      point.counts.denied += denied;
      if (duration.sketch !== null) {
        point.times.addEncoded(duration.sketch, duration.sumMs, duration.maxMs ?? 0);
      }
    },
    describe() {
      const endings = points.map(({ counts }) => endingsOf(counts));
      const described = points.map(({ times }) => times.describe());
      const ms = (value: number | undefined): number | null =>
        value === undefined ? null : toMicroseconds(value);
      return {
        at: points.map((_, index) => firstSecond + index * step),
        runs: points.map(({ counts }) => counts.runs),
        ok: endings.map(({ ok }) => ok),
        refused: endings.map(({ refused }) => refused),
        failed: endings.map(({ failed }) => failed),
        skipped: endings.map(({ skipped }) => skipped),
        failure_rate: points.map(({ counts }) => ratio(counts.failures, counts.runs)),
        dedupe_rate: points.map(({ counts }) => ratio(counts.deduped, counts.all)),
        deny_rate: points.map(({ counts }) => ratio(counts.denied, counts.all)),
        p50_ms: described.map(({ p50Ms }) => ms(p50Ms)),
        p95_ms: described.map(({ p95Ms }) => ms(p95Ms)),
        p99_ms: described.map(({ p99Ms }) => ms(p99Ms)),
      };
    },
  };
}

function tally({ counts }: Point, status: Status, times: number): void {
  counts.all += times;
  if (isRun(status)) counts.runs += times;
  if (isFailure(status)) counts.failures += times;
  if (status === 'dedupe_skip') counts.deduped += times;
}
