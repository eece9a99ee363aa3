import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { KeyRequest, Verdict } from '../app/dedupe/dedupe.ts';
import { waitForVerdict } from '../app/dedupe/open-keys.ts';
import { isRefusal } from '../domain/answer/refusal.ts';
import type { KeyedEnd } from '../domain/key/dedupe-key.ts';
import { MAX_WAIT_MS } from '../gates/dedupe.ts';
import { readShared } from './output.ts';
import type { Recording } from './recording.ts';

/** Whether the body may run. If so, call `finish` afterwards: waiters get the result. */
export type BodyClaim =
  | {
      readonly kind: 'run';
      readonly isKeyed: boolean;
      /** Runs the body, so that executions that it starts know that they are inside. */
      readonly within: <T>(work: () => T) => T;
      /** @throws errors of the store; the key is free as soon as this process claims it again or exits */
      readonly finish: (end: KeyedEnd | undefined) => void;
    }
  | {
      readonly kind: 'duplicate';
      readonly of: string;
      readonly output?: unknown;
      /** Whether the output repeats a refusal. */
      readonly isRefused?: boolean;
    };

/** A body without a key, which nobody waits for. */
export const UNKEYED: BodyClaim = {
  kind: 'run',
  isKeyed: false,
  within: (work) => work(),
  finish: () => undefined,
};

export interface ClaimParts {
  readonly recording: Recording;
  readonly request: KeyRequest;
  /** The span that this process was started with, if any. */
  readonly parentSpanId: string | undefined;
  /** How long to wait for the first execution. */
  readonly waitMs: number;
  /** Whether the body is a function that this library calls, so that nested executions are recognized. */
  readonly hasBody: boolean;
}

/** An execution in this process that owns or claims a key. */
interface InFlightCall {
  readonly executionId: string;
  readonly hasBody: boolean;
  readonly finished: Promise<void>;
  readonly finish: () => void;
}

/** Calls by key. The database cannot tell executions of one process apart: all have the same owner process. */
const inFlight = new Map<string, InFlightCall>();

/** The calls that enclose the running code. Waiting for one of them would be a deadlock. */
const enclosingCalls = new AsyncLocalStorage<readonly InFlightCall[]>();

/** Claims a key. @throws errors of the store; the caller then runs the body */
export async function claimKey(parts: ClaimParts): Promise<BodyClaim> {
  const { request, hasBody, recording } = parts;
  if (request.onDuplicate === 'deny') {
    return toClaim(parts, undefined, recording.keys().claim(request));
  }
  const until = performance.now() + Math.min(parts.waitMs, MAX_WAIT_MS);
  const id = `${recording.home}\0${request.hookName}\0${request.key}`;
  for (let first = inFlight.get(id); first !== undefined; first = inFlight.get(id)) {
    if (isEnclosing(first)) return UNKEYED;
    if (request.onDuplicate === 'skip') return { kind: 'duplicate', of: first.executionId };
    // Without a body function, this code may be inside the first execution.
    if (!first.hasBody || !(await finishesBefore(first, until))) return UNKEYED;
  }
  const call = startCall(id, request.executionId, hasBody);
  let claim: BodyClaim = UNKEYED;
  try {
    claim = toClaim(parts, call, await claimBefore(parts, until));
  } finally {
    if (claim.kind === 'duplicate' || !claim.isKeyed) call.finish();
  }
  return claim;
}

/** @param call undefined under `deny`, because nobody owns the key then */
function toClaim(parts: ClaimParts, call: InFlightCall | undefined, verdict: Verdict): BodyClaim {
  const { recording, request } = parts;
  if (verdict.kind === 'run') {
    return {
      kind: 'run',
      isKeyed: true,
      within: (work) =>
        call === undefined
          ? work()
          : enclosingCalls.run([...(enclosingCalls.getStore() ?? []), call], work),
      finish(end) {
        try {
          recording.keys().finish(request, end);
        } finally {
          call?.finish();
        }
      },
    };
  }
  if (verdict.kind === 'skip') return { kind: 'duplicate', of: verdict.of };
  // A block by exit code has no equivalent here and must not be lost, so the body decides again.
  if (verdict.kind !== 'replay' || verdict.result.exitCode !== 0) return UNKEYED;
  const { exitCode, stdout } = verdict.result;
  const isRefused = isRefusal(request.eventType, exitCode, stdout);
  return { kind: 'duplicate', of: verdict.of, output: readShared(stdout), isRefused };
}

/** Claims, and waits for an execution in another process unless that waits for this one. */
async function claimBefore(parts: ClaimParts, until: number): Promise<Verdict> {
  const { recording, request } = parts;
  const keys = recording.keys();
  const first = keys.claim(request);
  if (first.kind !== 'run' && 'of' in first && isParent(parts, first.of)) {
    return { kind: 'run_unkeyed' };
  }
  return waitForVerdict(keys, request, first, until);
}

/** `hookbus run` with the same name and key runs this process, and waits for it. */
function isParent({ recording, parentSpanId }: ClaimParts, executionId: string): boolean {
  return parentSpanId !== undefined && recording.spanOf(executionId) === parentSpanId;
}

function startCall(id: string, executionId: string, hasBody: boolean): InFlightCall {
  let resolve = (): void => undefined;
  const finished = new Promise<void>((done) => {
    resolve = done;
  });
  const call: InFlightCall = {
    executionId,
    hasBody,
    finished,
    finish: () => {
      if (inFlight.get(id) === call) inFlight.delete(id);
      resolve();
    },
  };
  inFlight.set(id, call);
  return call;
}

const isEnclosing = (call: InFlightCall): boolean =>
  enclosingCalls.getStore()?.includes(call) === true;

/** Whether the call finishes before `until`. */
async function finishesBefore(call: InFlightCall, until: number): Promise<boolean> {
  const giveUp = new AbortController();
  const late = wait(Math.max(0, until - performance.now()), 'late', { signal: giveUp.signal });
  try {
    return (await Promise.race([call.finished, late])) !== 'late';
  } finally {
    giveUp.abort();
    late.catch(() => undefined);
  }
}
