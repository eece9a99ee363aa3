import { isRun, STATUSES, type Status } from '../../domain/execution.ts';
import type { Rollup } from '../../domain/sample.ts';
import type { Grouping } from '../../metrics/report.ts';
import { TimesSketch } from '../../metrics/sketch.ts';
import type { Database } from '../database.ts';
import { eachSample, type SampleRow, type Span } from '../queries/overview.ts';
import { type DayQuestion, eachDay, type OnDay } from './by-day.ts';

/** What executions can be grouped by, and the rollups by hook and event cannot. */
const GROUPS = {
  tool: (row) => row.toolName,
  session: (row) => row.sessionId,
  decision: (row) => row.decision,
  project: (row) => row.project,
  agent: (row) => row.agent,
  subagent: (row) => row.subagent,
} as const satisfies Partial<Record<Grouping, (row: SampleRow) => string | null>>;
export type DayGrouping = keyof typeof GROUPS;
const GROUPINGS = Object.keys(GROUPS) as DayGrouping[];

export const isDayGrouping = (by: Grouping | undefined): by is DayGrouping =>
  by !== undefined && by in GROUPS;

/** The executions of one group on one day, as JSON: the counts in the order of `STATUSES`, the sketch in base64. */
type StoredGroup = readonly [
  name: string,
  counts: readonly number[],
  denied: number,
  sumMs: number,
  maxMs: number | null,
  sketch: string | null,
];

type Groups = Readonly<Record<DayGrouping, readonly StoredGroup[]>>;

interface Tally {
  readonly counts: Record<Status, number>;
  denied: number;
  readonly duration: TimesSketch;
}

const BY_DAY: DayQuestion<Groups> = { kind: 'groups 1', read: readGroups };

/** Calls `take` for each group on each day of the span. */
export function eachGroup(
  db: Database,
  span: Span,
  by: DayGrouping,
  take: (name: string, rollup: Pick<Rollup, 'counts' | 'denied' | 'duration'>) => void,
  onDay?: OnDay,
): void {
  for (const groups of eachDay(db, span, BY_DAY, onDay)) {
    for (const [name, counts, denied, sumMs, maxMs, sketch] of groups[by]) {
      const named = Object.fromEntries(STATUSES.map((status, at) => [status, counts[at] ?? 0]));
      const bytes = sketch === null ? null : Buffer.from(sketch, 'base64');
      take(name, {
        counts: named as Record<Status, number>,
        denied,
        duration: { sumMs, maxMs, sketch: bytes },
      });
    }
  }
}

function readGroups(db: Database, span: Span): Groups {
  const all = GROUPINGS.map((by) => ({ nameOf: GROUPS[by], tallies: new Map<string, Tally>() }));
  eachSample(db, span, (row) => {
    for (const { nameOf, tallies } of all) {
      const name = nameOf(row) ?? '';
      let tally = tallies.get(name);
      if (tally === undefined) {
        tally = { counts: noCounts(), denied: 0, duration: new TimesSketch() };
        tallies.set(name, tally);
      }
      tally.counts[row.status] += 1;
      if (row.decision === 'deny') tally.denied += 1;
      if (row.durationMs !== null && isRun(row.status)) tally.duration.add(row.durationMs);
    }
  });
  const groups = GROUPINGS.map((by, at) => [by, [...(all[at]?.tallies ?? [])].map(toStored)]);
  return Object.fromEntries(groups) as Groups;
}

const noCounts = (): Record<Status, number> =>
  Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;

function toStored([name, { counts, denied, duration }]: readonly [string, Tally]): StoredGroup {
  const sketch = duration.count === 0 ? null : Buffer.from(duration.encode()).toString('base64');
  const inOrder = STATUSES.map((status) => counts[status]);
  return [name, inOrder, denied, duration.totalMs, duration.maxMs ?? null, sketch];
}
