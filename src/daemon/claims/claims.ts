import {
  createKeys,
  type EndingKey,
  type KeyRequest,
  type Keys,
  type Verdict,
} from '../../app/dedupe/dedupe.ts';
import { keyOf } from '../../app/dedupe/key-of.ts';
import type { StoreHandle } from '../../app/store/store-handle.ts';
import type { KeyedEnd } from '../../domain/key/dedupe-key.ts';
import { reasonOf } from '../../domain/errors.ts';
import { MAX_WAIT_MS, rulesElsewhere, sharedPart, verdictElsewhere } from '../../gates/dedupe.ts';
import { type ClaimFrame, encodeVerdict, type ResultFrame } from '../../protocol/claim.ts';
import type { KeyedBegin } from '../../protocol/record.ts';
import { processStart } from '../../os/process.ts';
import { answer, type Claimant, requestOf, tellToWait } from './claimant.ts';
import type { Connection } from '../listener.ts';
import type { Log } from '../log.ts';
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
  readonly #claimants = new Set<Claimant>();
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
    const claimant: Claimant = { request, connection, isShared, state: 'asking', isWarned: false };
    this.#claimants.add(claimant);
    claimant.patience = setTimeout(() => this.#giveUp(claimant), MAX_WAIT_MS);
    connection.onClose(() => this.#leave(claimant));
    this.#settle(claimant);
  }

  /** An owner's hook has ended. */
  finish({ key, hookName, executionId, end }: ResultFrame): void {
    const owners = [...this.#claimants].filter(
      ({ request }) => request.executionId === executionId,
    );
    // The claim that is on record is the one that was asked for, whatever the engine calls it.
    const id = owners[0]?.request ?? { key, hookName, executionId };
    this.#end(id, end);
    for (const claimant of owners) {
      claimant.shared?.end(sharedPart(end, rulesElsewhere(claimant.request)));
      this.#forget(claimant);
    }
    this.#wake(id);
  }

  /** From now on the end of a connection means nothing: a daemon that ends closes all, and their hooks run on. */
  stop(): void {
    for (const claimant of this.#claimants) this.#identify(claimant);
    for (const { patience } of this.#claimants) clearTimeout(patience);
    this.#isStopped = true;
    clearInterval(this.#timer);
    clearInterval(this.#pulse);
    this.#parts.shared?.close();
  }

  #settle(claimant: Claimant): void {
    const { request } = claimant;
    const verdict = this.#attempt<Verdict>('claim', () => this.#keys.claim(request), {
      kind: 'run_unkeyed',
    });
    if (verdict.kind === 'wait') {
      this.#warn(claimant);
      claimant.state = 'waiting';
      this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    } else if (verdict.kind === 'run') {
      this.#own(claimant);
    } else {
      answer(claimant, verdict);
      this.#forget(claimant);
    }
  }

  /** The key is the claimant's, as far as this machine is concerned. */
  #own(claimant: Claimant): void {
    claimant.state = 'owner';
    if (claimant.isShared) {
      // An engine waits 100 ms for a first answer, and a server may take half of that.
      this.#warn(claimant);
      void this.#askElsewhere(claimant);
    } else {
      this.#letRun(claimant);
    }
    claimant.timer = setTimeout(() => this.#identify(claimant), SHORT_MS).unref();
  }

  #letRun(claimant: Claimant): void {
    clearTimeout(claimant.patience);
    answer(claimant, { kind: 'run' });
  }

  /** It has waited for long enough, here or for another machine: it runs, and nobody waits for it. */
  #giveUp(claimant: Claimant): void {
    const { state } = claimant;
    if (state === 'owner') this.#end(claimant.request, undefined);
    if (state === 'owner' || state === 'waiting') answer(claimant, { kind: 'run_unkeyed' });
    this.#forget(claimant);
    if (state === 'owner') this.#wake(claimant.request);
  }

  #identify({ request, state, timer }: Claimant): void {
    clearTimeout(timer);
    if (request.onDuplicate === 'deny') return;
    if (state !== 'owner' || request.owner.start > 0) return;
    const start = processStart(request.owner.pid);
    if (start === 0) return;
    this.#attempt('owner', () => this.#keys.identify(request, start), undefined);
  }

  #warn(claimant: Claimant): void {
    tellToWait(claimant);
    this.#pulse ??= setInterval(() => {
      for (const each of this.#claimants) if (each.isWarned) tellToWait(each, 'again');
    }, PULSE_MS);
  }

  /**
   * This machine's key is the claimant's; now for the others. While another machine has it, ours stays taken, so that
   * whoever else asks here waits for the same.
   */
  async #askElsewhere(claimant: Claimant): Promise<void> {
    const { request } = claimant;
    const ttlMs = request.ttlSeconds * 1000;
    const shared = this.#parts.shared as SharedClaims;
    const found = await shared.ask(request, request.executionId, ttlMs);
    if (claimant.state !== 'owner' || this.#isStopped) {
      if (found.kind === 'ours') found.claim.end(undefined);
      return;
    }
    const rules = rulesElsewhere(request);
    if (found.kind === 'running' && rules.onDuplicate === 'replay') {
      shared.later(() => void this.#askElsewhere(claimant));
      return;
    }
    if (found.kind === 'ours') claimant.shared = found.claim;
    const given = found.kind === 'done' ? verdictElsewhere(found.end, rules) : undefined;
    if (given === undefined) this.#letRun(claimant);
    else this.#takeOver(claimant, given);
  }

  /** Another machine has done it. Its time began there, so it is not kept here. */
  #takeOver(claimant: Claimant, given: Verdict): void {
    const { request } = claimant;
    this.#end(request, undefined);
    answer(claimant, given);
    this.#forget(claimant);
    this.#wake(request);
  }

  #forget(claimant: Claimant): void {
    claimant.state = 'gone';
    clearTimeout(claimant.timer);
    clearTimeout(claimant.patience);
    this.#claimants.delete(claimant);
    if (this.#claimants.size === 0) {
      clearInterval(this.#pulse);
      this.#pulse = undefined;
    }
    if (this.#waiting().length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #waiting(): Claimant[] {
    return [...this.#claimants].filter(({ state }) => state === 'waiting');
  }

  /** Those who wait for this key are asked for anew; the first of them may become its owner. */
  #wake({ key, hookName }: Pick<KeyRequest, 'key' | 'hookName'>): void {
    for (const claimant of this.#waiting()) {
      const { request } = claimant;
      if (request.key === key && request.hookName === hookName) this.#settle(claimant);
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
  #leave(claimant: Claimant): void {
    const { request, state } = claimant;
    this.#forget(claimant);
    if (state !== 'owner' || this.#isStopped) return;
    claimant.shared?.end(undefined);
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
