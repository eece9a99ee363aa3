import {
  createKeys,
  type EndingKey,
  type KeyRequest,
  type Keys,
  type Verdict,
} from '../../app/dedupe/dedupe.ts';
import { keyOf } from '../../app/dedupe/key-of.ts';
import { reasonOf } from '../../domain/errors.ts';
import type { KeyedEnd } from '../../domain/key/dedupe-key.ts';
import { MAX_WAIT_MS, rulesElsewhere, sharedPart, verdictElsewhere } from '../../gates/dedupe.ts';
import { processStart } from '../../os/process.ts';
import { type ClaimFrame, encodeVerdict, type ResultFrame } from '../../protocol/claim.ts';
import type { KeyedBegin } from '../../protocol/record.ts';
import type { CommonParts } from '../common-parts.ts';
import type { Connection } from '../listener.ts';
import { answer, type ClaimClient, requestOf, sendWait } from './claim-client.ts';
import type { SharedClaims } from './shared-claims.ts';

/** How often the database is checked for waiting clients: the owner of a key may report to another daemon. */
const POLL_MS = 25;

/**
 * Delay before the start time of a claim's owner process is read and stored. Reading it takes a while, during which the
 * hook would wait, and it matters only if this daemon exits before the claim is finished.
 */
const IDENTIFY_AFTER_MS = 10;

/**
 * How often waiting clients get a frame. A client that gets none for three times as long falls back to the database.
 */
const PULSE_MS = 1000;

/** Pause before the end of a claim that could not be written is tried again. */
const RETRY_MS = 250;

export interface ClaimsParts extends CommonParts {
  /** Shares keys with other machines. If omitted, this machine decides alone. */
  readonly shared?: SharedClaims;
  /** The process between the engine and the database that outlives the engine, if any. */
  readonly broker?: KeyRequest['owner'];
}

/**
 * Answers clients that claim a dedupe key, and keeps those that wait for another execution's result. Used in the
 * daemon, and in the helper that a launcher starts if no daemon answers.
 */
export class Claims {
  readonly #parts: ClaimsParts;
  readonly #keys: Keys;
  readonly #clients = new Set<ClaimClient>();
  #timer: NodeJS.Timeout | undefined;
  #pulse: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(parts: ClaimsParts) {
    this.#parts = parts;
    this.#keys = createKeys(parts.store, parts.now);
  }

  /** Answers now or later. If the connection closes, the claim ends. */
  ask(connection: Connection, begin: KeyedBegin, claim: ClaimFrame): void {
    connection.keep();
    const key = this.#attempt(
      'key',
      () => keyOf(begin, claim, (text) => this.#note(text)),
      undefined,
    );
    if (key === undefined) {
      connection.send(encodeVerdict({ kind: 'run' }));
      return;
    }
    const { broker, shared } = this.#parts;
    const isShared = claim.isUnshared !== true && shared?.isOn() === true;
    const request = requestOf(begin, claim, key, broker);
    const client: ClaimClient = {
      request,
      connection,
      isShared,
      state: 'asking',
      isWaitSent: false,
    };
    this.#clients.add(client);
    client.waitTimer = setTimeout(() => this.#giveUp(client), MAX_WAIT_MS);
    connection.onClose(() => this.#disconnect(client));
    this.#claim(client);
  }

  /** Finishes the claim of an execution whose hook has ended. */
  finish({ key, hookName, executionId, end }: ResultFrame): void {
    const owners = [...this.#clients].filter(({ request }) => request.executionId === executionId);
    // The stored claim has the key of the request, whatever key the engine sends.
    const id = owners[0]?.request ?? { key, hookName, executionId };
    this.#end(id, end);
    for (const client of owners) {
      client.shared?.end(sharedPart(end, rulesElsewhere(client.request)));
      this.#remove(client);
    }
    this.#retryWaiters(id);
  }

  /** Stops without ending claims: closing the connections must not free the keys, because the hooks run on. */
  stop(): void {
    for (const client of this.#clients) this.#identify(client);
    for (const { waitTimer } of this.#clients) clearTimeout(waitTimer);
    this.#isStopped = true;
    clearInterval(this.#timer);
    clearInterval(this.#pulse);
    this.#parts.shared?.close();
  }

  #claim(client: ClaimClient): void {
    const { request } = client;
    const verdict = this.#attempt<Verdict>('claim', () => this.#keys.claim(request), {
      kind: 'run_unkeyed',
    });
    if (verdict.kind === 'wait') {
      this.#sendWait(client);
      client.state = 'waiting';
      this.#timer ??= setInterval(() => this.#poll(), POLL_MS);
    } else if (verdict.kind === 'run') {
      this.#own(client);
    } else {
      answer(client, verdict);
      this.#remove(client);
    }
  }

  /** The client owns the key on this machine. */
  #own(client: ClaimClient): void {
    client.state = 'owner';
    if (client.isShared) {
      // An engine waits 100 ms for a first answer, and the key server may take half of that.
      this.#sendWait(client);
      void this.#askElsewhere(client);
    } else {
      this.#letRun(client);
    }
    client.identifyTimer = setTimeout(() => this.#identify(client), IDENTIFY_AFTER_MS).unref();
  }

  #letRun(client: ClaimClient): void {
    clearTimeout(client.waitTimer);
    answer(client, { kind: 'run' });
  }

  /** The client has waited long enough, here or for another machine: its hook runs without the key. */
  #giveUp(client: ClaimClient): void {
    const { state } = client;
    if (state === 'owner') this.#end(client.request, undefined);
    if (state === 'owner' || state === 'waiting') answer(client, { kind: 'run_unkeyed' });
    this.#remove(client);
    if (state === 'owner') this.#retryWaiters(client.request);
  }

  #identify({ request, state, identifyTimer }: ClaimClient): void {
    clearTimeout(identifyTimer);
    if (request.onDuplicate === 'deny') return;
    if (state !== 'owner' || request.owner.start > 0) return;
    const start = processStart(request.owner.pid);
    if (start === 0) return;
    this.#attempt('owner', () => this.#keys.identify(request, start), undefined);
  }

  #sendWait(client: ClaimClient): void {
    sendWait(client);
    this.#pulse ??= setInterval(() => {
      for (const each of this.#clients) if (each.isWaitSent) sendWait(each, 'again');
    }, PULSE_MS);
  }

  /**
   * The client owns the key on this machine; now claim it on the key server. While another machine owns it there, this
   * machine's claim stays, so that other clients here wait for the same result.
   */
  async #askElsewhere(client: ClaimClient): Promise<void> {
    const { request } = client;
    const ttlMs = request.ttlSeconds * 1000;
    const shared = this.#parts.shared as SharedClaims;
    const found = await shared.ask(request, request.executionId, ttlMs);
    if (client.state !== 'owner' || this.#isStopped) {
      if (found.kind === 'ours') found.claim.end(undefined);
      return;
    }
    const rules = rulesElsewhere(request);
    if (found.kind === 'running' && rules.onDuplicate === 'replay') {
      shared.later(() => void this.#askElsewhere(client));
      return;
    }
    if (found.kind === 'ours') client.shared = found.claim;
    const given = found.kind === 'done' ? verdictElsewhere(found.end, rules) : undefined;
    if (given === undefined) this.#letRun(client);
    else this.#answerFromElsewhere(client, given);
  }

  /** Another machine has the result. Its TTL started there, so the result is not stored here. */
  #answerFromElsewhere(client: ClaimClient, given: Verdict): void {
    const { request } = client;
    this.#end(request, undefined);
    answer(client, given);
    this.#remove(client);
    this.#retryWaiters(request);
  }

  #remove(client: ClaimClient): void {
    client.state = 'gone';
    clearTimeout(client.identifyTimer);
    clearTimeout(client.waitTimer);
    this.#clients.delete(client);
    if (this.#clients.size === 0) {
      clearInterval(this.#pulse);
      this.#pulse = undefined;
    }
    if (this.#waiting().length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #waiting(): ClaimClient[] {
    return [...this.#clients].filter(({ state }) => state === 'waiting');
  }

  /** Claims again for the clients that wait for this key; the first of them may become its owner. */
  #retryWaiters({ key, hookName }: Pick<KeyRequest, 'key' | 'hookName'>): void {
    for (const client of this.#waiting()) {
      const { request } = client;
      if (request.key === key && request.hookName === hookName) this.#claim(client);
    }
  }

  #poll(): void {
    const seen = new Set<string>();
    for (const { request } of this.#waiting()) {
      const id = JSON.stringify([request.hookName, request.key]);
      if (seen.has(id)) continue;
      seen.add(id);
      if (this.#attempt('poll', () => this.#keys.hasChanged(request), true)) {
        this.#retryWaiters(request);
      }
    }
  }

  /** The connection closed. If the client owned the key, the key is free at once. */
  #disconnect(client: ClaimClient): void {
    const { request, state } = client;
    this.#remove(client);
    if (state !== 'owner' || this.#isStopped) return;
    client.shared?.end(undefined);
    this.#end(request, undefined);
    this.#retryWaiters(request);
  }

  /** Retries until it is written: while this process runs, nobody takes its claims for orphaned. */
  #end(id: EndingKey, end: KeyedEnd | undefined): void {
    try {
      this.#keys.finish(id, end);
    } catch (error) {
      const reason = reasonOf(error);
      this.#parts.log('claim_failed', { what: 'end', reason });
      if (this.#isStopped) return;
      setTimeout(() => {
        this.#end(id, end);
        this.#retryWaiters(id);
      }, RETRY_MS).unref();
    }
  }

  #note(text: string): void {
    const at = new Date(this.#parts.now()).toISOString();
    this.#parts.store.use(({ writer }) => writer.note('mistake', text, at));
  }

  /** On an error returns `fallback`, with which the hook runs. */
  #attempt<T>(what: string, work: () => T, fallback: T): T {
    try {
      return work();
    } catch (error) {
      const reason = reasonOf(error);
      this.#parts.log('claim_failed', { what, reason });
      return fallback;
    }
  }
}
