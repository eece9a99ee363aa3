import type { Claim } from '../../domain/key/claim.ts';
import type { KeyedEnd } from '../../domain/key/dedupe-key.ts';
import {
  type Asking,
  type DuplicateRules,
  type DuplicateVerdict,
  isElsewhere,
  isFree,
  isOwnerRunning,
  sharedPart,
  verdictOn,
} from '../../gates/dedupe.ts';
import { isDescendant } from '../../os/process.ts';
import { createKeyTable, type KeyId, type KeyTable, type NewKey } from '../../store/dedupe-keys.ts';
import type { Store, StoreHandle } from '../store/store-handle.ts';

/** What an execution asks for before its hook runs. */
export interface KeyRequest extends KeyId, Asking, DuplicateRules {
  readonly ttlSeconds: number;
}

/**
 * `run`: the execution holds the key and must finish it. `run_unkeyed`: the hook runs, but shares no result.
 * `wait`: another execution holds the key, and its result decides.
 */
export type Verdict =
  | { readonly kind: 'run' }
  | { readonly kind: 'run_unkeyed' }
  | { readonly kind: 'wait'; readonly of: string }
  | DuplicateVerdict;

/**
 * Deduplication over this machine's database. Every method throws errors of the store; the caller then runs the hook.
 */
export function createKeys(store: StoreHandle, now: () => number) {
  const isOrphaned = createOrphanDetector();
  let last: { readonly db: Store['db']; readonly table: KeyTable } | undefined;

  /** Prepares statements once per opened database. */
  const use = <T>(work: (table: KeyTable) => T): T =>
    store.use(({ db }) => {
      if (last?.db !== db) last = { db, table: createKeyTable(db) };
      return work(last.table);
    });

  return {
    /**
     * Claims a key; atomic across processes. Under `deny` nobody holds the key, so nobody can block others: every hook
     * runs until one of them has refused.
     */
    claim(request: KeyRequest): Verdict {
      const nowMs = now();
      const nowIso = new Date(nowMs).toISOString();
      return use((table) => {
        if (request.onDuplicate === 'deny') return refusalIn(table, request, nowIso);
        const taken = table.claim(
          newKey(request, nowMs),
          (row) => isFree(row, request, nowIso) || isOrphaned(row, request),
        );
        return taken === undefined ? { kind: 'run' } : verdictOnTaken(taken, request);
      });
    },
    /** Records when the claim's owner process started. */
    identify: ({ key, hookName, executionId }: KeyRequest, start: number): void =>
      use((table) => table.identify({ key, hookName }, executionId, start)),
    /** Whether `claim` may now return something other than `wait`; changes nothing. */
    hasChanged(request: KeyRequest): boolean {
      const row = use((table) => table.find(request));
      if (row === undefined) return true;
      if (row.state === 'done' || isOrphaned(row, request)) return true;
      return isFree(row, request, new Date(now()).toISOString());
    },
    /**
     * Finishes an execution that had a key: stores what duplicates may share, or releases the key.
     * @returns false if the execution no longer holds the claim
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

function verdictOnTaken(row: Claim, request: KeyRequest): Verdict {
  if (row.state === 'done') return verdictOn(row, request) ?? { kind: 'run_unkeyed' };
  // The execution that holds the key waits for this one, so waiting would deadlock.
  if (isInside(request, row)) return { kind: 'run_unkeyed' };
  const of = row.executionId;
  return { kind: request.onDuplicate === 'skip' ? 'skip' : 'wait', of };
}

/** The key of a finished execution. If another daemon received the request, only the required fields are known. */
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
 * How long another daemon may take to store a result that it received, even on a busy machine. After that its claim is
 * orphaned.
 */
const ORPHAN_AFTER_MS = 5000;

/** Detects claims of another daemon whose owner is gone and whose result does not arrive. */
function createOrphanDetector() {
  const goneSince = new Map<string, number>();
  return (row: Claim, asking: Asking): boolean => {
    if (row.state !== 'running' || !isElsewhere(row, asking)) return false;
    if (isOwnerRunning(row)) return false;
    const since = goneSince.get(row.executionId);
    if (since !== undefined) return performance.now() - since > ORPHAN_AFTER_MS;
    if (goneSince.size >= MAX_ORPHANS) goneSince.clear();
    goneSince.set(row.executionId, performance.now());
    return false;
  };
}

/** Upper bound; more orphans than this never coexist. */
const MAX_ORPHANS = 100;

const isInside = ({ owner }: KeyRequest, { ownerPid, ownerStart }: Claim): boolean =>
  isDescendant(owner.pid, { pid: ownerPid ?? 0, start: ownerStart ?? 0 });

export type Keys = ReturnType<typeof createKeys>;
