import { canBlock } from '../domain/events.ts';
import type { KeyedEnd, KeyResult, OnDuplicate } from '../domain/key/dedupe-key.ts';
import { isRefusal } from '../domain/payload/refusal.ts';

/** Most that is kept of a result, in bytes of each stream, whatever the cap: a duplicate of more than that runs. */
export const MAX_RESULT_BYTES = 4 * 1024 * 1024;

/** Longest that a duplicate waits for the first one, in ms; then it runs. As src/launcher/claim.c. */
export const MAX_WAIT_MS = 5000;

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
  // One execution asks a daemon first and its helper after that, and the daemon may hear it late.
  const isHelpers = claim.brokerPid === null && claim.executionId === asking.executionId;
  return isElsewhere(claim, asking) && !isHelpers && claim.executionId <= asking.executionId;
}

/** What is to be done with a duplicate of an execution that has ended. */
export type DuplicateVerdict =
  | { readonly kind: 'replay'; readonly of: string; readonly result: KeyResult }
  | { readonly kind: 'skip'; readonly of: string };

/** By which rules a duplicate goes. */
export interface DuplicateRules {
  readonly eventType: string;
  readonly onDuplicate: OnDuplicate;
}

/**
 * By which rules the results of other machines count, and are sent to them: where a hook can block, refusals alone,
 * whatever its user asked for.
 */
export const rulesElsewhere = ({ eventType, onDuplicate }: DuplicateRules): DuplicateRules => ({
  eventType,
  onDuplicate: canBlock(eventType) ? 'deny' : onDuplicate,
});

/** The verdict on a duplicate of a finished execution; undefined where it runs. */
export function verdictOn(
  claim: Pick<ClaimOnRecord, 'executionId' | 'exitCode' | 'stdout' | 'stderr'>,
  { eventType, onDuplicate }: DuplicateRules,
): DuplicateVerdict | undefined {
  const { executionId: of, exitCode, stdout, stderr } = claim;
  if (exitCode === null || !isResult(exitCode)) return undefined;
  const result = stdout === null || stderr === null ? undefined : { exitCode, stdout, stderr };
  if (result !== undefined && isGiven(result, eventType, onDuplicate)) {
    return { kind: 'replay', of, result };
  }
  return onDuplicate === 'skip' ? { kind: 'skip', of } : undefined;
}

/** What the end of an execution on another machine is for a duplicate here; undefined where that runs. */
export function verdictElsewhere(
  { exitCode, outputs }: KeyedEnd,
  rules: DuplicateRules,
): DuplicateVerdict | undefined {
  const { stdout = null, stderr = null } = outputs ?? {};
  return verdictOn(
    { executionId: 'an execution on another machine', exitCode, stdout, stderr },
    rules,
  );
}

const isGiven = (result: KeyResult, eventType: string, onDuplicate: OnDuplicate): boolean =>
  onDuplicate === 'replay' || isRefusal(eventType, result.exitCode, result.stdout);

/** What duplicates may share of how an execution ended; undefined where the next one runs. */
export function sharedPart(
  end: KeyedEnd | undefined,
  { eventType, onDuplicate }: DuplicateRules,
): KeyedEnd | undefined {
  if (end === undefined || !isResult(end.exitCode)) return undefined;
  const { exitCode, outputs } = end;
  if (onDuplicate === 'replay') return end;
  if (outputs !== undefined && isRefusal(eventType, exitCode, outputs.stdout)) return end;
  return onDuplicate === 'skip' ? { exitCode } : undefined;
}

/** Where a hook can block, to skip it would allow what it may have blocked: `skip` counts as `deny` there. */
export function duplicateMode(asked: OnDuplicate | undefined, eventType: string): OnDuplicate {
  if (!canBlock(eventType)) return asked ?? 'skip';
  return asked === 'replay' ? 'replay' : 'deny';
}

/** What is to be noted of the mode that was asked for. The launcher says the same in main.c. */
export function modeWarning(
  { onDuplicate }: { readonly onDuplicate?: OnDuplicate },
  eventType: string,
): string[] {
  const expected = '--on-duplicate: expected deny where a hook can block';
  if (onDuplicate === 'skip' && canBlock(eventType))
    return [`${expected}, got "skip"; it acts as deny`];
  if (repeatsAllows(onDuplicate, eventType)) {
    return [`${expected}, got "replay"; on ${eventType} it repeats an allow`];
  }
  return [];
}

/** Whether a duplicate may get an allow of a guard that did not run: its user said so, and is to know. */
export const repeatsAllows = (asked: OnDuplicate | undefined, eventType: string): boolean =>
  asked === 'replay' && ALLOWS.has(eventType);

/** Events on which a guard answers for one call. */
const ALLOWS: ReadonlySet<string> = new Set(['PreToolUse', 'PermissionRequest']);

/** Whether an exit code is a result, which duplicates may share; any other end frees the key. */
function isResult(exitCode: number): boolean {
  return exitCode === 0 || exitCode === 2;
}
