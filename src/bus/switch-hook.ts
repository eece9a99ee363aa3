import { DEFAULT_CONFIG } from '../config/config-file.ts';
import type { StatePaths } from '../config/paths.ts';
import { makeStateHome } from '../config/state-home.ts';
import { HookbusError, reasonOf } from '../domain/errors.ts';
import { makeOwnDirectory } from '../files/own-file.ts';
import { type GateKind, gatePath, isInForce, readGate } from '../gates/gate-file.ts';
import { removeGate, writeGate } from '../gates/gate-writer.ts';
import { listHookNames } from '../store/breakers.ts';
import { type Database, isBusy } from '../store/database.ts';
import { closeBreaker } from './breaker.ts';
import { openForCommand } from './open-for-command.ts';
import type { StoreHandle } from './store-handle.ts';

/** What `on` found. */
export interface SwitchedOn {
  /** The gate that was in force; undefined where the hook was on. */
  readonly was: GateKind | undefined;
  readonly hasClosedBreaker: boolean;
}

/** Names of hooks on record; undefined where the database cannot be used. */
export type KnownHooks = readonly string[] | undefined;

/**
 * Changes gates while nobody else does: whoever opens and closes breakers holds the database meanwhile. Where that
 * cannot be used, and is undefined, a hook can be put off all the same.
 */
export type WithLock = <T>(work: (db: Database | undefined) => T) => T;

/** Puts a hook off until then, or with 0 until it is put on. @throws HookbusError `E_GATE` */
export function switchOff(
  paths: StatePaths,
  hookName: string,
  untilMs: number,
  withLock: WithLock,
): KnownHooks {
  return withLock((db) => {
    changeGate(() => {
      makeStateHome(paths.home);
      makeOwnDirectory(paths.gates);
      writeGate(paths.gates, hookName, { kind: 'off', untilMs });
    });
    return db === undefined ? undefined : listHookNames(db);
  });
}

/** Takes a hook's gate away, whoever put it there, and closes its breaker. @throws HookbusError `E_GATE` */
export function switchOn(
  paths: StatePaths,
  hookName: string,
  now: () => number,
  withLock: WithLock,
): SwitchedOn & { readonly known: KnownHooks } {
  // Before others on the way may take it away for reasons of their own.
  const gate = readGate(gatePath(paths.gates, hookName));
  return withLock((db) => {
    const nowMs = now();
    const parts = { gates: paths.gates, config: DEFAULT_CONFIG.breaker, nowMs };
    const closed = db && changeGate(() => closeBreaker({ ...parts, db }, hookName));
    changeGate(() => removeGate(paths.gates, hookName));
    const isClosed = gate !== undefined && (gate.kind === 'breaker' || isInForce(gate, nowMs));
    return {
      was: isClosed ? gate.kind : undefined,
      hasClosedBreaker: closed !== undefined,
      known: db === undefined ? undefined : listHookNames(db),
    };
  });
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
