import { randomBytes } from 'node:crypto';
import { evaluateAlerts } from '../../app/alerts/evaluate.ts';
import type { AlertsConfig, GuardFacts, Surroundings } from '../../app/alerts/rule.ts';
import type { StoreHandle } from '../../app/store/store-handle.ts';
import type { AlertAction } from '../../domain/alert.ts';
import { type AlertRow, alertKey, hookNamesBetween, latestAlerts } from '../../store/alerts.ts';
import { createBreakerStore, listHookNames } from '../../store/breakers.ts';
import type { Database } from '../../store/database.ts';
import { lastRow } from '../../store/rollups.ts';
import { listSkippedGuards } from '../../store/skipped-guards.ts';
import type { FailingSource } from './failing.ts';
import { createGuardFacts } from './guard-facts.ts';

/** Compare the spool with its size at least this long ago: evaluations may follow each other faster. */
const MIN_AGE_MS = 900;

export interface EvaluatorParts {
  readonly store: StoreHandle;
  /** Counts the records that wait in the spool. */
  readonly countWaiting: () => number;
  readonly now: () => number;
  /** What can fail other than hooks. */
  readonly failing: readonly FailingSource[];
}

/** The result of an evaluation. */
export interface Evaluated {
  /** Alerts that opened, cleared or changed their value. */
  readonly changed: readonly AlertRow[];
  /** Those of `changed` that opened or cleared. */
  readonly news: readonly AlertRow[];
  /** The latest alert of each rule and subject, including `changed`. */
  readonly current: readonly AlertRow[];
}

type ByKey = ReadonlyMap<string, AlertRow>;

/** What the database contains, if it can be read. */
interface Recorded {
  readonly db: Database | undefined;
  readonly rows: readonly AlertRow[];
  readonly hookNames: readonly string[];
  readonly lastLogId: number;
  readonly openBreakers: Surroundings['openBreakers'];
  readonly skippedGuards: Surroundings['skippedGuards'];
  readonly guards: GuardFacts | undefined;
}

const NOTHING_READ: Omit<Recorded, 'rows' | 'lastLogId'> = {
  db: undefined,
  hookNames: [],
  openBreakers: undefined,
  skippedGuards: undefined,
  guards: undefined,
};

/** Evaluates all rules, and remembers the last execution that it assessed. */
export function createEvaluator({ store, countWaiting, now, failing }: EvaluatorParts) {
  /** The last row of `hook_logs` that was assessed; undefined before the first evaluation. */
  let mark: number | undefined;
  /** The `alerts` section of config.json at the last evaluation. */
  let assessedBy = '';
  const surroundings = createSurroundings({ countWaiting, now, failing });
  const readGuards = createGuardFacts(now);
  let latest: readonly AlertRow[] = [];

  /** @param unsaved alerts that the database does not contain yet */
  return (config: AlertsConfig, actions: readonly AlertAction[], unsaved: ByKey): Evaluated => {
    // Other thresholds may change the assessment of executions already assessed.
    const rules = JSON.stringify(config);
    if (rules !== assessedBy) mark = undefined;
    assessedBy = rules;
    const assess = ({
      rows,
      openBreakers,
      skippedGuards,
      guards,
      ...recorded
    }: Recorded): Evaluated => {
      const before = replaceRows(rows, unsaved);
      const changed = evaluateAlerts({
        ...recorded,
        config,
        around: { ...surroundings(), openBreakers, skippedGuards, guards },
        latest: before,
        actions,
        random: () => randomBytes(16),
      });
      mark = recorded.lastLogId;
      latest = replaceRows(before, byKey(changed));
      const states = new Map(before.map(({ alertId, state }) => [alertId, state]));
      const news = changed.filter(({ alertId, state }) => states.get(alertId) !== state);
      return { changed, news, current: latest };
    };
    let recorded: Recorded | undefined;
    try {
      return store.use(({ db }) => {
        recorded = undefined;
        const found = recordedIn(db, mark);
        recorded = { ...found, guards: readGuards(db, found.lastLogId, config) };
        return assess(recorded);
      });
    } catch (error) {
      // The database was read, so this is another error.
      if (recorded !== undefined) throw error;
      // Without the database there are no executions to assess, but state rules still count.
      return assess({ ...NOTHING_READ, rows: latest, lastLogId: mark ?? 0 });
    }
  };
}

function recordedIn(db: Database, mark: number | undefined): Omit<Recorded, 'guards'> {
  const lastLogId = lastRow(db);
  return {
    db,
    rows: latestAlerts(db),
    hookNames: newHooks(db, mark, lastLogId),
    lastLogId,
    openBreakers: createBreakerStore(db).listOpen(),
    skippedGuards: listSkippedGuards(db),
  };
}

/** Reads everything that does not come from the database. */
function createSurroundings({ countWaiting, now, failing }: Omit<EvaluatorParts, 'store'>) {
  const waitingBefore = createPreviousCount();
  return (): Pick<Surroundings, 'nowMs' | 'spool' | 'failing'> => {
    const waiting = countWaiting();
    const before = waitingBefore(waiting);
    const sources = failing.flatMap((source) => [...source()]);
    return { nowMs: now(), spool: { waiting, before }, failing: sources };
  };
}

/** Stores a count, and returns the count of about `MIN_AGE_MS` before. */
function createPreviousCount() {
  let before = 0;
  let latest = { count: 0, atMs: Number.NEGATIVE_INFINITY };
  return (count: number): number => {
    const nowMs = performance.now();
    if (nowMs - latest.atMs >= MIN_AGE_MS) {
      before = latest.count;
      latest = { count, atMs: nowMs };
    }
    return before;
  };
}

/** Every hook is new at the first evaluation, and after the last id went down: then it is another database. */
function newHooks(db: Database, mark: number | undefined, lastLogId: number): string[] {
  if (mark === undefined || lastLogId < mark) return listHookNames(db);
  return lastLogId === mark ? [] : hookNamesBetween(db, mark, lastLogId);
}

const byKey = (rows: readonly AlertRow[]): ByKey =>
  new Map(rows.map((row) => [alertKey(row.rule, row.subject), row]));

function replaceRows(rows: readonly AlertRow[], others: ByKey): readonly AlertRow[] {
  const kept = rows.filter((row) => !others.has(alertKey(row.rule, row.subject)));
  return [...kept, ...others.values()];
}
