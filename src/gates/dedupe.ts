import type { KeyResult, OnDuplicate } from '../domain/dedupe-key.ts';
import { canBlock } from '../domain/events.ts';

/** Most that is kept of a result, in bytes of each stream, whatever the cap: a duplicate of more than that runs. */
export const MOST_RESULT_BYTES = 4 * 1024 * 1024;

/** A claim as it stands on record. */
export interface ClaimOnRecord {
  readonly executionId: string;
  readonly state: 'running' | 'done';
  readonly exitCode: number | null;
  readonly stdout: Uint8Array | null;
  readonly stderr: Uint8Array | null;
  readonly ownerPid: number | null;
  readonly ownerStart: number | null;
  /** The daemon that it was claimed through, which hears of its end. */
  readonly brokerPid: number | null;
  readonly brokerStart: number | null;
  readonly expiresAt: string;
}

/** Who asks. */
interface Owner {
  readonly pid: number;
  /** When that process started, in clock ticks since boot; 0 where that is not known. */
  readonly start: number;
}

/** Who asks, and the daemon that it asks through, if any. */
export interface Asking {
  /** Ids sort by time. */
  readonly executionId: string;
  readonly owner: Owner;
  readonly broker?: Owner;
}

/**
 * Whether a claim on record counts no more: its time is over, or its owner is gone without a result. While the daemon
 * that it was claimed through runs, that alone knows: the owner may be gone, and its result on the way. A process that
 * asks elsewhere has given up what it asked for before; but a daemon may hear late what was asked of it first. Two that
 * ask one daemon are two, though their ids may be the same where each is in a container of its own.
 */
export function isFree(
  claim: ClaimOnRecord,
  asking: Asking,
  nowIso: string,
  isRunning: (pid: number, start: number) => boolean,
): boolean {
  if (claim.expiresAt <= nowIso) return true;
  if (claim.state === 'done') return false;
  if (isOwn(claim, asking) && isGivenUp(claim, asking)) return true;
  if (isRunning(claim.brokerPid ?? 0, claim.brokerStart ?? 0)) return false;
  return !isRunning(claim.ownerPid ?? 0, claim.ownerStart ?? 0);
}

/** Whether the daemon that a claim was made through is not the one that is asked now, if any is. */
export const isElsewhere = (claim: ClaimOnRecord, { broker }: Asking): boolean =>
  broker === undefined || claim.brokerPid !== broker.pid || claim.brokerStart !== broker.start;

function isOwn({ ownerPid, ownerStart }: ClaimOnRecord, { owner }: Asking): boolean {
  const start = ownerStart ?? 0;
  return ownerPid === owner.pid && (start === 0 || owner.start === 0 || start === owner.start);
}

function isGivenUp(claim: ClaimOnRecord, asking: Asking): boolean {
  if (asking.broker === undefined) return true;
  return isElsewhere(claim, asking) && claim.executionId <= asking.executionId;
}

/** What is to be done with a duplicate of an execution that has ended. */
export type DuplicateVerdict =
  | { readonly kind: 'replay'; readonly of: string; readonly result: KeyResult }
  | { readonly kind: 'skip'; readonly of: string };

/**
 * The verdict on a duplicate of a finished execution; undefined where its result is wanted and was not kept: on doubt,
 * it runs.
 */
export function verdictOn(
  claim: Pick<ClaimOnRecord, 'executionId' | 'exitCode' | 'stdout' | 'stderr'>,
  onDuplicate: OnDuplicate,
): DuplicateVerdict | undefined {
  const of = claim.executionId;
  if (onDuplicate === 'skip') return { kind: 'skip', of };
  const { exitCode, stdout, stderr } = claim;
  if (exitCode === null || stdout === null || stderr === null) return undefined;
  return { kind: 'replay', of, result: { exitCode, stdout, stderr } };
}

/** Where a hook can block, skipping it would allow what it may have blocked. */
export function duplicateMode(asked: OnDuplicate | undefined, eventType: string): OnDuplicate {
  return asked ?? (canBlock(eventType) ? 'replay' : 'skip');
}

/** Whether an exit code is a result, which duplicates may share; any other end frees the key. */
export function isResult(exitCode: number | undefined): exitCode is number {
  return exitCode === 0 || exitCode === 2;
}
