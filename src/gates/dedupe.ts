import { isRefusal } from '../domain/answer/refusal.ts';
import { canBlockFor } from '../domain/events.ts';
import { isResult } from '../domain/execution.ts';
import type { Claim } from '../domain/key/claim.ts';
import type { KeyedEnd, KeyResult, OnDuplicate } from '../domain/key/dedupe-key.ts';
import { isRunning } from '../os/process.ts';

/** Maximum size of a kept result, in bytes per stream, whatever the capture limit; with a larger result, duplicates run. */
export const MAX_RESULT_BYTES = 4 * 1024 * 1024;

/** How long a duplicate waits for the first execution before it runs, in ms; src/launcher/claim.c has the same. */
export const MAX_WAIT_MS = 5000;

/** The process that claims. */
interface Owner {
  readonly pid: number;
  /** Start of the process in clock ticks since boot; 0 if not known. */
  readonly start: number;
}

/** A process that claims, and the daemon through which it does, if any. */
export interface Asking {
  /** Ids sort by time. */
  readonly executionId: string;
  readonly owner: Owner;
  readonly broker?: Owner;
}

/**
 * Whether a stored claim is obsolete: it has expired, or its owner is gone without a result. While the daemon that made
 * the claim runs, only that daemon knows: the owner may be gone and its result on the way. A process that claims through
 * another broker has given up its earlier claim; but a daemon may get its first request late. Two processes that use the
 * same daemon are different, even if their ids are the same because each is in a container.
 */
export function isFree(claim: Claim, asking: Asking, nowIso: string): boolean {
  if (claim.expiresAt <= nowIso) return true;
  if (claim.state === 'done') return false;
  if (isOwn(claim, asking) && isGivenUp(claim, asking)) return true;
  return !isRunning(claim.brokerPid ?? 0, claim.brokerStart ?? 0) && !isOwnerRunning(claim);
}

export const isOwnerRunning = ({ ownerPid, ownerStart }: Claim): boolean =>
  isRunning(ownerPid ?? 0, ownerStart ?? 0);

/** Whether the claim was made through another daemon than the current one, if there is one. */
export const isElsewhere = (claim: Claim, { broker }: Asking): boolean =>
  broker === undefined || claim.brokerPid !== broker.pid || claim.brokerStart !== broker.start;

function isOwn({ ownerPid, ownerStart }: Claim, { owner }: Asking): boolean {
  const start = ownerStart ?? 0;
  return ownerPid === owner.pid && (start === 0 || owner.start === 0 || start === owner.start);
}

function isGivenUp(claim: Claim, asking: Asking): boolean {
  if (asking.broker === undefined) return true;
  // An execution asks a daemon first and its helper next, and the daemon may get the request late.
  const isHelpers = claim.brokerPid === null && claim.executionId === asking.executionId;
  return isElsewhere(claim, asking) && !isHelpers && claim.executionId <= asking.executionId;
}

/** What a duplicate of a finished execution does. */
export type DuplicateVerdict =
  | { readonly kind: 'replay'; readonly of: string; readonly result: KeyResult }
  | { readonly kind: 'skip'; readonly of: string };

/** The rules for a duplicate. */
export interface DuplicateRules {
  readonly eventType: string;
  readonly onDuplicate: OnDuplicate;
  /** Who runs the hook, as far as payload and environment tell. */
  readonly agent?: string | undefined;
}

/**
 * The rules for results that other machines send or get: if a hook can block, they share only refusals, whatever the user
 * asked for.
 */
export const rulesElsewhere = ({
  eventType,
  onDuplicate,
  agent,
}: DuplicateRules): DuplicateRules => ({
  eventType,
  agent,
  onDuplicate: canBlockFor(agent, eventType) ? 'deny' : onDuplicate,
});

/** The verdict on a duplicate of a finished execution; undefined if it must run. */
export function verdictOn(
  claim: Pick<Claim, 'executionId' | 'exitCode' | 'stdout' | 'stderr'>,
  rules: DuplicateRules,
): DuplicateVerdict | undefined {
  const { executionId: of, exitCode, stdout, stderr } = claim;
  if (exitCode === null || !isResult(exitCode)) return undefined;
  const result = stdout === null || stderr === null ? undefined : { exitCode, stdout, stderr };
  if (result !== undefined && (rules.onDuplicate === 'replay' || isRefused(result, rules))) {
    return { kind: 'replay', of, result };
  }
  return rules.onDuplicate === 'skip' ? { kind: 'skip', of } : undefined;
}

/** The verdict on a duplicate of an execution that finished on another machine; undefined if it must run. */
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

/** Cline refuses in words of its own, and by no exit code: duplicates of its hooks run. */
const isRefused = (
  { exitCode, stdout }: KeyResult,
  { agent, eventType }: DuplicateRules,
): boolean => agent !== 'cline' && isRefusal(eventType, exitCode, stdout);

/** The part of a result that duplicates may share; undefined if the next execution must run. */
export function sharedPart(end: KeyedEnd | undefined, rules: DuplicateRules): KeyedEnd | undefined {
  if (end === undefined || !isResult(end.exitCode)) return undefined;
  const { exitCode, outputs } = end;
  if (rules.onDuplicate === 'replay') return end;
  if (outputs !== undefined && isRefused({ exitCode, ...outputs }, rules)) return end;
  return rules.onDuplicate === 'skip' ? { exitCode } : undefined;
}

/** If a hook can block, skipping it would allow what it might have blocked, so `skip` then counts as `deny`. */
export function duplicateMode(
  asked: OnDuplicate | undefined,
  eventType: string,
  agent: string | undefined,
): OnDuplicate {
  if (!canBlockFor(agent, eventType)) return asked ?? 'skip';
  return asked === 'replay' ? 'replay' : 'deny';
}

/** A warning about the requested mode. The launcher writes the same text in main.c. */
export function modeWarning(
  { onDuplicate }: { readonly onDuplicate?: OnDuplicate },
  eventType: string,
  agent: string | undefined,
): string[] {
  const expected = '--on-duplicate: expected deny where a hook can block';
  if (onDuplicate === 'skip' && canBlockFor(agent, eventType))
    return [`${expected}, got "skip"; it acts as deny`];
  if (repeatsAllows(onDuplicate, eventType)) {
    return [`${expected}, got "replay"; on ${eventType} it repeats an allow`];
  }
  return [];
}

/** Whether a duplicate may repeat an allow of a guard that did not run. The user chose this, and gets a warning. */
export const repeatsAllows = (asked: OnDuplicate | undefined, eventType: string): boolean =>
  asked === 'replay' && ALLOWS.has(eventType);

/** Events on which a guard answers for one call. */
const ALLOWS: ReadonlySet<string> = new Set(['PreToolUse', 'PermissionRequest']);
