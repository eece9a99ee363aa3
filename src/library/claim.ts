import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { KeyRequest, Verdict } from '../app/dedupe/dedupe.ts';
import type { KeyedEnd } from '../domain/key/dedupe-key.ts';
import { isRefusal } from '../domain/payload/refusal.ts';
import { MAX_WAIT_MS } from '../gates/dedupe.ts';
import { readShared } from './output.ts';
import type { Recording } from './recording.ts';

/** How often the first one is looked at, in ms, where it runs in another process. */
const LOOK_MS = 15;

/** Whether the body may run; once it has, `finish` tells those who wait. */
export type Claim =
  | {
      readonly kind: 'run';
      readonly isKeyed: boolean;
      /** Runs the body such that what it starts is known to be inside. */
      readonly within: <T>(work: () => T) => T;
      /** Throws what the store says; the key is free again as soon as this process asks for it or is gone. */
      readonly finish: (end: KeyedEnd | undefined) => void;
    }
  | {
      readonly kind: 'duplicate';
      readonly of: string;
      readonly output?: unknown;
      /** What it is given refuses once more. */
      readonly isRefused?: boolean;
    };

/** A body that nobody waits for. */
export const UNKEYED: Claim = {
  kind: 'run',
  isKeyed: false,
  within: (work) => work(),
  finish: () => undefined,
};

export interface ClaimParts {
  readonly recording: Recording;
  readonly request: KeyRequest;
  /** The span that started this process, if any. */
  readonly parentSpanId: string | undefined;
  /** Most that it waits for a first one. */
  readonly waitMs: number;
  /** Whether the body is a function that is called here, so that what happens inside it is known. */
  readonly hasBody: boolean;
}

/** A key that an execution of this process has, or asks for. */
interface Flight {
  readonly executionId: string;
  readonly hasBody: boolean;
  readonly landed: Promise<void>;
  readonly land: () => void;
}

/** In one process the database cannot tell one execution from another: to it they have one owner. */
const flights = new Map<string, Flight>();

/** The keys that the running code is inside of: to wait for one of them would be to wait for oneself. */
const around = new AsyncLocalStorage<readonly Flight[]>();

/** Asks for a key. @throws what the store says: on doubt, the body runs */
export async function claimKey(parts: ClaimParts): Promise<Claim> {
  const { request, hasBody, recording } = parts;
  if (request.onDuplicate === 'deny') {
    return toClaim(parts, undefined, recording.keys().claim(request));
  }
  const until = performance.now() + Math.min(parts.waitMs, MAX_WAIT_MS);
  const id = `${recording.home}\0${request.hookName}\0${request.key}`;
  for (let first = flights.get(id); first !== undefined; first = flights.get(id)) {
    if (isAround(first)) return UNKEYED;
    if (request.onDuplicate === 'skip') return { kind: 'duplicate', of: first.executionId };
    // Of one without a body nobody knows whether we are inside it.
    if (!first.hasBody || !(await landsBy(first, until))) return UNKEYED;
  }
  const flight = takeOff(id, request.executionId, hasBody);
  let claim: Claim = UNKEYED;
  try {
    claim = toClaim(parts, flight, await waitForVerdict(parts, until));
  } finally {
    if (claim.kind === 'duplicate' || !claim.isKeyed) flight.land();
  }
  return claim;
}

/** @param flight of a key that is taken; where only a refusal is given again nobody takes it */
function toClaim(parts: ClaimParts, flight: Flight | undefined, verdict: Verdict): Claim {
  const { recording, request } = parts;
  if (verdict.kind === 'run') {
    return {
      kind: 'run',
      isKeyed: true,
      within: (work) =>
        flight === undefined ? work() : around.run([...(around.getStore() ?? []), flight], work),
      finish(end) {
        try {
          recording.keys().finish(request, end);
        } finally {
          flight?.land();
        }
      },
    };
  }
  if (verdict.kind === 'skip') return { kind: 'duplicate', of: verdict.of };
  // A block by exit code has no words here, and must not get lost: the body decides anew.
  if (verdict.kind !== 'replay' || verdict.result.exitCode !== 0) return UNKEYED;
  const { exitCode, stdout } = verdict.result;
  const isRefused = isRefusal(request.eventType, exitCode, stdout);
  return { kind: 'duplicate', of: verdict.of, output: readShared(stdout), isRefused };
}

/** Waits for a first one in another process, as long as it lives or we may. */
async function waitForVerdict(parts: ClaimParts, until: number): Promise<Verdict> {
  const { recording, request } = parts;
  const keys = recording.keys();
  let verdict = keys.claim(request);
  if (verdict.kind !== 'run' && 'of' in verdict && isParent(parts, verdict.of)) {
    return { kind: 'run_unkeyed' };
  }
  while (verdict.kind === 'wait') {
    if (performance.now() >= until) return { kind: 'run_unkeyed' };
    await wait(LOOK_MS);
    if (keys.hasMoved(request)) verdict = keys.claim(request);
  }
  return verdict;
}

/** `hookbus run` with the same name and key runs this very process: it waits for us. */
function isParent({ recording, parentSpanId }: ClaimParts, executionId: string): boolean {
  return parentSpanId !== undefined && recording.spanOf(executionId) === parentSpanId;
}

function takeOff(id: string, executionId: string, hasBody: boolean): Flight {
  let resolve = (): void => undefined;
  const landed = new Promise<void>((done) => {
    resolve = done;
  });
  const flight: Flight = {
    executionId,
    hasBody,
    landed,
    land: () => {
      if (flights.get(id) === flight) flights.delete(id);
      resolve();
    },
  };
  flights.set(id, flight);
  return flight;
}

const isAround = (flight: Flight): boolean => around.getStore()?.includes(flight) === true;

/** Whether it ends in time. */
async function landsBy(flight: Flight, until: number): Promise<boolean> {
  const giveUp = new AbortController();
  const late = wait(Math.max(0, until - performance.now()), 'late', { signal: giveUp.signal });
  try {
    return (await Promise.race([flight.landed, late])) !== 'late';
  } finally {
    giveUp.abort();
    late.catch(() => undefined);
  }
}
