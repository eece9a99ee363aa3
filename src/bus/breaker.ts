import type { Config } from '../config/config-file.ts';
import { canBlock } from '../domain/events.ts';
import { isFailure } from '../domain/execution.ts';
import { makeOwnDirectory } from '../files/own-file.ts';
import { type BreakerPolicy, judge, RAN } from '../gates/breaker.ts';
import { gateName, gatePath, isInForce, readGate } from '../gates/gate-file.ts';
import { listGates, removeGate, removeGateFile, writeGate } from '../gates/gate-writer.ts';
import { type BreakerRow, type BreakerStore, createBreakerStore } from '../store/breakers.ts';
import type { Database } from '../store/database.ts';

export interface BreakerParts {
  readonly db: Database;
  /** Where the gate files are. */
  readonly gates: string;
  readonly config: Config['breaker'];
  readonly nowMs: number;
  /** Told of a hook whose gate the file system refuses to change, and why; the others' are seen to all the same. */
  readonly onRefusal?: (hookName: string, error: Error) => void;
}

/** A breaker that was opened or closed. */
export interface BreakerChange {
  readonly hookName: string;
  readonly to: 'open' | 'closed';
  /**
   * `too_many_failures`; `probe`: by what came of one; `switched_off`: config.json has it no more, or not for a hook
   * that can block; `clock`: it was dated anew, since the clock was set back or the cool-down made shorter; `by_hand`.
   */
  readonly why: 'too_many_failures' | 'probe' | 'switched_off' | 'clock' | 'by_hand';
  readonly runs: number;
  readonly failures: number;
  /** UTC; of one that was opened. */
  readonly until: string;
}

/**
 * Opens and closes the breakers of these hooks by what is on record of them; to be called when executions of them were
 * stored, whether they ran or not. Costs nothing for a hook whose breaker is not switched on, and two look-ups and a
 * look at its gate for one whose is.
 * @throws what the store says
 */
export function followBreakers(
  parts: BreakerParts,
  hookNames: Iterable<string>,
): readonly BreakerChange[] {
  const store = createBreakerStore(parts.db, RAN);
  return [...hookNames].flatMap((hookName) => {
    if (!parts.config.enabled && !parts.config.hooks.includes(hookName)) return [];
    if (decide(parts, store, hookName) === undefined) return [];
    // Several processes may come to this at once: the first does it, and the others see that it is done.
    return atOnce(parts, hookName, () => {
      const decided = decide(parts, store, hookName);
      if (decided === 'stray') removeGate(parts.gates, hookName);
      if (decided === 'stray' || decided === undefined) return [];
      carryOut(parts, store, decided);
      return [decided];
    });
  });
}

/**
 * Does this for one hook while no other process does, all of it or nothing. @returns nothing where the file system has
 * something against its gate, which is no reason to leave others alone. @throws what the store says
 */
function atOnce<T>(parts: BreakerParts, hookName: string, work: () => readonly T[]): readonly T[] {
  try {
    return parts.db.transaction(work).immediate();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    parts.onRefusal?.(hookName, error);
    return [];
  }
}

export const policyOf = (config: Config['breaker']): BreakerPolicy => ({
  window: config.window,
  failureShare: config.failure_share,
  cooldownMs: config.cooldown_seconds * 1000,
});

/** `stray`: a breaker's gate that belongs to none. Whoever deletes rows of `breakers` leaves such. */
function decide(
  parts: BreakerParts,
  store: BreakerStore,
  hookName: string,
): BreakerChange | 'stray' | undefined {
  const row = store.find(hookName);
  if (row?.state === 'open') return decideOpen(parts, store, row);
  const policy = policyOf(parts.config);
  const ends = store.latestEnds(hookName, row?.closed_at ?? '', isoOf(parts.nowMs), policy.window);
  const { runs, failures, isTooMany } = judge(ends, policy);
  if (!isTooMany || !isMeant(parts.config, store, hookName)) {
    return gateOf(parts, hookName)?.kind === 'breaker' ? 'stray' : undefined;
  }
  return { hookName, to: 'open', why: 'too_many_failures', runs, failures, until: untilOf(parts) };
}

/** What ran although the breaker is open, once it had cooled down, is a probe. */
function decideOpen(
  parts: BreakerParts,
  store: BreakerStore,
  row: BreakerRow,
): BreakerChange | undefined {
  const { hook_name: hookName, opened_at: openedAt, until } = row;
  // What it was called on before is known not to block, or it would not have opened.
  if (!isMeant(parts.config, store, hookName, openedAt)) return closing(row, 'switched_off');
  if (isMisdated(parts, row)) return opening(parts, row, 'clock');
  const end = store.endSince(hookName, until, isoOf(parts.nowMs));
  if (end === undefined) return undefined;
  if (!isFailure(end)) return closing(row, 'probe');
  // Some of what it was called on before may have been stored since.
  if (!isMeant(parts.config, store, hookName)) return closing(row, 'switched_off');
  return opening(parts, row, 'probe');
}

/** Whether config.json switches the breaker on for this hook, by what it was called on since `from`. */
function isMeant(
  config: Config['breaker'],
  store: BreakerStore,
  hookName: string,
  from?: string,
): boolean {
  if (config.hooks.includes(hookName)) return true;
  return config.enabled && !store.eventTypes(hookName, from).some(canBlock);
}

/** Another process may have opened a breaker a moment later than we looked at the clock. */
const MOMENT_MS = 1000;

/**
 * Whether an open breaker would be left open for longer than the cool-down from now on: the clock was set back, and it
 * would last until it is as late once more.
 */
function isMisdated(parts: BreakerParts, { opened_at, until }: BreakerRow): boolean {
  const now = isoOf(parts.nowMs + MOMENT_MS);
  return (
    opened_at > now || until > isoOf(parts.nowMs + MOMENT_MS + policyOf(parts.config).cooldownMs)
  );
}

const untilOf = ({ nowMs, config }: BreakerParts): string =>
  isoOf(nowMs + policyOf(config).cooldownMs);

function carryOut(parts: BreakerParts, store: BreakerStore, change: BreakerChange): void {
  const { hookName, to, runs, failures, until } = change;
  const before = store.find(hookName);
  const at = isoOf(parts.nowMs);
  store.save({
    hook_name: hookName,
    state: to,
    runs,
    failures,
    opened_at: to === 'open' ? at : (before?.opened_at ?? at),
    until,
    closed_at: to === 'closed' ? at : (before?.closed_at ?? null),
  });
  if (to === 'open') putGate(parts, hookName, until);
  else if (gateOf(parts, hookName)?.kind === 'breaker') removeGate(parts.gates, hookName);
}

/** Whoever put a hook off by hand meant it, so that stays. */
function putGate(parts: BreakerParts, hookName: string, until: string): void {
  const there = gateOf(parts, hookName);
  if (there?.kind === 'off' && isInForce(there, parts.nowMs)) return;
  makeOwnDirectory(parts.gates);
  const sparesBlocking = isSparing(parts, hookName);
  writeGate(parts.gates, hookName, { kind: 'breaker', untilMs: Date.parse(until), sparesBlocking });
}

/** What is not named in config.json is left out only where it cannot block, also before it was ever called elsewhere. */
const isSparing = ({ config }: BreakerParts, hookName: string): boolean =>
  !config.hooks.includes(hookName);

const gateOf = ({ gates }: BreakerParts, hookName: string) => readGate(gatePath(gates, hookName));

/**
 * Makes gate files and `breakers` one again: closes breakers that config.json has no more, dates those anew that are of
 * a time to come, puts gates back that are missing, and takes those away that belong to no open breaker or were off
 * until a time that has come.
 * @throws what the store says
 */
export function settleGates(parts: BreakerParts): readonly BreakerChange[] {
  const store = createBreakerStore(parts.db, RAN);
  if (findWork(parts, store).isSettled) return [];
  return parts.db
    .transaction(() => {
      const { changes, missing, stray } = findWork(parts, store);
      const done = changes.flatMap((change) =>
        atOnce(parts, change.hookName, () => {
          carryOut(parts, store, change);
          return [change];
        }),
      );
      for (const { hook_name, until } of missing) {
        atOnce(parts, hook_name, () => [putGate(parts, hook_name, until)]);
      }
      for (const { file, hookName } of stray) {
        atOnce(parts, hookName, () => [removeGateFile(parts.gates, file)]);
      }
      return done;
    })
    .immediate();
}

function findWork(parts: BreakerParts, store: BreakerStore) {
  const open = store.listOpen();
  const kept = open.filter(({ hook_name }) => isMeant(parts.config, store, hook_name));
  const misdated = kept.filter((row) => isMisdated(parts, row));
  const changes = [
    ...open.filter((row) => !kept.includes(row)).map((row) => closing(row, 'switched_off')),
    ...misdated.map((row) => opening(parts, row, 'clock')),
  ];
  const missing = kept.filter((row) => !misdated.includes(row) && lacksGate(parts, row));
  const files = new Set(open.map(({ hook_name }) => gateName(hook_name)));
  const stray = listGates(parts.gates).filter((gate) =>
    gate.kind === 'off' ? !isInForce(gate, parts.nowMs) : !files.has(gate.file),
  );
  const isSettled = changes.length + missing.length + stray.length === 0;
  return { changes, missing, stray, isSettled };
}

/** Whether the gate of an open breaker is not there, or is as config.json had it before. */
function lacksGate(parts: BreakerParts, { hook_name: hookName }: BreakerRow): boolean {
  const gate = gateOf(parts, hookName);
  if (gate === undefined) return true;
  return gate.kind === 'breaker' && (gate.sparesBlocking ?? false) !== isSparing(parts, hookName);
}

/** The same breaker, open from now on. */
function opening(
  parts: BreakerParts,
  { hook_name: hookName, runs, failures }: BreakerRow,
  why: BreakerChange['why'],
): BreakerChange {
  return { hookName, to: 'open', why, runs, failures, until: untilOf(parts) };
}

function closing(
  { hook_name: hookName, runs, failures, until }: BreakerRow,
  why: BreakerChange['why'],
): BreakerChange {
  return { hookName, to: 'closed', why, runs, failures, until };
}

/** Closes a hook's breaker by hand, if it is open; to be called inside a transaction. */
export function closeBreaker(parts: BreakerParts, hookName: string): BreakerChange | undefined {
  const store = createBreakerStore(parts.db, RAN);
  const row = store.find(hookName);
  if (row?.state !== 'open') return undefined;
  const change = closing(row, 'by_hand');
  carryOut(parts, store, change);
  return change;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
