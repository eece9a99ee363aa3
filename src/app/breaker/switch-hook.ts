import { DEFAULT_CONFIG } from '../../config/file/config-file.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { makeStateHome } from '../../config/home/state-home.ts';
import type { Environment } from '../../config/settings.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import type { HookId } from '../../domain/hook/hook-id.ts';
import { type GateKind, gateFile, gateFiles, isInForce } from '../../gates/gate-file.ts';
import { listGateFiles, listOldGates, removeGate, writeGate } from '../../gates/gate-writer.ts';
import { isProtected, POLICY_PATH } from '../../gates/policy.ts';
import { makeOwnDirectory } from '../../os/own-file.ts';
import { listHookNames } from '../../store/breakers.ts';
import { type Database, isBusy } from '../../store/database.ts';
import { listHookCommands } from '../../store/hook-commands.ts';
import type { StoreHandle } from '../store/store-handle.ts';
import type { Opened } from '../store/up-to-date.ts';
import { closeBreaker, openBreakersOf } from './breaker.ts';
import { choose, findHooks, type HookChoice } from './hooks-of-name.ts';
import { type OffMeaning, readOffMeaning } from './off-meaning.ts';

/** The result of `on`. */
export interface SwitchedOn {
  /** The gate that was in force; undefined if the hook was already on. */
  readonly was: GateKind | undefined;
  readonly hasClosedBreaker: boolean;
  readonly commands: readonly string[];
}

/** Names of recorded hooks; undefined if the database cannot be used. */
export type KnownHooks = readonly string[] | undefined;

/**
 * Runs `work` while no other process opens or closes breakers, by locking the database. If the database cannot be used,
 * `db` is undefined; a gate can be removed even so.
 */
export type WithLock = <T>(work: (db: Database | undefined) => T) => T;

/** What `off` would do; nothing is changed yet. */
export interface OffPlan {
  readonly hooks: readonly HookId[];
  readonly meaning: OffMeaning;
  readonly known: KnownHooks;
}

/**
 * Finds the hooks that `off` would switch off, and what that means.
 * @throws HookbusError `E_HOOK` if the choice is ambiguous, `E_PROTECTED` if root forbids it
 */
export function planOff(choice: HookChoice, nowMs: number, read: WithLock): OffPlan {
  requireUnprotected(choice.hookName);
  return read((db) => {
    const hooks = findHooks(db, choice);
    const meaning = readOffMeaning(db, choice.hookName, hooks, nowMs);
    return { hooks, meaning, known: db && listHookNames(db) };
  });
}

function requireUnprotected(hookName: string): void {
  if (!isProtected(hookName)) return;
  throw new HookbusError(
    'E_PROTECTED',
    `${JSON.stringify(hookName)} is protected by ${POLICY_PATH}; as root, remove it there to switch it off`,
  );
}

/** Switches hooks off until `untilMs`. @throws HookbusError `E_GATE` */
export function switchOff(
  paths: StatePaths,
  hooks: readonly HookId[],
  untilMs: number,
  withLock: WithLock,
  env?: Environment,
): void {
  withLock(() =>
    changeGate(() => {
      makeStateHome(paths.home, env);
      makeOwnDirectory(paths.gates);
      for (const hook of hooks) writeGate(paths.gates, hook, { kind: 'off', untilMs });
    }),
  );
}

/**
 * Removes the gates of hooks, whoever wrote them, and closes their breakers.
 * @param before the gates before anything else was done; a command lists them before it reconciles gates
 * @throws HookbusError `E_GATE`, or `E_HOOK` if the choice is ambiguous
 */
export function switchOn(
  paths: StatePaths,
  choice: HookChoice,
  now: () => number,
  withLock: WithLock,
  before = listGateFiles(paths.gates),
): SwitchedOn & { readonly known: KnownHooks } {
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
      // An older version switched off all hooks of a name with one file.
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

/** The gate files of the selected hooks. */
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

/**
 * Reports file system errors as `E_GATE`, so that the surrounding transaction does not take them for database errors.
 */
function changeGate<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = reasonOf(error);
    throw new HookbusError('E_GATE', `the gate of the hook cannot be changed: ${reason}`);
  }
}

/**
 * For a command. Reads without a lock, because the query may take a while and should block nobody.
 * @throws HookbusError if the database cannot be used: without it, `off` cannot say which refusals would be missing
 */
export const readOfCommand =
  ({ store, problem }: Opened): WithLock =>
  (work) => {
    if (problem !== undefined) throw problem;
    return store === undefined ? work(undefined) : store.use(work);
  };

/** The same for the daemon. */
export const readOfStore =
  (store: StoreHandle): WithLock =>
  (work) =>
    store.use(({ db }) => work(db));

/** The lock for a command: waits for the database. */
export const lockOfCommand =
  ({ store }: Opened): WithLock =>
  (work) =>
    store === undefined ? work(undefined) : store.use((db) => locked(db, work));

/** The lock for the daemon: waits as long as its store does. @throws SQLite's busy error */
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
