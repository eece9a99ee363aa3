import {
  type Drilled,
  type DrilledGuard,
  type DrillPlan,
  planDrill,
  toDrilled,
  toDrilledGuard,
} from '../../app/replay/drill.ts';
import { prepareReplay, withoutOutputs } from '../../app/replay/replayable.ts';
import { requirePaths } from '../../app/store/open-store.ts';
import type { CommandStore } from '../../app/store/up-to-date.ts';
import { HookbusError } from '../../domain/errors.ts';
import { nearest } from '../../domain/text/nearest.ts';
import { replayExecution } from '../../engine/replay-execution.ts';
import { formatCount } from '../../format.ts';
import { listHookNames } from '../../store/breakers.ts';
import type { LogRow } from '../../store/columns.ts';
import { isBusy, takeLock } from '../../store/database.ts';
import { listRefusingGuards } from '../../store/queries/guards/refusals.ts';
import { writeReplay } from '../../store/replays.ts';
import { drillJson, drillLines } from '../output/executions/drill.ts';
import { clip, visible } from '../output/text.ts';
import type { Answer, Context } from '../words/command.ts';
import { quote } from '../words/values.ts';
import { isReplayConfirmed } from './confirm.ts';
import { createProgress } from './progress.ts';
import { withDatabase, withStore } from './with-store.ts';

export interface DrillRequest {
  /** Empty: every hook that has refused. */
  readonly hookNames: readonly string[];
  readonly last: number;
  readonly timeoutSeconds: number;
  /** The user sees what will run, and may say no. */
  readonly asks: boolean;
}

/** How long another drill may still hold the lock. */
const LOCK_MS = 1000;

/** Drills one guard after the other. */
export async function drill(request: DrillRequest, context: Context): Promise<Answer> {
  const guards = await withStore(context, (store) =>
    store === undefined ? [] : drillAll(store, request, context),
  );
  const isNamed = request.hookNames.length > 0;
  const missing = request.hookNames.filter(
    (name) => !guards.some(({ hookName }) => hookName === name),
  );
  const known = missing.length === 0 ? [] : ((await withDatabase(context, listHookNames)) ?? []);
  const report = [...guards, ...missing.map((name) => neverRefused(name, known))];
  const hasFailed = report.some(
    ({ verdict }) => verdict === 'passes' || (isNamed && verdict !== 'refuses'),
  );
  return {
    json: drillJson(report),
    lines: (page) => drillLines(report, page),
    exitCode: hasFailed ? 1 : 0,
  };
}

const neverRefused = (hookName: string, known: readonly string[]): DrilledGuard => ({
  hookName,
  refusals: 0,
  stored: 0,
  verdict: 'not_drilled',
  reason: known.includes(hookName)
    ? 'no refusal of it is recorded'
    : `no execution of it is recorded${nearestName(hookName, known)}`,
  drills: [],
});

function nearestName(hookName: string, known: readonly string[]): string {
  const guess = nearest(hookName, known);
  return guess === undefined ? '' : ` (did you mean ${quote(guess)}?)`;
}

async function drillAll(
  store: CommandStore,
  request: DrillRequest,
  context: Context,
): Promise<DrilledGuard[]> {
  const { hookNames, last, asks } = request;
  const guards = store
    .use(listRefusingGuards)
    .filter(({ hookName }) => hookNames.length === 0 || hookNames.includes(hookName));
  const plans = guards.map((guard) =>
    store.use((db) => planDrill(db, guard, { last }, context.env)),
  );
  const rows = plans.flatMap((plan) => plan.rows);
  if (rows.length > 0 && asks && !(await isReplayConfirmed(context, rows, undefined))) {
    throw new HookbusError('E_REPLAY', 'not confirmed: nothing was drilled');
  }
  const release = rows.length === 0 ? () => undefined : lock(context);
  try {
    const progress = createProgress(context);
    const drilled: DrilledGuard[] = [];
    let count = 0;
    for (const plan of plans) {
      const name = clip(visible(plan.hookName), 40, 'middle');
      const say = (): void => {
        count += 1;
        progress.say(`Drilling ${formatCount(count)} of ${formatCount(rows.length)}: ${name}`);
      };
      drilled.push(await drillGuard(store, plan, say, request, context));
    }
    progress.clear();
    return drilled;
  } finally {
    release();
  }
}

/** Two drills at once would run a hook beside itself. */
function lock({ settings }: Context): () => void {
  try {
    return takeLock(requirePaths(settings).drillLock, LOCK_MS);
  } catch (error) {
    if (!isBusy(error)) throw error;
    throw new HookbusError('E_REPLAY', 'another drill is running', 'Try again when it has ended');
  }
}

async function drillGuard(
  store: CommandStore,
  plan: DrillPlan,
  say: () => void,
  { timeoutSeconds }: DrillRequest,
  context: Context,
): Promise<DrilledGuard> {
  const drills: Drilled[] = [];
  let reason: string | undefined;
  for (const row of plan.rows) {
    say();
    const done = await drillOne(store, row, timeoutSeconds, context);
    if (typeof done === 'string') reason = done;
    else drills.push(done);
  }
  return toDrilledGuard(
    drills.length === 0 && reason !== undefined ? { ...plan, reason } : plan,
    drills,
  );
}

/** @returns why it cannot be drilled, as after an earlier drill deleted the directory */
async function drillOne(
  store: CommandStore,
  row: LogRow,
  timeoutSeconds: number,
  { env, now }: Context,
): Promise<Drilled | string> {
  const prepared = store.use((db) => prepareReplay(db, row, undefined, env));
  if ('refused' in prepared) return prepared.refused;
  const replayed = await replayExecution(prepared, { env, now, timeoutSeconds });
  store.use((db) => writeReplay(db, replayed.record));
  return toDrilled(withoutOutputs(replayed), timeoutSeconds);
}
