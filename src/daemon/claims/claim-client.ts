import type { KeyRequest, Verdict } from '../../app/dedupe/dedupe.ts';
import { isRefusal } from '../../domain/payload/refusal.ts';
import { duplicateMode } from '../../gates/dedupe.ts';
import { type ClaimFrame, encodeVerdict, type VerdictFrame } from '../../protocol/claim.ts';
import type { KeyedBegin } from '../../protocol/record.ts';
import type { Connection } from '../listener.ts';
import type { SharedClaim } from './shared-claims.ts';

/** One connection that asked for a key. */
export interface ClaimClient {
  readonly request: KeyRequest;
  readonly connection: Connection;
  /** Whether other machines are asked. */
  readonly isShared: boolean;
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

/** What it asks for. @param broker who stands between it and the database, if anybody */
export function requestOf(
  begin: KeyedBegin,
  claim: ClaimFrame,
  key: string,
  broker: KeyRequest['broker'],
): KeyRequest {
  const { hookName, executionId, eventType, pid, pidStart } = begin;
  return {
    key,
    hookName,
    executionId,
    owner: { pid, start: pidStart },
    ...(broker === undefined ? {} : { broker }),
    ttlSeconds: claim.ttlSeconds,
    eventType,
    onDuplicate: duplicateMode(claim.onDuplicate, eventType),
  };
}

/** The last that it is told before it goes its way. */
export function answer(client: ClaimClient, verdict: Verdict): void {
  client.isWarned = false;
  client.connection.send(encodeVerdict(frameOf(verdict, client.request)));
}

/** `again`: so that it sees that somebody is there. */
export function tellToWait(client: ClaimClient, again?: 'again'): void {
  if (client.isWarned && again === undefined) return;
  // It is answered in a moment, and would not believe that it is to wait.
  if (client.request.onDuplicate === 'deny') return;
  client.isWarned = true;
  const { key } = client.request;
  client.connection.send(encodeVerdict({ kind: 'wait', key }));
}

function frameOf(verdict: Verdict, { key, onDuplicate, eventType }: KeyRequest): VerdictFrame {
  switch (verdict.kind) {
    case 'run_unkeyed':
      return { kind: 'run' };
    case 'run':
      return { kind: 'run', key, wantsOutputs: onDuplicate !== 'skip' };
    case 'replay': {
      const { exitCode, stdout } = verdict.result;
      return { ...verdict, key, refuses: isRefusal(eventType, exitCode, stdout) };
    }
    default:
      return { ...verdict, key };
  }
}
