import {
  createKeys,
  type EndingKey,
  type KeyRequest,
  type Keys,
  type Verdict,
} from '../../app/dedupe/dedupe.ts';
import { keyOf } from '../../app/dedupe/key-of.ts';
import type { StoreHandle } from '../../app/store/store-handle.ts';
import { reasonOf } from '../../domain/errors.ts';
import type { KeyedEnd } from '../../domain/key/dedupe-key.ts';
import { MAX_WAIT_MS, rulesElsewhere, sharedPart, verdictElsewhere } from '../../gates/dedupe.ts';
import { processStart } from '../../os/process.ts';
import { type ClaimFrame, encodeVerdict, type ResultFrame } from '../../protocol/claim.ts';
import type { KeyedBegin } from '../../protocol/record.ts';
import type { Connection } from '../listener.ts';
import type { Log } from '../log.ts';
import { answer, type ClaimClient, requestOf, tellToWait } from './claim-client.ts';
import type { SharedClaims } from './shared-claims.ts';

/** How often those who wait are thought of, in ms, where no result came by this daemon: its owner may be elsewhere. */
const LOOK_MS = 25;

/**
 * After so long, in ms, it is asked and written when a claim's owner started. The system takes its time to tell, its hook
 * would wait for that, and it counts only where this daemon ends before the claim does.
 */
const SHORT_MS = 10;

/** How often those who wait hear from us, in ms: who does not for three times as long asks the database instead. */
const PULSE_MS = 1000;

/** Pause before the end of a claim that could not be written is tried again, in ms. */
const RETRY_MS = 250;

export interface ClaimsParts {
  readonly store: StoreHandle;
  readonly now: () => number;
  readonly log: Log;
  /** Where machines share keys. Without it this machine decides alone. */
  readonly shared?: SharedClaims;
  /** Who stands between an engine and the database and outlives the engine, if anybody. */
  readonly broker?: KeyRequest['owner'];
}

/**
 * Answers engines that ask for a dedupe key, and keeps those who wait for the first one's result: in the daemon, and in
 * the helper that a launcher starts where no daemon answers.
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

  /** Answers now or later; the end of the connection ends the claim. */
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
    const client: ClaimClient = { request, connection, isShared, state: 'asking', isWarned: false };
    this.#clients.add(client);
    client.patience = setTimeout(() => this.#giveUp(client), MAX_WAIT_MS);
    connection.onClose(() => this.#leave(client));
    this.#finish(client);
  }

  /** An owner's hook has ended. */
  finish({ key, hookName, executionId, end }: ResultFrame): void {
    const owners = [...this.#clients].filter(({ request }) => request.executionId === executionId);
    // The claim that is on record is the one that was asked for, whatever the engine calls it.
    const id = owners[0]?.request ?? { key, hookName, executionId };
    this.#end(id, end);
    for (const client of owners) {
      client.shared?.end(sharedPart(end, rulesElsewhere(client.request)));
      this.#forget(client);
    }
    this.#wake(id);
  }

  /** From now on the end of a connection means nothing: a daemon that ends closes all, and their hooks run on. */
  stop(): void {
    for (const client of this.#clients) this.#identify(client);
    for (const { patience } of this.#clients) clearTimeout(patience);
    this.#isStopped = true;
    clearInterval(this.#timer);
    clearInterval(this.#pulse);
    this.#parts.shared?.close();
  }

  #finish(client: ClaimClient): void {
    const { request } = client;
    const verdict = this.#attempt<Verdict>('claim', () => this.#keys.claim(request), {
      kind: 'run_unkeyed',
    });
    if (verdict.kind === 'wait') {
      this.#warn(client);
      client.state = 'waiting';
      this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    } else if (verdict.kind === 'run') {
      this.#own(client);
    } else {
      answer(client, verdict);
      this.#forget(client);
    }
  }

  /** The key is the claimant's, as far as this machine is concerned. */
  #own(client: ClaimClient): void {
    client.state = 'owner';
    if (client.isShared) {
      // An engine waits 100 ms for a first answer, and a server may take half of that.
      this.#warn(client);
      void this.#askElsewhere(client);
    } else {
      this.#letRun(client);
    }
    client.timer = setTimeout(() => this.#identify(client), SHORT_MS).unref();
  }

  #letRun(client: ClaimClient): void {
    clearTimeout(client.patience);
    answer(client, { kind: 'run' });
  }

  /** It has waited for long enough, here or for another machine: it runs, and nobody waits for it. */
  #giveUp(client: ClaimClient): void {
    const { state } = client;
    if (state === 'owner') this.#end(client.request, undefined);
    if (state === 'owner' || state === 'waiting') answer(client, { kind: 'run_unkeyed' });
    this.#forget(client);
    if (state === 'owner') this.#wake(client.request);
  }

  #identify({ request, state, timer }: ClaimClient): void {
    clearTimeout(timer);
    if (request.onDuplicate === 'deny') return;
    if (state !== 'owner' || request.owner.start > 0) return;
    const start = processStart(request.owner.pid);
    if (start === 0) return;
    this.#attempt('owner', () => this.#keys.identify(request, start), undefined);
  }

  #warn(client: ClaimClient): void {
    tellToWait(client);
    this.#pulse ??= setInterval(() => {
      for (const each of this.#clients) if (each.isWarned) tellToWait(each, 'again');
    }, PULSE_MS);
  }

  /**
   * This machine's key is the claimant's; now for the others. While another machine has it, ours stays taken, so that
   * whoever else asks here waits for the same.
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
    else this.#takeOver(client, given);
  }

  /** Another machine has done it. Its time began there, so it is not kept here. */
  #takeOver(client: ClaimClient, given: Verdict): void {
    const { request } = client;
    this.#end(request, undefined);
    answer(client, given);
    this.#forget(client);
    this.#wake(request);
  }

  #forget(client: ClaimClient): void {
    client.state = 'gone';
    clearTimeout(client.timer);
    clearTimeout(client.patience);
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

  /** Those who wait for this key are asked for anew; the first of them may become its owner. */
  #wake({ key, hookName }: Pick<KeyRequest, 'key' | 'hookName'>): void {
    for (const client of this.#waiting()) {
      const { request } = client;
      if (request.key === key && request.hookName === hookName) this.#finish(client);
    }
  }

  #look(): void {
    const seen = new Set<string>();
    for (const { request } of this.#waiting()) {
      const id = JSON.stringify([request.hookName, request.key]);
      if (seen.has(id)) continue;
      seen.add(id);
      if (this.#attempt('look', () => this.#keys.hasMoved(request), true)) this.#wake(request);
    }
  }

  /** Its connection has ended. Without a result the key is free at once. */
  #leave(client: ClaimClient): void {
    const { request, state } = client;
    this.#forget(client);
    if (state !== 'owner' || this.#isStopped) return;
    client.shared?.end(undefined);
    this.#end(request, undefined);
    this.#wake(request);
  }

  /** While we run, nobody else takes a claim of ours for over: so its end is written, sooner or later. */
  #end(id: EndingKey, end: KeyedEnd | undefined): void {
    try {
      this.#keys.finish(id, end);
    } catch (error) {
      const reason = reasonOf(error);
      this.#parts.log('claim_failed', { what: 'end', reason });
      if (this.#isStopped) return;
      setTimeout(() => {
        this.#end(id, end);
        this.#wake(id);
      }, RETRY_MS).unref();
    }
  }

  #note(text: string): void {
    const at = new Date(this.#parts.now()).toISOString();
    this.#parts.store.use(({ writer }) => writer.note('mistake', text, at));
  }

  /** On doubt, the hook runs. */
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
