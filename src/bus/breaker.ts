import type { Config } from '../config/config-file.ts';
import { makeStateHome } from '../config/state-home.ts';
import { canBlock } from '../domain/events.ts';
import { isFailure } from '../domain/execution.ts';
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
}

/** A breaker that was opened or closed. */
export interface BreakerChange {
  readonly hookName: string;
  readonly to: 'open' | 'closed';
  /** `too_many_failures`; `probe`: by what came of one; `switched_off`: config.json has it no more; `by_hand`. */
  readonly why: 'too_many_failures' | 'probe' | 'switched_off' | 'by_hand';
  readonly runs: number;
  readonly failures: number;
  /** UTC; of one that was opened. */
  readonly until: string;
}

/**
 * Opens and closes the breakers of these hooks by what is on record of them; to be called when executions of them were
 * stored. Costs nothing for a hook whose breaker is not switched on, and two look-ups for one whose is.
 * @throws what the store or the file system says
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
    const change = parts.db
      .transaction(() => {
        const decided = decide(parts, store, hookName);
        if (decided !== undefined) carryOut(parts, store, decided);
        return decided;
      })
      .immediate();
    return change === undefined ? [] : [change];
  });
}

export const policyOf = (config: Config['breaker']): BreakerPolicy => ({
  window: config.window,
  failureShare: config.failure_share,
  cooldownMs: config.cooldown_seconds * 1000,
});

function decide(
  parts: BreakerParts,
  store: BreakerStore,
  hookName: string,
): BreakerChange | undefined {
  const row = store.find(hookName);
  if (row?.state === 'open') return decideOpen(parts, store, row);
  const policy = policyOf(parts.config);
  const ends = store.latestEnds(hookName, row?.closed_at ?? '', policy.window);
  const { runs, failures, isTooMany } = judge(ends, policy);
  if (!isTooMany || !isMeant(parts.config, store, hookName)) return undefined;
  return { hookName, to: 'open', why: 'too_many_failures', runs, failures, until: untilOf(parts) };
}

/** What ran although the breaker is open, once it had cooled down, is a probe. */
function decideOpen(
  parts: BreakerParts,
  store: BreakerStore,
  { hook_name: hookName, runs, failures, until }: BreakerRow,
): BreakerChange | undefined {
  const end = store.endSince(hookName, until);
  if (end === undefined) return undefined;
  const change = { hookName, why: 'probe', runs, failures } as const;
  return isFailure(end)
    ? { ...change, to: 'open', until: untilOf(parts) }
    : { ...change, to: 'closed', until };
}

/** Whether config.json switches the breaker on for this hook. */
function isMeant(config: Config['breaker'], store: BreakerStore, hookName: string): boolean {
  if (config.hooks.includes(hookName)) return true;
  return config.enabled && !store.eventTypes(hookName).some(canBlock);
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
  makeStateHome(parts.gates);
  writeGate(parts.gates, hookName, { kind: 'breaker', untilMs: Date.parse(until) });
}

const gateOf = ({ gates }: BreakerParts, hookName: string) => readGate(gatePath(gates, hookName));

/**
 * Makes gate files and `breakers` one again: closes breakers that config.json has no more, puts gates back that are
 * missing, and takes those away that belong to no open breaker or were off until a time that has come.
 * @throws what the store or the file system says
 */
export function settleGates(parts: BreakerParts): readonly BreakerChange[] {
  const store = createBreakerStore(parts.db, RAN);
  if (findWork(parts, store).isSettled) return [];
  return parts.db
    .transaction(() => {
      const { over, missing, stray } = findWork(parts, store);
      for (const change of over) carryOut(parts, store, change);
      for (const { hook_name, until } of missing) putGate(parts, hook_name, until);
      for (const file of stray) removeGateFile(parts.gates, file);
      return over;
    })
    .immediate();
}

function findWork(parts: BreakerParts, store: BreakerStore) {
  const open = store.listOpen();
  const kept = open.filter(({ hook_name }) => isMeant(parts.config, store, hook_name));
  const over = open.filter((row) => !kept.includes(row)).map((row) => closing(row, 'switched_off'));
  const missing = kept.filter(({ hook_name }) => gateOf(parts, hook_name) === undefined);
  const files = new Set(open.map(({ hook_name }) => gateName(hook_name)));
  const stray = listGates(parts.gates)
    .filter((gate) => (gate.kind === 'off' ? !isInForce(gate, parts.nowMs) : !files.has(gate.file)))
    .map(({ file }) => file);
  const isSettled = over.length + missing.length + stray.length === 0;
  return { over, missing, stray, isSettled };
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
