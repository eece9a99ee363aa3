import { HOUR_MS, isoOf, localDate } from '../../domain/time.ts';
import {
  compare,
  createMetrics,
  type Grouping,
  type GroupMetrics,
  type MetricsReport,
} from '../../metrics/report.ts';
import type { Database } from '../../store/database.ts';
import type { OnDay } from '../../store/days/by-day.ts';
import { eachGroup, isDayGrouping } from '../../store/days/groups.ts';
import { lastLogId } from '../../store/queries/last-log-id.ts';
import { projectsOfSessions } from '../../store/queries/oldest.ts';
import {
  eachBareSample,
  eachSample,
  type SampleRow,
  type Span,
} from '../../store/queries/overview.ts';
import {
  BUCKET_SECONDS,
  type BucketSeconds,
  bucketStart,
  eachBucket,
  eachRollupRow,
  hasBuckets,
  hasMoreRows,
  nextBucketStart,
  oldestRow,
  type RollupRow,
  rollupMark,
} from '../../store/rollups.ts';

/** Up to this many executions, the window is read row by row, so that every percentile is exact. */
export const MAX_EXACT_ROWS = 25_000;

/** The same for the daemon, which must keep answering hooks. */
export const MAX_EXACT_ROWS_IN_DAEMON = 10_000;

export interface MetricsOptions {
  readonly by?: Grouping | undefined;
  readonly filter?: MetricsFilter | undefined;
  /** How long before now the window ends. */
  readonly endedMs?: number;
  /** With more executions, the window is read from rollups. */
  readonly exactRows?: number;
  readonly onDay?: OnDay | undefined;
}

/** Which executions count; an empty list means all. */
export interface MetricsFilter {
  readonly hookNames: readonly string[];
  /** In any case. */
  readonly eventTypes: readonly string[];
  readonly projects: readonly string[];
}

/**
 * The metrics of the last `windowHours`. Small windows are read from every row. Large ones, and those that reach back
 * further than the log, are read from rollups and the newest rows. Groups by what rollups do not have need the log.
 */
export function readMetrics(
  db: Database,
  windowHours: number,
  nowMs: number,
  { by, filter, endedMs = 0, exactRows = MAX_EXACT_ROWS, onDay }: MetricsOptions = {},
): MetricsReport {
  const untilMs = nowMs - endedMs;
  const span: Span = {
    from: isoOf(untilMs - windowHours * HOUR_MS),
    until: endedMs === 0 ? undefined : isoOf(untilMs),
  };
  const counted = isDayGrouping(by) ? loggedPart(db, span) : span;
  const report = collect(db, counted, { by, filter, exactRows, onDay }).report(windowHours);
  if (report.groups === undefined) return by === undefined ? report : { ...report, groups: [] };
  const groups = [...report.groups].sort(by === 'day' ? byName : byTotal);
  return { ...report, groups: by === 'session' ? withProjects(db, groups) : groups };
}

/** With more rows outside rollups, the metrics of a large window would block the daemon. */
const MAX_BEHIND = 100_000;

/** The same for the daemon, which must keep answering hooks; null while too many rows wait to be rolled up. */
export function readMetricsInDaemon(
  db: Database,
  windowHours: number,
  nowMs: number,
): MetricsReport | null {
  const exactRows = MAX_EXACT_ROWS_IN_DAEMON;
  const span = { from: isoOf(nowMs - windowHours * HOUR_MS), until: undefined };
  const isBehind = lastLogId(db) - rollupMark(db) > MAX_BEHIND;
  if (isBehind && hasMoreRows(db, span, exactRows)) return null;
  return readMetrics(db, windowHours, nowMs, { exactRows });
}

function withProjects(db: Database, sessions: readonly GroupMetrics[]): GroupMetrics[] {
  const projects = projectsOfSessions(
    db,
    sessions.map(({ name }) => name),
  );
  return sessions.map((session) => ({ ...session, project: projects.get(session.name) ?? null }));
}

/** Whether such a report counts what only rollups still know. */
export const countsRollups = (by: Grouping | undefined, filter?: MetricsFilter): boolean =>
  !isDayGrouping(by) && (filter?.projects.length ?? 0) === 0;

type Counts = (of: Pick<SampleRow, 'hookName' | 'eventType'> & Partial<SampleRow>) => boolean;

function countedBy(filter: MetricsFilter | undefined): Counts {
  if (filter === undefined) return () => true;
  const { hookNames, projects } = filter;
  const events = filter.eventTypes.map((event) => event.toLowerCase());
  const has = (wanted: readonly string[], value: string | null | undefined): boolean =>
    wanted.length === 0 || wanted.includes(value ?? '');
  return ({ hookName, eventType, project }) =>
    has(hookNames, hookName) && has(events, eventType.toLowerCase()) && has(projects, project);
}

/** The metrics of the executions of a span that are still in the log. */
export function readLoggedMetrics(db: Database, span: Span, windowHours: number): MetricsReport {
  return collect(db, loggedPart(db, span), {}).report(windowHours);
}

/** The part of a span from the oldest execution in the log on: rollups would count older ones. */
function loggedPart(db: Database, { from, until }: Span): Span {
  const oldest = oldestRow(db);
  return { from: oldest !== undefined && oldest > from ? oldest : from, until };
}

function collect(
  db: Database,
  span: Span,
  { by, filter, exactRows = MAX_EXACT_ROWS, onDay }: MetricsOptions,
): ReturnType<typeof createMetrics> {
  const metrics = createMetrics(!hasMoreRows(db, span, exactRows) && !outlives(db, span));
  const group = groupName(by);
  const counts = countedBy(filter);
  const { hookNames = [], eventTypes = [], projects = [] } = filter ?? {};
  const isFiltered = [...hookNames, ...eventTypes, ...projects].length > 0;
  if (metrics.isExact && group === undefined && !isFiltered) {
    eachBareSample(db, span, (sample) => metrics.add(sample));
  } else if (metrics.isExact || (isFiltered && !countsRollups(by, filter))) {
    eachSample(db, span, (sample) => {
      if (counts(sample)) metrics.add(sample, group?.(sample));
    });
  } else if (isDayGrouping(by)) {
    addRollups(db, span, metrics, { by: undefined, counts });
    eachGroup(db, span, by, (name, rollup) => metrics.addGroup(name, rollup), onDay);
  } else addRollups(db, span, metrics, { by, counts });
  return metrics;
}

/** Whether rollups reach back further than the log within the span. */
function outlives(db: Database, { from, until }: Span): boolean {
  const oldest = oldestRow(db);
  const before = oldest === undefined ? until : bucketStart(oldest, BUCKET_SECONDS[0]);
  return hasBuckets(db, { from: nextBucketStart(from, BUCKET_SECONDS[0]), until: before });
}

/** Names the group of an execution. A rollup has only hook, event and time. */
type GroupName = (
  of: Pick<SampleRow, 'hookName' | 'eventType' | 'createdAt'> & Partial<SampleRow>,
) => string;

function groupName(by: Grouping | undefined): GroupName | undefined {
  switch (by) {
    case 'hook':
      return ({ hookName }) => hookName;
    case 'event':
      return ({ eventType }) => eventType;
    case 'tool':
      return ({ toolName }) => toolName ?? '';
    case 'session':
      return ({ sessionId }) => sessionId ?? '';
    case 'day':
      return ({ createdAt }) => localDate(new Date(createdAt));
    case undefined:
      return undefined;
    default:
      return (sample) => sample[by] ?? '';
  }
}

const byTotal = (a: GroupMetrics, b: GroupMetrics): number =>
  b.total_ms - a.total_ms || compare(a.name, b.name);

const byName = (a: GroupMetrics, b: GroupMetrics): number => compare(a.name, b.name);

/** Reads whole days and hours from rollups, both ends from rows, and then the rows that are in no rollup yet. */
function addRollups(
  db: Database,
  span: Span,
  metrics: ReturnType<typeof createMetrics>,
  { by, counts }: { readonly by: Grouping | undefined; readonly counts: Counts },
): void {
  const mark = rollupMark(db);
  const group = groupName(by);
  const buckets = (seconds: BucketSeconds, part: Span): void =>
    eachBucket(db, seconds, part, (bucket) => {
      if (counts(bucket))
        metrics.addRollup(bucket, group?.({ ...bucket, createdAt: bucket.start }));
    });
  const add = (row: RollupRow): void => {
    if (counts(row)) metrics.add(row, group?.(row));
  };
  const rows = (part: Span): void => eachRollupRow(db, part, { upTo: mark }, add);

  const [hour, day] = BUCKET_SECONDS;
  const hours = whole(span, hour);
  // A rollup's day starts at midnight UTC, so a calendar day is made of hours.
  const days = by === 'day' ? { from: hours.from, until: hours.from } : whole(hours, day);
  rows({ from: span.from, until: hours.from });
  buckets(hour, { from: hours.from, until: days.from });
  buckets(day, days);
  if (days.until !== undefined) buckets(hour, { from: days.until, until: hours.until });
  if (hours.until !== undefined) rows({ from: hours.until, until: span.until });
  eachRollupRow(db, span, { behind: mark }, add);
}

/** The whole buckets in a span; an empty span if there is none. */
function whole({ from, until }: Span, seconds: BucketSeconds): Span {
  const start = nextBucketStart(from, seconds);
  if (until === undefined) return { from: start, until };
  const end = bucketStart(until, seconds);
  return end <= start ? { from: until, until } : { from: start, until: end };
}
