import type { StatePaths } from '../../../config/home/paths.ts';
import { typedWord } from '../../../domain/hook/shell-word.ts';
import { HOUR_MS, isoOf } from '../../../domain/time.ts';
import { isProtected } from '../../../gates/policy.ts';
import type { HookMetrics } from '../../../metrics/report.ts';
import type { Database } from '../../../store/database.ts';
import { NEWEST, rowsWithIds, searchExecutions } from '../../../store/queries/dashboard.ts';
import {
  type FailureGroup,
  failureGroups,
  hasMoreFailures,
  MAX_FAILURES,
} from '../../../store/queries/failure-groups.ts';
import { type RefusalGroup, refusalGroups } from '../../../store/queries/guards/refusal-groups.ts';
import { projectToReplay } from '../../../store/queries/guards/refusals.ts';
import { type GateReport, readGates } from '../../breaker/read-gates.ts';
import { type ListedExecution, listedExecutions } from '../listed-executions.ts';
import { readMetricsInDaemon } from '../read-metrics.ts';
import { RANGES, type Range, readSeries, type Series } from '../read-series.ts';
import type { HookPlace, HookPlaces } from './hook-places.ts';

const MAX_GROUPS = 20;

/** How many runs to list for each reason of a refusal. */
const MAX_RUNS = 5;

/** How many calls the line for a terminal replays. */
const REPLAYED = 20;

/** Failures or refusals that say the same, with the latest of them. */
interface Grouped<T> {
  readonly groups: readonly (T & { readonly latest: readonly ListedExecution[] })[];
}

/** What the page of one hook shows. */
export interface HookReport {
  readonly hook_name: string;
  /** Only this event; null: all. */
  readonly event_type: string | null;
  readonly range: Range;
  /** One entry for each event on which it ran in the range; null while too many rows wait to be rolled up. */
  readonly events: readonly HookMetrics[] | null;
  readonly series: Series;
  /** The latest execution, in the range or not. */
  readonly last: ListedExecution | null;
  readonly failures: Grouped<FailureGroup>['groups'];
  /** How many of the latest failures, of every hook, were searched for those of this one; null: all of the range. */
  readonly searched: number | null;
  readonly refusals: Grouped<RefusalGroup>['groups'];
  readonly places: readonly HookPlace[];
  /** Gates that skip it now. */
  readonly gates: readonly GateReport[];
  /** Root forbids switching it off. */
  readonly is_protected: boolean;
  /** What replays its latest calls; null if no payload is stored. */
  readonly replay: string | null;
  /** What lists its executions in a terminal. */
  readonly logs: string;
}

/** What to read about a hook. */
export interface HookQuery {
  readonly hookName: string;
  readonly eventType: string | undefined;
  readonly range: Range;
}

/** How much is read does not grow with the log. @param placesOf reads settings files, or knows what they said */
export function readHook(
  paths: StatePaths,
  db: Database,
  query: HookQuery,
  placesOf: HookPlaces,
  nowMs: number,
): HookReport {
  const { hookName, eventType, range } = query;
  const hours = RANGES[range].seconds / 3600;
  const search = { from: isoOf(nowMs - hours * HOUR_MS), hookName, eventType, limit: MAX_GROUPS };
  const failures = failureGroups(db, search);
  const refusals = refusalGroups(db, { ...search, latest: MAX_RUNS });
  const rowsOf = createRows(db, [
    ...failures.map(({ last_id }) => last_id),
    ...refusals.flatMap(({ latest_ids }) => latest_ids),
  ]);
  const events =
    readMetricsInDaemon(db, hours, nowMs)?.hooks.filter(
      ({ hook_name }) => hook_name === hookName,
    ) ?? null;
  return {
    hook_name: hookName,
    event_type: eventType ?? null,
    range,
    events,
    series: readSeries(db, range, hookName, nowMs, eventType),
    last: latestOf(db, hookName, eventType),
    failures: failures.map((group) => ({ ...group, latest: rowsOf([group.last_id]) })),
    searched: hasMoreFailures(db, search.from) ? MAX_FAILURES : null,
    refusals: refusals.map((group) => ({ ...group, latest: rowsOf(group.latest_ids) })),
    places: placesOf(paths, db, hookName, nowMs),
    gates: readGates(paths, db, nowMs).gates.filter(({ hook_name }) => hook_name === hookName),
    is_protected: isProtected(hookName),
    replay: replayLine(db, query),
    logs: `hookbus logs ${optionsOf(query)}`,
  };
}

function createRows(db: Database, ids: readonly number[]) {
  const rows = new Map(listedExecutions(db, rowsWithIds(db, ids)).map((row) => [row.id, row]));
  return (wanted: readonly number[]): ListedExecution[] =>
    wanted.flatMap((id) => rows.get(id) ?? []);
}

function latestOf(
  db: Database,
  hookName: string,
  eventType: string | undefined,
): ListedExecution | null {
  const { rows } = searchExecutions(db, { ...ANY, hookName, eventType, limit: 1 });
  return listedExecutions(db, rows)[0] ?? null;
}

const ANY = {
  status: undefined,
  decision: undefined,
  agent: undefined,
  project: undefined,
  session: undefined,
  from: '',
  before: NEWEST,
};

/** Replays run where the calls were made: those of other work trees are skipped. */
function replayLine(db: Database, query: HookQuery): string | null {
  const project = projectToReplay(db, query.hookName, query.eventType);
  if (project === undefined) return null;
  return `cd ${typedWord(project)} && hookbus replay ${optionsOf(query)} --last ${REPLAYED}`;
}

/** A name may look like an option. */
const optionsOf = ({ hookName, eventType }: HookQuery): string =>
  [
    `--hook${hookName.startsWith('-') ? '=' : ' '}${typedWord(hookName)}`,
    ...(eventType === undefined ? [] : [`--event ${typedWord(eventType)}`]),
  ].join(' ');
