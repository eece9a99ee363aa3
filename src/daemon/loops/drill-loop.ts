import { planDrill, toDrilled } from '../../app/replay/drill.ts';
import { prepareReplay, withoutOutputs } from '../../app/replay/replayable.ts';
import type { Config } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { drillEnvironment } from '../../config/settings.ts';
import { reasonOf } from '../../domain/errors.ts';
import { HOUR_MS } from '../../domain/time.ts';
import type { LogRow } from '../../store/columns.ts';
import { isBusy, takeLock } from '../../store/database.ts';
import { lastDrilledAt, listRefusingGuards } from '../../store/queries/guards/refusals.ts';
import { writeReplay } from '../../store/replays.ts';
import type { CommonParts } from '../common-parts.ts';
import { createLoop } from './loop.ts';

/** How often to look whether a drill is due. */
const EVERY_MS = 30_000;

/** Drills wait until no hook has been recorded for this long, but not longer than an hour. */
const QUIET_MS = 5000;
const MAX_WAIT_MS = HOUR_MS;

/** How many refusals of each guard. */
const LAST = 3;

export interface DrillLoopParts extends CommonParts {
  readonly paths: StatePaths;
  readonly config: () => Config;
  readonly quietMs?: number;
}

/** A guard that config.json names. */
interface DueGuard {
  readonly hookName: string;
  /** Undefined: all of its command lines. */
  readonly command: string | undefined;
}

/** Tries again what the guards that config.json names have refused, one hook at a time, when nothing else runs. */
export function createDrillLoop(parts: DrillLoopParts) {
  const { log, quietMs = QUIET_MS } = parts;
  const stopping = new AbortController();
  const schedule = createSchedule(parts);
  const quiet = createQuiet(quietMs);
  let running: Promise<void> | undefined;

  function step(): number {
    if (running !== undefined) return EVERY_MS;
    const due = schedule.next();
    const restMs = quiet.restMs(due !== undefined);
    if (due === undefined) return EVERY_MS;
    if (restMs > 0) return restMs;
    const release = lockIfFree(parts.paths.drillLock);
    if (release === undefined) return EVERY_MS;
    schedule.begin(due);
    running = drillGuard(parts, due, stopping.signal)
      .catch((error: unknown) =>
        log('drill_failed', { hook: due.hookName, reason: reasonOf(error) }),
      )
      .finally(() => {
        release();
        running = undefined;
        loop.within();
      });
    return EVERY_MS;
  }

  const times = { firstMs: quietMs, retryMs: EVERY_MS };
  const loop = createLoop({ log, failure: 'drill_failed', ...times, step });
  return {
    start: loop.start,
    /** Call this when executions were stored. */
    notify: quiet.disturb,
    isRunning: (): boolean => running !== undefined,
    /** Ends the hook that runs. */
    async stop(): Promise<void> {
      loop.stop();
      stopping.abort();
      await running;
    },
  };
}

/** When each guard is due. */
function createSchedule({ config, store, now }: DrillLoopParts) {
  /** When each was drilled in this process: the recorded times may be those of another clock. */
  const begunAtMs = new Map<string, number>();
  const keyOf = ({ hookName, command }: DueGuard): string => JSON.stringify([hookName, command]);

  function isDue(guard: DueGuard, hours: number): boolean {
    const atMs = begunAtMs.get(keyOf(guard));
    if (atMs !== undefined) return performance.now() - atMs >= hours * HOUR_MS;
    const last = store.use(({ db }) => lastDrilledAt(db, guard.hookName, guard.command));
    const ageMs = last === undefined ? Number.NaN : now() - Date.parse(last);
    return !(ageMs >= 0 && ageMs < hours * HOUR_MS);
  }

  return {
    next(): DueGuard | undefined {
      const { hours, hooks } = config().drill;
      if (hours === 0 || hooks.length === 0) return undefined;
      const names = store.use(({ db }) => listRefusingGuards(db).map(({ hookName }) => hookName));
      const guards = hooks.flatMap((entry) => namedBy(entry, names));
      return guards.find((guard) => isDue(guard, hours));
    },
    begin: (guard: DueGuard): void => void begunAtMs.set(keyOf(guard), performance.now()),
  };
}

/** Says how long to wait for other hooks. */
function createQuiet(quietMs: number) {
  let disturbedAtMs = Number.NEGATIVE_INFINITY;
  let waitingSinceMs: number | undefined;
  return {
    disturb(): void {
      disturbedAtMs = performance.now();
    },
    /** @param isWaiting whether anything waits to be drilled */
    restMs(isWaiting: boolean): number {
      const atMs = performance.now();
      waitingSinceMs = isWaiting ? (waitingSinceMs ?? atMs) : undefined;
      if (waitingSinceMs !== undefined && atMs - waitingSinceMs >= MAX_WAIT_MS) return 0;
      return Math.max(disturbedAtMs + quietMs - atMs, 0);
    },
  };
}

/** The guards that an entry of `drill.hooks` names: `NAME`, or `NAME: COMMAND LINE`. */
function namedBy(entry: string, names: readonly string[]): DueGuard[] {
  return names.flatMap((hookName): DueGuard[] => {
    if (entry === hookName) return [{ hookName, command: undefined }];
    const prefix = `${hookName}: `;
    return entry.startsWith(prefix) ? [{ hookName, command: entry.slice(prefix.length) }] : [];
  });
}

function lockIfFree(path: string): (() => void) | undefined {
  try {
    return takeLock(path, 0);
  } catch (error) {
    if (isBusy(error)) return undefined;
    throw error;
  }
}

async function drillGuard(
  parts: DrillLoopParts,
  { hookName, command }: DueGuard,
  abort: AbortSignal,
): Promise<void> {
  const { config, store, log } = parts;
  const env = drillEnvironment(config().drill.path);
  const plan = store.use(({ db }) => {
    const guard = listRefusingGuards(db).find((one) => one.hookName === hookName);
    const choice = { last: LAST, ...(command !== undefined && { command }) };
    return guard === undefined ? undefined : planDrill(db, guard, choice, env);
  });
  if (plan === undefined) return;
  if (plan.rows.length === 0) log('drill_impossible', { hook: hookName, reason: plan.reason });
  for (const row of plan.rows) {
    // Switched off meanwhile, or the daemon ends.
    if (abort.aborted || config().drill.hours === 0) return;
    await drillOne(parts, row, abort);
  }
}

async function drillOne(
  { config, store, now, log }: DrillLoopParts,
  row: LogRow,
  abort: AbortSignal,
): Promise<void> {
  const { path, timeout_seconds: timeoutSeconds } = config().drill;
  const env = drillEnvironment(path);
  const about = { hook: row.hook_name, execution: row.id };
  const prepared = store.use(({ db }) => prepareReplay(db, row, undefined, env));
  if ('refused' in prepared) {
    log('drill_impossible', { ...about, reason: prepared.refused });
    return;
  }
  // Loaded when it is needed, for most daemons never drill.
  const { replayExecution } = await import('../../engine/replay-execution.ts');
  const replayed = await replayExecution(prepared, {
    ...{ env, now, timeoutSeconds, abort },
    inBackground: true,
  });
  // A hook that the end of the daemon interrupted proves nothing.
  if (abort.aborted) return;
  store.use(({ db }) => writeReplay(db, replayed.record));
  const { verdict, why } = toDrilled(withoutOutputs(replayed), timeoutSeconds);
  log('drilled', { ...about, verdict, reason: why });
}
