import { join } from 'node:path';
import type { Config } from '../../config/file/config-file.ts';
import { canBlockFor } from '../../domain/events.ts';
import { isFailure } from '../../domain/execution.ts';
import { type HookId, hookText, isWholeCommand } from '../../domain/hook/hook-id.ts';
import { isoOf } from '../../domain/time.ts';
import { assess, type BreakerPolicy } from '../../gates/breaker.ts';
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
  /** The directory of the gate files. */
  readonly gates: string;
  readonly config: Config['breaker'];
  readonly nowMs: number;
  /** Called when the file system refuses to change the gate of a hook; the other hooks are still processed. */
  readonly onRefusal?: (hook: HookId, error: Error) => void;
}

/** A breaker that was opened or closed. */
export interface BreakerChange {
  readonly hook: HookId;
  readonly to: 'open' | 'closed';
  /**
   * `retry`: the result of the first run after the cooldown. `switched_off`: config.json no longer enables it, or the
   * hook turned out to decide something. `clock`: `until` was recomputed because the clock was set back or the cooldown
   * became shorter.
   */
  readonly why: 'too_many_failures' | 'retry' | 'switched_off' | 'clock' | 'by_hand';
  readonly runs: number;
  readonly failures: number;
  /** UTC; when the cooldown ends. */
  readonly until: string;
}

/**
 * Opens and closes the breakers of these hooks according to their recorded executions. Call it when executions of them
 * were stored, skipped ones included. Costs nothing for a hook without an enabled breaker, else two queries and one
 * read of the gate file.
 * @throws errors of the store
 */
export function updateBreakers(
  parts: BreakerParts,
  hooks: Iterable<HookId>,
): readonly BreakerChange[] {
  const store = createBreakerStore(parts.db);
  return [...hooks].flatMap((hook) => {
    if (!isEnabledFor(parts.config, hook)) return [];
    if (decide(parts, store, hook) === undefined) return [];
    // Several processes may get here at once: the first one makes the change, and the others find it made.
    return atomically(parts, hook, () => {
      const decided = decide(parts, store, hook);
      if (decided === 'stray') removeBreakers(parts, hook);
      if (decided === 'stray' || decided === undefined) return [];
      applyChange(parts, store, decided);
      return [decided];
    });
  });
}

/**
 * Runs `work` for one hook in a transaction. If the file system refuses to change the gate, nothing changes for this
 * hook, and the other hooks are still processed.
 * @returns nothing in that case.
 * @throws errors of the store
 */
function atomically<T>(parts: BreakerParts, hook: HookId, work: () => readonly T[]): readonly T[] {
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

/** `stray`: a gate of a breaker that is not open, left behind when somebody deletes rows of `breakers`. */
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
  if (!isTooMany || !mayBeOpen(parts.config, store, hook)) {
    return breakerFiles(parts, hook).length > 0 ? 'stray' : undefined;
  }
  return { hook, to: 'open', why: 'too_many_failures', runs, failures, until: untilOf(parts) };
}

/** After the cooldown, the first run that an open breaker lets through decides whether it closes. */
function decideOpen(
  parts: BreakerParts,
  store: BreakerStore,
  row: BreakerRow,
): BreakerChange | undefined {
  const { opened_at: openedAt, until } = row;
  const hook = hookOfRow(row);
  // The executions before `openedAt` were checked when it opened.
  if (!mayBeOpen(parts.config, store, hook, openedAt)) return closing(row, 'switched_off');
  if (isMisdated(parts, row)) return opening(parts, row, 'clock');
  const end = store.endSince(hook, until, isoOf(parts.nowMs));
  if (end === undefined) return undefined;
  if (!isFailure(end)) return closing(row, 'retry');
  // Executions from before it opened may have been stored since.
  if (!mayBeOpen(parts.config, store, hook)) return closing(row, 'switched_off');
  return opening(parts, row, 'retry');
}

/** Whether config.json enables breakers for this hook, provided that it decides nothing. */
export const isEnabledFor = (config: Config['breaker'], hook: HookId): boolean =>
  config.enabled || config.hooks.includes(hookText(hook));

/**
 * Whether this hook's breaker may be open, according to what the hook did since `from`. A breaker never skips a hook
 * that can block or may have decided something; only the user can switch such a hook off.
 */
function mayBeOpen(
  config: Config['breaker'],
  store: BreakerStore,
  hook: HookId,
  from?: string,
): boolean {
  return isEnabledFor(config, hook) && isHarmless(store, hook, from) && !isProtected(hook.hookName);
}

/** Whether no recorded execution shows that the hook can decide anything. */
export const isHarmless = (store: BreakerStore, hook: HookId, from?: string): boolean =>
  // Without the complete command the gate file is unknown.
  isWholeCommand(hook.command) &&
  !store.events(hook, from).some(({ eventType, agent }) => canBlockFor(agent, eventType)) &&
  !store.hasDecided(hook, from);

/** Another process may have opened a breaker just after this process read the clock. */
const CLOCK_SKEW_MS = 1000;

/**
 * Whether an open breaker lasts longer than the cooldown from now on: the clock was set back, or the cooldown became
 * shorter.
 */
function isMisdated(parts: BreakerParts, { opened_at, until }: BreakerRow): boolean {
  const now = isoOf(parts.nowMs + CLOCK_SKEW_MS);
  return (
    opened_at > now ||
    until > isoOf(parts.nowMs + CLOCK_SKEW_MS + policyOf(parts.config).cooldownMs)
  );
}

const untilOf = ({ nowMs, config }: BreakerParts): string =>
  isoOf(nowMs + policyOf(config).cooldownMs);

function applyChange(parts: BreakerParts, store: BreakerStore, change: BreakerChange): void {
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
  if (to === 'open') writeBreakerGate(parts, hook, until);
  else removeBreakers(parts, hook);
}

/** Keeps the gate of a user who switched the hook off. */
function writeBreakerGate(parts: BreakerParts, hook: HookId, until: string): void {
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
 * Reconciles gate files with the table `breakers`: closes breakers that config.json no longer enables, recomputes ends
 * that lie too far in the future, restores missing gates, and removes gates that belong to no open breaker, have
 * expired, or come from a version that knew breakers by name only.
 * @throws errors of the store
 */
export function reconcileGates(parts: BreakerParts): readonly BreakerChange[] {
  const store = createBreakerStore(parts.db);
  removeOldBreakers(parts.gates);
  if (findWork(parts, store).isReconciled) return [];
  return parts.db
    .transaction(() => {
      const { changes, missing, stray } = findWork(parts, store);
      const done = changes.flatMap((change) =>
        atomically(parts, change.hook, () => {
          applyChange(parts, store, change);
          return [change];
        }),
      );
      for (const row of missing) {
        const hook = hookOfRow(row);
        atomically(parts, hook, () => [writeBreakerGate(parts, hook, row.until)]);
      }
      for (const { file, hookName, command = '' } of stray) {
        atomically(parts, { hookName, command }, () => [removeGate(parts.gates, file)]);
      }
      return done;
    })
    .immediate();
}

function findWork(parts: BreakerParts, store: BreakerStore) {
  const open = store.listOpen();
  const kept = open.filter((row) => mayBeOpen(parts.config, store, hookOfRow(row)));
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

/** The same breaker, open again from now on. */
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
  createBreakerStore(db)
    .listOpen()
    .map(hookOfRow)
    .filter((hook) => hook.hookName === hookName);

/** Closes a hook's breaker by hand if it is open. Call this inside a transaction. */
export function closeBreaker(parts: BreakerParts, hook: HookId): BreakerChange | undefined {
  const store = createBreakerStore(parts.db);
  const row = store.find(hook);
  if (row?.state !== 'open') return undefined;
  const change = closing(row, 'by_hand');
  applyChange(parts, store, change);
  return change;
}
