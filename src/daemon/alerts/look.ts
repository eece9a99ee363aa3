import { randomBytes } from 'node:crypto';
import { evaluateAlerts } from '../../app/alerts/evaluate.ts';
import type { AlertsConfig, Surroundings } from '../../app/alerts/rule.ts';
import { countSpool } from '../../app/recording/spool-record.ts';
import type { StoreHandle } from '../../app/store/store-handle.ts';
import type { AlertAction } from '../../domain/alert.ts';
import { RAN } from '../../gates/breaker.ts';
import type { Spool } from '../../spool/spool.ts';
import { type AlertRow, alertKey, hookNamesBetween, latestAlerts } from '../../store/alerts.ts';
import { createBreakerStore, listHookNames } from '../../store/breakers.ts';
import type { Database } from '../../store/database.ts';
import { lastRow } from '../../store/rollups.ts';
import { listSkippedGuards } from '../../store/skipped-guards.ts';
import type { FailingSource } from './failing.ts';

/** A spool grows when it was as full so long ago, in ms: looks follow each other faster, and crowds come and go. */
const APART_MS = 900;

export interface LookParts {
  readonly store: StoreHandle;
  readonly spool: Spool;
  readonly now: () => number;
  /** What may fail beside executions. */
  readonly failing: readonly FailingSource[];
}

/** What came of a look. */
export interface Seen {
  /** Alerts that opened, cleared or went on. */
  readonly changed: readonly AlertRow[];
  /** Of these, those that opened or cleared. */
  readonly news: readonly AlertRow[];
  /** The latest of each rule and subject, these among them. */
  readonly current: readonly AlertRow[];
}

type ByKey = ReadonlyMap<string, AlertRow>;

/** What the database says, as far as it can. */
interface Recorded {
  readonly db: Database | undefined;
  readonly rows: readonly AlertRow[];
  readonly hookNames: readonly string[];
  readonly lastLogId: number;
  readonly openBreakers: Surroundings['openBreakers'];
  readonly skippedGuards: Surroundings['skippedGuards'];
}

/** Looks at everything that an alert may be about, and remembers how far it has come. */
export function createLook({ store, spool, now, failing }: LookParts) {
  /** The last row of `hook_logs` that was looked at; undefined before the first look. */
  let mark: number | undefined;
  /** The `alerts` of config.json at the last look. */
  let assessedBy = '';
  const surroundings = createView({ spool, now, failing });
  let latest: readonly AlertRow[] = [];

  /** @param unsaved alerts that the database does not have yet */
  return (config: AlertsConfig, actions: readonly AlertAction[], unsaved: ByKey): Seen => {
    // By other rules, what is on record may mean something else.
    const rules = JSON.stringify(config);
    if (rules !== assessedBy) mark = undefined;
    assessedBy = rules;
    const assess = ({ rows, openBreakers, skippedGuards, ...recorded }: Recorded): Seen => {
      const before = withThese(rows, unsaved);
      const changed = evaluateAlerts({
        ...recorded,
        config,
        around: { ...surroundings(), openBreakers, skippedGuards },
        latest: before,
        actions,
        random: () => randomBytes(16),
      });
      mark = recorded.lastLogId;
      latest = withThese(before, byKey(changed));
      const states = new Map(before.map(({ alertId, state }) => [alertId, state]));
      const news = changed.filter(({ alertId, state }) => states.get(alertId) !== state);
      return { changed, news, current: latest };
    };
    let recorded: Recorded | undefined;
    try {
      return store.use(({ db }) => {
        recorded = undefined;
        recorded = recordedIn(db, mark);
        return assess(recorded);
      });
    } catch (error) {
      // What was wrong had nothing to do with reading.
      if (recorded !== undefined) throw error;
      // Of executions nothing is known, and what is wrong around them is to be heard of all the same.
      return assess({
        db: undefined,
        rows: latest,
        hookNames: [],
        lastLogId: mark ?? 0,
        openBreakers: undefined,
        skippedGuards: undefined,
      });
    }
  };
}

function recordedIn(db: Database, mark: number | undefined): Recorded {
  const lastLogId = lastRow(db);
  return {
    db,
    rows: latestAlerts(db),
    hookNames: newHooks(db, mark, lastLogId),
    lastLogId,
    openBreakers: createBreakerStore(db, RAN).listOpen(),
    skippedGuards: listSkippedGuards(db),
  };
}

/** What is to be seen beside the database. */
function createView({ spool, now, failing }: Omit<LookParts, 'store'>) {
  const waitingBefore = createPast();
  return (): Pick<Surroundings, 'nowMs' | 'spool' | 'failing'> => {
    const { waiting } = countSpool(spool);
    const before = waitingBefore(waiting);
    const sources = failing.flatMap((source) => [...source()]);
    return { nowMs: now(), spool: { waiting, before }, failing: sources };
  };
}

/** Takes how many wait, and tells how many did a while ago. */
function createPast() {
  let before = 0;
  let latest = { count: 0, atMs: Number.NEGATIVE_INFINITY };
  return (count: number): number => {
    const nowMs = performance.now();
    if (nowMs - latest.atMs >= APART_MS) {
      before = latest.count;
      latest = { count, atMs: nowMs };
    }
    return before;
  };
}

/** At the first look every hook is new, and where numbers are lower than before: those are of another database. */
function newHooks(db: Database, mark: number | undefined, lastLogId: number): string[] {
  if (mark === undefined || lastLogId < mark) return listHookNames(db);
  return lastLogId === mark ? [] : hookNamesBetween(db, mark, lastLogId);
}

const byKey = (rows: readonly AlertRow[]): ByKey =>
  new Map(rows.map((row) => [alertKey(row.rule, row.subject), row]));

function withThese(rows: readonly AlertRow[], others: ByKey): readonly AlertRow[] {
  const kept = rows.filter((row) => !others.has(alertKey(row.rule, row.subject)));
  return [...kept, ...others.values()];
}
