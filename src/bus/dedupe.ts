import type { KeyedEnd, OnDuplicate } from '../domain/dedupe-key.ts';
import {
  type Asking,
  type DuplicateVerdict,
  isElsewhere,
  isFree,
  isResult,
  verdictOn,
} from '../gates/dedupe.ts';
import { isDescendant, isRunning } from '../spool/process.ts';
import { createKeyTable, type KeyId, type KeyRow, type KeyTable } from '../store/dedupe-keys.ts';
import type { Store, StoreHandle } from './store-handle.ts';

/** What an execution asks for before its hook runs. */
export interface KeyRequest extends KeyId, Asking {
  readonly ttlSeconds: number;
  readonly onDuplicate: OnDuplicate;
}

/**
 * `run`: the key is taken, and what comes of the hook is to be told. `run_unkeyed`: it runs, and nobody is told.
 * `wait`: the first one runs, and its result is wanted.
 */
export type Verdict =
  | { readonly kind: 'run' }
  | { readonly kind: 'run_unkeyed' }
  | { readonly kind: 'wait'; readonly of: string }
  | DuplicateVerdict;

/** Deduplication over the database of this machine. Everything throws what the store says: on doubt, the hook runs. */
export function createKeys(store: StoreHandle, now: () => number) {
  const isForsaken = createPatience();
  let last: { readonly db: Store['db']; readonly table: KeyTable } | undefined;

  /** Statements are prepared once for each opening of the database. */
  const use = <T>(work: (table: KeyTable) => T): T =>
    store.use(({ db }) => {
      if (last?.db !== db) last = { db, table: createKeyTable(db) };
      return work(last.table);
    });

  return {
    /** Asks for a key; atomic across processes. */
    claim(request: KeyRequest): Verdict {
      const nowMs = now();
      const createdAt = new Date(nowMs).toISOString();
      const taken = use((table) =>
        table.claim(
          {
            key: request.key,
            hookName: request.hookName,
            executionId: request.executionId,
            ownerPid: request.owner.pid,
            ownerStart: request.owner.start,
            brokerPid: request.broker?.pid ?? null,
            brokerStart: request.broker?.start ?? null,
            createdAt,
            expiresAt: new Date(nowMs + request.ttlSeconds * 1000).toISOString(),
          },
          (row) => isFree(row, request, createdAt, isRunning) || isForsaken(row, request),
        ),
      );
      if (taken === undefined) return { kind: 'run' };
      if (taken.state === 'done') {
        return verdictOn(taken, request.onDuplicate) ?? { kind: 'run_unkeyed' };
      }
      // Who has the key waits for us to end, so we wait for nobody, and our hook is what it runs.
      if (isInside(request, taken)) return { kind: 'run_unkeyed' };
      const of = taken.executionId;
      return { kind: request.onDuplicate === 'skip' ? 'skip' : 'wait', of };
    },
    /** Adds when the owner of a claim started to it. */
    identify: ({ key, hookName, executionId }: KeyRequest, start: number): void =>
      use((table) => table.identify({ key, hookName }, executionId, start)),
    /** Whether asking again can give another verdict than `wait`, looked at without taking anything. */
    hasMoved(request: KeyRequest): boolean {
      const row = use((table) => table.find(request));
      if (row === undefined) return true;
      if (row.state === 'done' || isForsaken(row, request)) return true;
      return isFree(row, request, new Date(now()).toISOString(), isRunning);
    },
    /**
     * Ends a claim: with a result where there is one that duplicates may share, else the key is free again.
     * @returns false where the claim was not this execution's any more
     */
    finish: (request: EndingKey, executionId: string, end: KeyedEnd | undefined): boolean =>
      use((table) => {
        const isOurs = finishIn(table, request, executionId, end);
        table.sweep(new Date(now()).toISOString());
        return isOurs;
      }),
  };
}

/**
 * So long, in ms, a daemon has for a result that it got, also on a machine with much to do: after that it is stuck, and
 * its claim counts no more.
 */
const PATIENCE_MS = 5000;

/** Looks for claims whose owner is gone while another daemon, which alone knows what came of it, says nothing. */
function createPatience() {
  const goneSince = new Map<string, number>();
  return (row: KeyRow, asking: Asking): boolean => {
    if (row.state !== 'running' || !isElsewhere(row, asking)) return false;
    if (isRunning(row.ownerPid ?? 0, row.ownerStart ?? 0)) return false;
    const since = goneSince.get(row.executionId);
    if (since !== undefined) return performance.now() - since > PATIENCE_MS;
    if (goneSince.size >= MOST_GONE) goneSince.clear();
    goneSince.set(row.executionId, performance.now());
    return false;
  };
}

/** More than there are at once. */
const MOST_GONE = 100;

const isInside = ({ owner }: KeyRequest, { ownerPid, ownerStart }: KeyRow): boolean =>
  isDescendant(owner.pid, { pid: ownerPid ?? 0, start: ownerStart ?? 0 });

type EndingKey = KeyId & { readonly onDuplicate?: OnDuplicate };

function finishIn(
  table: KeyTable,
  { key, hookName, onDuplicate }: EndingKey,
  executionId: string,
  end: KeyedEnd | undefined,
): boolean {
  const id = { key, hookName };
  if (end === undefined || !isResult(end.exitCode)) return table.release(id, executionId);
  // Where duplicates are skipped, nobody will want the outputs.
  const kept = onDuplicate === 'skip' ? { exitCode: end.exitCode } : end;
  return table.finish(id, executionId, kept);
}

export type Keys = ReturnType<typeof createKeys>;
