import type { KeyedEnd } from '../../domain/key/dedupe-key.ts';
import {
  type Asking,
  type DuplicateRules,
  type DuplicateVerdict,
  isElsewhere,
  isFree,
  sharedPart,
  verdictOn,
} from '../../gates/dedupe.ts';
import { isDescendant, isRunning } from '../../os/process.ts';
import {
  createKeyTable,
  type KeyId,
  type KeyRow,
  type KeyTable,
  type NewKey,
} from '../../store/dedupe-keys.ts';
import type { Store, StoreHandle } from '../store/store-handle.ts';

/** What an execution asks for before its hook runs. */
export interface KeyRequest extends KeyId, Asking, DuplicateRules {
  readonly ttlSeconds: number;
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
  const isOrphaned = createPatience();
  let last: { readonly db: Store['db']; readonly table: KeyTable } | undefined;

  /** Statements are prepared once for each opening of the database. */
  const use = <T>(work: (table: KeyTable) => T): T =>
    store.use(({ db }) => {
      if (last?.db !== db) last = { db, table: createKeyTable(db) };
      return work(last.table);
    });

  return {
    /**
     * Asks for a key; atomic across processes. Where only a refusal is given again nobody takes the key, so that nobody
     * can hold it: all run, until one has refused.
     */
    claim(request: KeyRequest): Verdict {
      const nowMs = now();
      const nowIso = new Date(nowMs).toISOString();
      return use((table) => {
        if (request.onDuplicate === 'deny') return refusalIn(table, request, nowIso);
        const taken = table.claim(
          newKey(request, nowMs),
          (row) => isFree(row, request, nowIso, isRunning) || isOrphaned(row, request),
        );
        return taken === undefined ? { kind: 'run' } : verdictOnTaken(taken, request);
      });
    },
    /** Adds when the owner of a claim started to it. */
    identify: ({ key, hookName, executionId }: KeyRequest, start: number): void =>
      use((table) => table.identify({ key, hookName }, executionId, start)),
    /** Whether asking again can give another verdict than `wait`, looked at without taking anything. */
    hasMoved(request: KeyRequest): boolean {
      const row = use((table) => table.find(request));
      if (row === undefined) return true;
      if (row.state === 'done' || isOrphaned(row, request)) return true;
      return isFree(row, request, new Date(now()).toISOString(), isRunning);
    },
    /**
     * Ends an execution that had a key: with what duplicates may share, or the key is free again.
     * @returns false where the claim was not this execution's any more
     */
    finish(request: EndingKey, end: KeyedEnd | undefined): boolean {
      const nowMs = now();
      return use((table) => {
        const isOurs = finishIn(table, request, end, nowMs);
        table.deleteExpired(new Date(nowMs).toISOString());
        return isOurs;
      });
    },
  };
}

function refusalIn(table: KeyTable, request: KeyRequest, nowIso: string): Verdict {
  const row = table.find(request);
  if (row?.state !== 'done' || row.expiresAt <= nowIso) return { kind: 'run' };
  return verdictOn(row, request) ?? { kind: 'run' };
}

function newKey(request: KeyRequest, nowMs: number): NewKey {
  const { key, hookName, executionId, owner, broker, ttlSeconds } = request;
  return {
    ...{ key, hookName, executionId },
    ownerPid: owner.pid,
    ownerStart: owner.start,
    brokerPid: broker?.pid ?? null,
    brokerStart: broker?.start ?? null,
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: new Date(nowMs + ttlSeconds * 1000).toISOString(),
  };
}

function verdictOnTaken(row: KeyRow, request: KeyRequest): Verdict {
  if (row.state === 'done') return verdictOn(row, request) ?? { kind: 'run_unkeyed' };
  // Who has the key waits for us to end, so we wait for nobody, and our hook is what it runs.
  if (isInside(request, row)) return { kind: 'run_unkeyed' };
  const of = row.executionId;
  return { kind: request.onDuplicate === 'skip' ? 'skip' : 'wait', of };
}

/** Whose key ends. Of one that was asked for at another daemon only this much is known. */
export type EndingKey = KeyId & { readonly executionId: string } & Partial<KeyRequest>;

function finishIn(
  table: KeyTable,
  request: EndingKey,
  end: KeyedEnd | undefined,
  nowMs: number,
): boolean {
  const { key, hookName, executionId, eventType = '', onDuplicate = 'skip', ttlSeconds } = request;
  const id = { key, hookName };
  const shared = sharedPart(end, { eventType, onDuplicate });
  if (onDuplicate !== 'deny') {
    return shared === undefined
      ? table.release(id, executionId, request.broker?.pid ?? null)
      : table.finish(id, executionId, shared);
  }
  if (shared?.outputs === undefined || ttlSeconds === undefined) return true;
  const createdAt = new Date(nowMs).toISOString();
  const expiresAt = new Date(nowMs + ttlSeconds * 1000).toISOString();
  table.refuse({ ...id, executionId, createdAt, expiresAt }, shared.exitCode, shared.outputs);
  return true;
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
    if (goneSince.size >= MAX_GONE) goneSince.clear();
    goneSince.set(row.executionId, performance.now());
    return false;
  };
}

/** More than there are at once. */
const MAX_GONE = 100;

const isInside = ({ owner }: KeyRequest, { ownerPid, ownerStart }: KeyRow): boolean =>
  isDescendant(owner.pid, { pid: ownerPid ?? 0, start: ownerStart ?? 0 });

export type Keys = ReturnType<typeof createKeys>;
