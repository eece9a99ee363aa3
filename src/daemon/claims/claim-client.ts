import { agentOf } from '../../agents/recognize.ts';
import type { KeyRequest, Verdict } from '../../app/dedupe/dedupe.ts';
import { isRefusal } from '../../domain/answer/refusal.ts';
import { duplicateMode } from '../../gates/dedupe.ts';
import { type ClaimFrame, encodeVerdict, type VerdictFrame } from '../../protocol/claim.ts';
import type { KeyedBegin } from '../../protocol/record.ts';
import type { Connection } from '../listener.ts';
import type { SharedClaim } from './shared-claims.ts';

/** A connection that claims a key. */
export interface ClaimClient {
  readonly request: KeyRequest;
  readonly connection: Connection;
  /** Whether the key server is asked. */
  readonly isShared: boolean;
  state: 'asking' | 'waiting' | 'owner' | 'gone';
  /** Whether the last frame asked the client to wait. */
  isWaitSent: boolean;
  /** Until the start time of the owner process is read. */
  identifyTimer?: NodeJS.Timeout;
  /** Until the client has waited long enough. */
  waitTimer?: NodeJS.Timeout;
  /** The claim on the key server. */
  shared?: SharedClaim;
}

/** What the client claims. @param broker the process between the engine and the database, if any */
export function requestOf(
  begin: KeyedBegin,
  claim: ClaimFrame,
  key: string,
  broker: KeyRequest['broker'],
): KeyRequest {
  const { hookName, executionId, eventType, pid, pidStart } = begin;
  const agent = agentOf(begin);
  return {
    key,
    hookName,
    executionId,
    owner: { pid, start: pidStart },
    ...(broker === undefined ? {} : { broker }),
    ttlSeconds: claim.ttlSeconds,
    eventType,
    agent,
    onDuplicate: duplicateMode(claim.onDuplicate, eventType, agent),
  };
}

/** Sends the final verdict. */
export function answer(client: ClaimClient, verdict: Verdict): void {
  client.isWaitSent = false;
  client.connection.send(encodeVerdict(frameOf(verdict, client.request)));
}

/** Tells the client to wait. `again` repeats it, so that the client knows that this process is alive. */
export function sendWait(client: ClaimClient, again?: 'again'): void {
  if (client.isWaitSent && again === undefined) return;
  // Under `deny` the verdict follows at once, and clients do not expect to wait.
  if (client.request.onDuplicate === 'deny') return;
  client.isWaitSent = true;
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
