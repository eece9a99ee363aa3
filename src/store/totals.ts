import { baseName, boundMetricNames, type MetricNames } from '../domain/exported.ts';
import {
  DURATION_BOUNDS_MS,
  emptyHistogram,
  type Histogram,
  joined,
  OVERHEAD_BOUNDS_MS,
  type Total,
  withValue,
} from '../domain/totals.ts';
import type { LogRow } from './columns.ts';
import type { Database } from './database.ts';
import { addDecisions } from './decision-totals.ts';
import { lastLogId } from './queries/last-log-id.ts';

interface TotalRow {
  readonly hook_name: string;
  readonly event_type: string;
  readonly agent: string;
  readonly project: string;
  readonly status: Total['status'];
  readonly executions: number;
  readonly keyed: number;
  readonly duration_count: number;
  readonly duration_sum_ms: number;
  readonly duration_buckets: string;
  readonly overhead_count: number;
  readonly overhead_sum_ms: number;
  readonly overhead_buckets: string;
}

/**
 * Counts up to `limit` rows that were not counted yet, and moves the mark, in one transaction.
 * @returns how many
 */
export function countNext(db: Database, limit: number): number {
  // Usually there is nothing to count, and checking that needs no lock.
  const { seq, mark } = marks(db);
  if (seq === mark) return 0;
  return db.transaction(() => countRows(db, limit)).immediate();
}

/** Rows per step when all rows are counted. */
const TURN_ROWS = 500;

/** Counts all rows that were not counted yet, inside the caller's transaction, which then deletes some of them. */
export function countBeforeDeleting(db: Database): void {
  while (countRows(db, TURN_ROWS) > 0);
}

export function readTotals(db: Database): Total[] {
  return db
    .prepare<[], TotalRow>(
      'SELECT * FROM hook_totals ORDER BY hook_name, event_type, agent, project, status',
    )
    .all()
    .map(totalOf);
}

type Counted = Pick<
  LogRow,
  | 'id'
  | 'hook_name'
  | 'event_type'
  | 'agent'
  | 'project'
  | 'status'
  | 'decision'
  | 'dedupe_key'
  | 'duration_ms'
  | 'overhead_ms'
>;

function countRows(db: Database, limit: number): number {
  const { seq, mark } = marks(db);
  // The numbers started again, so none of the current rows was counted.
  const from = seq < mark ? 0 : mark;
  const rows = db
    .prepare<[number, number], Counted>(
      `SELECT id, hook_name, event_type, agent, project, status, decision, dedupe_key, duration_ms, overhead_ms
       FROM hook_logs WHERE id > ? ORDER BY id LIMIT ?`,
    )
    .all(from, limit);
  if (rows.length > 0) {
    const named = withNames(db, rows);
    save(db, added(db, named));
    addDecisions(
      db,
      named.flatMap(([names, { decision }]) => (decision === null ? [] : [{ ...names, decision }])),
    );
  }
  // Moves the mark to the end, so that rows deleted without being counted are not searched again.
  const lastId = rows.length < limit ? seq : (rows.at(-1)?.id ?? seq);
  db.prepare('INSERT OR REPLACE INTO hook_totals_mark VALUES (1, ?)').run(lastId);
  return rows.length;
}

function marks(db: Database): { readonly seq: number; readonly mark: number } {
  const row = db.prepare<[], { last_id: number }>('SELECT last_id FROM hook_totals_mark').get();
  return { seq: lastLogId(db), mark: row?.last_id ?? 0 };
}

type Named = readonly [MetricNames, Counted];

/** The rows, with names as the totals have them. */
function withNames(db: Database, rows: readonly Counted[]): Named[] {
  const namesOf = boundMetricNames(namesIn(db));
  return rows.map((row) => [
    namesOf({
      hookName: row.hook_name,
      eventType: row.event_type,
      agent: row.agent ?? undefined,
      project: baseName(row.project ?? ''),
    }),
    row,
  ]);
}

/** The totals that these rows change, with the new values. */
function added(db: Database, rows: readonly Named[]): Total[] {
  const find = db.prepare<[TotalId], TotalRow>(
    `SELECT * FROM hook_totals WHERE hook_name = @hookName AND event_type = @eventType AND agent = @agent
       AND project = @project AND status = @status`,
  );
  const stored = (id: TotalId): Total | undefined => {
    const row = find.get(id);
    return row && totalOf(row);
  };
  const changed = new Map<string, Total>();
  for (const [names, row] of rows) {
    const id = { ...names, status: row.status };
    const key = keyOf(id);
    const before = changed.get(key) ?? stored(id) ?? empty(id);
    changed.set(key, {
      ...before,
      executions: before.executions + 1,
      keyed: before.keyed + (row.dedupe_key === null ? 0 : 1),
      duration: withValue(before.duration, DURATION_BOUNDS_MS, row.duration_ms ?? undefined),
      overhead: withValue(before.overhead, OVERHEAD_BOUNDS_MS, row.overhead_ms ?? undefined),
    });
  }
  return [...changed.values()];
}

/** The names that have a total. The index of the primary key alone answers this. */
function namesIn(db: Database): MetricNames[] {
  return db
    .prepare<[], MetricNames>(
      'SELECT DISTINCT hook_name AS hookName, event_type AS eventType, agent, project FROM hook_totals',
    )
    .all();
}

type TotalId = MetricNames & Pick<Total, 'status'>;

const keyOf = ({ hookName, eventType, agent, project, status }: TotalId): string =>
  [status, agent, project, eventType, hookName].join('\0');

const empty = (id: TotalId): Total => ({
  ...id,
  executions: 0,
  keyed: 0,
  duration: emptyHistogram(DURATION_BOUNDS_MS),
  overhead: emptyHistogram(OVERHEAD_BOUNDS_MS),
});

function save(db: Database, totals: readonly Total[]): void {
  const write = db.prepare<[TotalRow]>(`
    INSERT OR REPLACE INTO hook_totals VALUES (@hook_name, @event_type, @agent, @project, @status, @executions, @keyed,
      @duration_count, @duration_sum_ms, @duration_buckets, @overhead_count, @overhead_sum_ms, @overhead_buckets)`);
  for (const { hookName, eventType, duration, overhead, ...rest } of totals) {
    write.run({
      ...rest,
      hook_name: hookName,
      event_type: eventType,
      duration_count: duration.count,
      duration_sum_ms: duration.sumMs,
      duration_buckets: JSON.stringify(duration.buckets),
      overhead_count: overhead.count,
      overhead_sum_ms: overhead.sumMs,
      overhead_buckets: JSON.stringify(overhead.buckets),
    });
  }
}

function totalOf(row: TotalRow): Total {
  const { duration_count, duration_sum_ms, duration_buckets } = row;
  const { overhead_count, overhead_sum_ms, overhead_buckets } = row;
  return {
    hookName: row.hook_name,
    eventType: row.event_type,
    agent: row.agent,
    project: row.project,
    status: row.status,
    executions: row.executions,
    keyed: row.keyed,
    duration: histogramOf(duration_count, duration_sum_ms, duration_buckets, DURATION_BOUNDS_MS),
    overhead: histogramOf(overhead_count, overhead_sum_ms, overhead_buckets, OVERHEAD_BOUNDS_MS),
  };
}

/** Joins with an empty histogram, so that stored text with other buckets cannot shift the counts of valid ones. */
function histogramOf(
  count: number,
  sumMs: number,
  text: string,
  bounds: readonly number[],
): Histogram {
  const buckets = JSON.parse(text) as number[];
  return joined(emptyHistogram(bounds), { count, sumMs, buckets });
}
