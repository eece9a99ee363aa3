import { DEFAULT_CONFIG } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { makeStateHome } from '../../config/home/state-home.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import type { HookId } from '../../domain/hook/hook-id.ts';
import { type GateKind, gateFile, gateFiles, isInForce } from '../../gates/gate-file.ts';
import { listGateFiles, listOldGates, removeGate, writeGate } from '../../gates/gate-writer.ts';
import { isProtected, POLICY_PATH } from '../../gates/policy.ts';
import { makeOwnDirectory } from '../../os/own-file.ts';
import { listHookNames } from '../../store/breakers.ts';
import { type Database, isBusy } from '../../store/database.ts';
import { listHookCommands } from '../../store/hook-commands.ts';
import { openForCommand } from '../store/open-for-command.ts';
import type { StoreHandle } from '../store/store-handle.ts';
import { closeBreaker, openBreakersOf } from './breaker.ts';
import { choose, findHooks, type HookChoice } from './hooks-of-name.ts';
import { type OffMeaning, readOffMeaning } from './off-meaning.ts';

/** What `on` found. */
export interface SwitchedOn {
  /** The gate that was in force; undefined where the hook was on. */
  readonly was: GateKind | undefined;
  readonly hasClosedBreaker: boolean;
  readonly commands: readonly string[];
}

/** Names of hooks on record; undefined where the database cannot be used. */
export type KnownHooks = readonly string[] | undefined;

/**
 * Changes gates while nobody else does: whoever opens and closes breakers holds the database meanwhile. Where that
 * cannot be used it is undefined, and a gate can be taken away all the same.
 */
export type WithLock = <T>(work: (db: Database | undefined) => T) => T;

/** What `off` would do. */
export interface OffPlan {
  readonly hooks: readonly HookId[];
  readonly meaning: OffMeaning;
  readonly known: KnownHooks;
}

/**
 * Which hooks `off` would be about, and what that means.
 * @throws HookbusError `E_HOOK` where that is not clear, `E_PROTECTED` where root forbids it
 */
export function planOff(choice: HookChoice, nowMs: number, look: WithLock): OffPlan {
  requireUnprotected(choice.hookName);
  return look((db) => {
    const hooks = findHooks(db, choice);
    const meaning = readOffMeaning(db, choice.hookName, hooks, nowMs);
    return { hooks, meaning, known: db && listHookNames(db) };
  });
}

function requireUnprotected(hookName: string): void {
  if (!isProtected(hookName)) return;
  throw new HookbusError(
    'E_PROTECTED',
    `${JSON.stringify(hookName)} is protected by ${POLICY_PATH}, which is root's: nothing keeps it from running`,
  );
}

/** Puts hooks off until then. @throws HookbusError `E_GATE` */
export function switchOff(
  paths: StatePaths,
  hooks: readonly HookId[],
  untilMs: number,
  withLock: WithLock,
): void {
  withLock(() =>
    changeGate(() => {
      makeStateHome(paths.home);
      makeOwnDirectory(paths.gates);
      for (const hook of hooks) writeGate(paths.gates, hook, { kind: 'off', untilMs });
    }),
  );
}

/**
 * Takes gates of hooks away, whoever put them there, and closes their breakers.
 * @throws HookbusError `E_GATE`, or `E_HOOK` where it is not clear which hooks
 */
export function switchOn(
  paths: StatePaths,
  choice: HookChoice,
  now: () => number,
  withLock: WithLock,
): SwitchedOn & { readonly known: KnownHooks } {
  // Before others on the way may take it away for reasons of their own.
  const before = listGateFiles(paths.gates);
  return withLock((db) => {
    const nowMs = now();
    const parts = { gates: paths.gates, config: DEFAULT_CONFIG.breaker, nowMs };
    const breakers = db === undefined ? [] : openBreakersOf(db, choice.hookName);
    const { files, chosen } = chooseClosed(db, choice, before, breakers);
    const closed = changeGate(() => {
      const done = breakers
        .filter((hook) => files.has(gateFile(hook)))
        .map((hook) => db && closeBreaker({ ...parts, db }, hook));
      for (const file of files) removeGate(paths.gates, file);
      // What an older version left for all hooks of this name.
      for (const { hookName, file } of listOldGates(paths.gates)) {
        if (hookName === choice.hookName) removeGate(paths.gates, file);
      }
      return done.filter((change) => change !== undefined);
    });
    const was = before.find(
      (gate) => files.has(gate.file) && (gate.kind === 'breaker' || isInForce(gate, nowMs)),
    );
    return {
      was: was?.kind,
      hasClosedBreaker: closed.length > 0,
      commands: chosen,
      known: db && listHookNames(db),
    };
  });
}

/** The gates that are meant, by their files. */
function chooseClosed(
  db: Database | undefined,
  choice: HookChoice,
  gates: ReturnType<typeof listGateFiles>,
  breakers: readonly HookId[],
): { files: ReadonlySet<string>; chosen: string[] } {
  const { hookName, command } = choice;
  if (command !== undefined) {
    return { files: new Set(gateFiles({ hookName, command })), chosen: [command] };
  }
  const shown = new Map([
    ...gates
      .filter((gate) => gate.hookName === hookName)
      .map((gate) => [gate.file, gate.command ?? gate.file] as const),
    ...breakers.flatMap((hook) => gateFiles(hook).map((file) => [file, hook.command] as const)),
  ]);
  const places = db === undefined ? [] : listHookCommands(db, hookName);
  const candidates = [...shown.values()].flatMap((one) => [
    { command: one, cwd: null },
    ...places.filter((place) => place.command === one),
  ]);
  const chosen = choose(candidates, choice);
  const files = [...shown].filter(([, one]) => chosen.includes(one)).map(([file]) => file);
  return { files: new Set(files), chosen };
}

/** What the file system says of a gate is no news of the database, in whose transaction it may happen. */
function changeGate<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = reasonOf(error);
    throw new HookbusError('E_GATE', `the gate of the hook cannot be changed: ${reason}`);
  }
}

/**
 * For a look without a lock: it may take a while, and nobody is to wait for it.
 * @throws HookbusError where there is a database that cannot be used: what a closed gate skips has to be told
 */
export function lookForCommand(paths: StatePaths, now: () => number): WithLock {
  return (work) => {
    const store = openForCommand(paths, now);
    try {
      return store === undefined ? work(undefined) : store.use(work);
    } finally {
      store?.close();
    }
  };
}

/** The same of a process that has a store. */
export const lookOfStore =
  (store: StoreHandle): WithLock =>
  (work) =>
    store.use(({ db }) => work(db));

/** The lock of a command, which waits for the database and drains the spool as all commands do. */
export function lockForCommand(paths: StatePaths, now: () => number): WithLock {
  return (work) => {
    const store = openIfUsable(paths, now);
    try {
      if (store === undefined) return work(undefined);
      return store.use((db) => locked(db, work));
    } finally {
      store?.close();
    }
  };
}

/** The lock of a process that has a store: it waits no longer than that does. @throws what says that it is busy */
export function lockOfStore(store: StoreHandle): WithLock {
  return (work) => {
    try {
      store.use(() => undefined);
    } catch (error) {
      if (isBusy(error)) throw error;
      return work(undefined);
    }
    return store.use(({ db }) => locked(db, work));
  };
}

const locked = <T>(db: Database, work: (db: Database) => T): T =>
  db.transaction(() => work(db)).immediate();

function openIfUsable(paths: StatePaths, now: () => number) {
  try {
    return openForCommand(paths, now);
  } catch (error) {
    if (error instanceof HookbusError) return undefined;
    throw error;
  }
}
