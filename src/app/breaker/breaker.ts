import { join } from 'node:path';
import type { Config } from '../../config/file/config-file.ts';
import { canBlock } from '../../domain/events.ts';
import { isFailure } from '../../domain/execution.ts';
import { type HookId, hookText, isWholeCommand } from '../../domain/hook/hook-id.ts';
import { assess, type BreakerPolicy, RAN } from '../../gates/breaker.ts';
import { gateFiles, isInForce, readGate } from '../../gates/gate-file.ts';
import {
  listGateFiles,
  removeGate,
  removeOldBreakers,
  writeGateFile,
} from '../../gates/gate-writer.ts';
import { isProtected } from '../../gates/policy.ts';
import { makeOwnDirectory } from '../../os/own-file.ts';
import { type BreakerRow, type BreakerStore, createBreakerStore } from '../../store/breakers.ts';
import type { Database } from '../../store/database.ts';

export interface BreakerParts {
  readonly db: Database;
  /** Where the gate files are. */
  readonly gates: string;
  readonly config: Config['breaker'];
  readonly nowMs: number;
  /** Told of a hook whose gate the file system refuses to change, and why; the others' are seen to all the same. */
  readonly onRefusal?: (hook: HookId, error: Error) => void;
}

/** A breaker that was opened or closed. */
export interface BreakerChange {
  readonly hook: HookId;
  readonly to: 'open' | 'closed';
  /**
   * `too_many_failures`; `retry`: by what came of the next run; `switched_off`: config.json has it no more, or it is
   * known by now that the hook may decide something; `clock`: it was dated anew, since the clock was set back or the cool-down made shorter; `by_hand`.
   */
  readonly why: 'too_many_failures' | 'retry' | 'switched_off' | 'clock' | 'by_hand';
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
  hooks: Iterable<HookId>,
): readonly BreakerChange[] {
  const store = createBreakerStore(parts.db, RAN);
  return [...hooks].flatMap((hook) => {
    if (!isNamed(parts.config, hook)) return [];
    if (decide(parts, store, hook) === undefined) return [];
    // Several processes may come to this at once: the first does it, and the others see that it is done.
    return atOnce(parts, hook, () => {
      const decided = decide(parts, store, hook);
      if (decided === 'stray') removeBreakers(parts, hook);
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
function atOnce<T>(parts: BreakerParts, hook: HookId, work: () => readonly T[]): readonly T[] {
  try {
    return parts.db.transaction(work).immediate();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    parts.onRefusal?.(hook, error);
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
  hook: HookId,
): BreakerChange | 'stray' | undefined {
  const row = store.find(hook);
  if (row?.state === 'open') return decideOpen(parts, store, row);
  const policy = policyOf(parts.config);
  const ends = store.latestEnds(hook, row?.closed_at ?? '', isoOf(parts.nowMs), policy.window);
  const { runs, failures, isTooMany } = assess(ends, policy);
  if (!isTooMany || !isMeant(parts.config, store, hook)) {
    return breakerFiles(parts, hook).length > 0 ? 'stray' : undefined;
  }
  return { hook, to: 'open', why: 'too_many_failures', runs, failures, until: untilOf(parts) };
}

/** What ran although the breaker is open, once it had cooled down, says whether the hook is well again. */
function decideOpen(
  parts: BreakerParts,
  store: BreakerStore,
  row: BreakerRow,
): BreakerChange | undefined {
  const { opened_at: openedAt, until } = row;
  const hook = hookOfRow(row);
  // Before that it is known to have decided nothing, or it would not have opened.
  if (!isMeant(parts.config, store, hook, openedAt)) return closing(row, 'switched_off');
  if (isMisdated(parts, row)) return opening(parts, row, 'clock');
  const end = store.endSince(hook, until, isoOf(parts.nowMs));
  if (end === undefined) return undefined;
  if (!isFailure(end)) return closing(row, 'retry');
  // Some of what it did before may have been stored since.
  if (!isMeant(parts.config, store, hook)) return closing(row, 'switched_off');
  return opening(parts, row, 'retry');
}

/** Whether config.json switches breakers on for this hook, if it is one that decides nothing. */
export const isNamed = (config: Config['breaker'], hook: HookId): boolean =>
  config.enabled || config.hooks.includes(hookText(hook));

/**
 * Whether the breaker of this hook may be open, by what it did since `from`. Where a hook can block, or has ever said
 * something that may have been a decision, nothing but its own user keeps it from running.
 */
function isMeant(
  config: Config['breaker'],
  store: BreakerStore,
  hook: HookId,
  from?: string,
): boolean {
  return isNamed(config, hook) && isHarmless(store, hook, from) && !isProtected(hook.hookName);
}

/** Whether nothing is known by which the hook decides anything. */
export const isHarmless = (store: BreakerStore, hook: HookId, from?: string): boolean =>
  // Of a command that is not on record as it ran, nobody can tell the gate.
  isWholeCommand(hook.command) &&
  !store.eventTypes(hook, from).some(canBlock) &&
  !store.hasDecided(hook, from);

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
  const { hook, to, runs, failures, until } = change;
  const before = store.find(hook);
  const at = isoOf(parts.nowMs);
  store.save({
    hook_name: hook.hookName,
    command: hook.command,
    state: to,
    runs,
    failures,
    opened_at: to === 'open' ? at : (before?.opened_at ?? at),
    until,
    closed_at: to === 'closed' ? at : (before?.closed_at ?? null),
  });
  if (to === 'open') putGate(parts, hook, until);
  else removeBreakers(parts, hook);
}

/** Whoever put a hook off by hand meant it, so that stays. */
function putGate(parts: BreakerParts, hook: HookId, until: string): void {
  makeOwnDirectory(parts.gates);
  for (const file of gateFiles(hook)) {
    const there = readGate(join(parts.gates, file));
    if (there?.kind === 'off' && isInForce(there, parts.nowMs)) continue;
    writeGateFile(parts.gates, file, hook, { kind: 'breaker', untilMs: Date.parse(until) });
  }
}

const breakerFiles = ({ gates }: BreakerParts, hook: HookId): string[] =>
  gateFiles(hook).filter((file) => readGate(join(gates, file))?.kind === 'breaker');

function removeBreakers(parts: BreakerParts, hook: HookId): void {
  for (const file of breakerFiles(parts, hook)) removeGate(parts.gates, file);
}

const hookOfRow = ({ hook_name: hookName, command }: BreakerRow): HookId => ({ hookName, command });

/**
 * Makes gate files and `breakers` one again: closes breakers that config.json has no more, dates those anew that are of
 * a time to come, puts gates back that are missing, and takes those away that belong to no open breaker, were off
 * until a time that has come, or are of a version that knew breakers by a name alone.
 * @throws what the store says
 */
export function reconcileGates(parts: BreakerParts): readonly BreakerChange[] {
  const store = createBreakerStore(parts.db, RAN);
  removeOldBreakers(parts.gates);
  if (findWork(parts, store).isReconciled) return [];
  return parts.db
    .transaction(() => {
      const { changes, missing, stray } = findWork(parts, store);
      const done = changes.flatMap((change) =>
        atOnce(parts, change.hook, () => {
          carryOut(parts, store, change);
          return [change];
        }),
      );
      for (const row of missing) {
        const hook = hookOfRow(row);
        atOnce(parts, hook, () => [putGate(parts, hook, row.until)]);
      }
      for (const { file, hookName, command = '' } of stray) {
        atOnce(parts, { hookName, command }, () => [removeGate(parts.gates, file)]);
      }
      return done;
    })
    .immediate();
}

function findWork(parts: BreakerParts, store: BreakerStore) {
  const open = store.listOpen();
  const kept = open.filter((row) => isMeant(parts.config, store, hookOfRow(row)));
  const misdated = kept.filter((row) => isMisdated(parts, row));
  const changes = [
    ...open.filter((row) => !kept.includes(row)).map((row) => closing(row, 'switched_off')),
    ...misdated.map((row) => opening(parts, row, 'clock')),
  ];
  const missing = kept.filter((row) => !misdated.includes(row) && lacksGate(parts, row));
  const files = new Set(open.flatMap((row) => gateFiles(hookOfRow(row))));
  const stray = listGateFiles(parts.gates).filter((gate) =>
    gate.kind === 'off' ? !isInForce(gate, parts.nowMs) : !files.has(gate.file),
  );
  const isReconciled = changes.length + missing.length + stray.length === 0;
  return { changes, missing, stray, isReconciled };
}

const lacksGate = (parts: BreakerParts, row: BreakerRow): boolean =>
  gateFiles(hookOfRow(row)).some((file) => readGate(join(parts.gates, file)) === undefined);

/** The same breaker, open from now on. */
function opening(parts: BreakerParts, row: BreakerRow, why: BreakerChange['why']): BreakerChange {
  const { runs, failures } = row;
  return { hook: hookOfRow(row), to: 'open', why, runs, failures, until: untilOf(parts) };
}

function closing(row: BreakerRow, why: BreakerChange['why']): BreakerChange {
  const { runs, failures, until } = row;
  return { hook: hookOfRow(row), to: 'closed', why, runs, failures, until };
}

/** The hooks of this name whose breaker is open. */
export const openBreakersOf = (db: Database, hookName: string): HookId[] =>
  createBreakerStore(db, RAN)
    .listOpen()
    .map(hookOfRow)
    .filter((hook) => hook.hookName === hookName);

/** Closes a hook's breaker by hand, if it is open; to be called inside a transaction. */
export function closeBreaker(parts: BreakerParts, hook: HookId): BreakerChange | undefined {
  const store = createBreakerStore(parts.db, RAN);
  const row = store.find(hook);
  if (row?.state !== 'open') return undefined;
  const change = closing(row, 'by_hand');
  carryOut(parts, store, change);
  return change;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
