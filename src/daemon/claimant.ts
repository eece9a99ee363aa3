import type { KeyRequest, Verdict } from '../bus/dedupe.ts';
import { encodeVerdict, type VerdictFrame } from '../protocol/claim.ts';
import type { Connection } from './listener.ts';
import type { SharedClaim } from './shared-claims.ts';

/** One connection that asked for a key. */
export interface Claimant {
  readonly request: KeyRequest;
  readonly connection: Connection;
  /** Where other machines are asked. */
  readonly url: string | undefined;
  state: 'asking' | 'waiting' | 'owner' | 'gone';
  /** Has been told to wait, and nothing else since. */
  isWarned: boolean;
  /** Until it is known when the process started. */
  timer?: NodeJS.Timeout;
  /** Until it has waited for long enough. */
  patience?: NodeJS.Timeout;
  /** What this machine holds for all. */
  shared?: SharedClaim;
}

/** The last that it is told before it goes its way. */
export function answer(claimant: Claimant, verdict: Verdict): void {
  claimant.isWarned = false;
  claimant.connection.send(encodeVerdict(frameOf(verdict, claimant.request)));
}

/** `again`: so that it sees that somebody is there. */
export function tellToWait(claimant: Claimant, again?: 'again'): void {
  if (claimant.isWarned && again === undefined) return;
  // It is answered in a moment, and would not believe that it is to wait.
  if (claimant.request.onDuplicate === 'deny') return;
  claimant.isWarned = true;
  const { key } = claimant.request;
  claimant.connection.send(encodeVerdict({ kind: 'wait', key }));
}

function frameOf(verdict: Verdict, { key, onDuplicate }: KeyRequest): VerdictFrame {
  switch (verdict.kind) {
    case 'run_unkeyed':
      return { kind: 'run' };
    case 'run':
      return { kind: 'run', key, wantsOutputs: onDuplicate !== 'skip' };
    default:
      return { ...verdict, key };
  }
}
