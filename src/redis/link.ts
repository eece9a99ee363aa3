import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { backoffMs } from '../network/backoff.ts';
import type { SharedAddress } from './address.ts';
import { createClient, isFromParser, isFromServer } from './client.ts';
import { MAX_SEALED_BYTES } from './seal.ts';

/** Why the shared keys failed: server unreachable, too slow, refused (its own error), or nonsense in its response. */
export type SharedKeysFault = 'unreachable' | 'slow' | 'refused' | 'nonsense';

/** The shared keys are not reliable now, so the local keys decide. */
export class SharedKeysError extends Error {
  override readonly name = 'SharedKeysError';
  readonly fault: SharedKeysFault;

  constructor(fault: SharedKeysFault, message: string) {
    super(`${fault}: ${message}`);
    this.fault = fault;
  }
}

/** After a timeout, the server has this long to respond before the connection is dropped, in ms. */
const STALL_MS = 1000;
/** The first and the longest pause before reconnecting, in ms. */
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 2000;
/** After a connection that lasted this long, in ms, reconnecting starts with a short pause again. */
const GOOD_MS = 1000;

/** A server that sends more than this, in bytes, before its response is complete is broken or hostile. */
const MAX_ANSWER_BYTES = MAX_SEALED_BYTES + 1024;

/** Fails on a replica, while the server loads, and without permission. It leaves nothing behind. */
const PROBE = `redis.call('del', KEYS[1]) return {ARGV[1]}`;
/** Errors that concern the whole server. After a failover, another server responds at the same address. */
const OF_THE_SERVER =
  /\b(?:READONLY|LOADING|NOAUTH|MASTERDOWN|CLUSTERDOWN|MISCONF|BUSY|NOREPLICAS)\b/;

/**
 * `starting`: no connection yet, and none has failed. `up`: the server responded to a probe in time. `stalled`: a response
 * is late. `down`: reconnecting. Only in `up` does the server get commands other than the probe.
 */
type Phase = 'starting' | 'up' | 'stalled' | 'down' | 'closed';

export interface Script {
  readonly lua: string;
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
}

export interface LinkParts {
  readonly address: SharedAddress;
  readonly probeKey: string;
  /** Time limit of a probe, in ms. */
  readonly answerMs: number;
  /** The server is available, for the first time or again. */
  readonly onUp: () => void;
}

/** One connection that reconnects on its own, and reports at once if it is down. */
export class SharedLink {
  readonly #parts: LinkParts;
  readonly #redis: Redis;
  #phase: Phase = 'starting';
  #lastError: string | undefined;
  #failures = 0;
  #upSince: number | undefined;
  #hasHandshakeFailed = false;
  /** Bytes since the last response. */
  #receivedBytes = 0;
  #stall: NodeJS.Timeout | undefined;
  #leaveStart: () => void = () => undefined;
  readonly #hasStarted = new Promise<void>((resolve) => {
    this.#leaveStart = resolve;
  });

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#redis = createClient(parts.address.connection, () => this.#nextTryMs());
    this.#redis.on('connect', () => {
      this.#hasHandshakeFailed = false;
      this.#limitAnswers();
    });
    this.#redis.on('error', (error: Error) => {
      this.#hasHandshakeFailed = true;
      const failed = this.#note(this.#toKeysError(error));
      // After a response to no command, the next ones would be taken for responses to the wrong commands.
      if (this.#phase === 'up') this.#drop(failed);
    });
    this.#redis.on('ready', () => void this.#probe());
    this.#redis.on('close', () => this.#fall());
  }

  get isUp(): boolean {
    return this.#phase === 'up';
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Resolves if the server is available, rejects at once if not. Waits only for the very first connection. */
  async ready(untilMs: number): Promise<void> {
    if (this.#phase === 'starting' && !(await this.#waitForStart(untilMs)))
      this.#fall(`no connection to ${this.#parts.address.shown} yet`);
    if (this.#phase === 'up') return;
    throw new SharedKeysError(
      'unreachable',
      this.#lastError?.replace('unreachable: ', '') ?? 'no connection',
    );
  }

  /**
   * Runs a script on the server. Rejects if the response is late, but the script may still take effect.
   * @param ifLate called if the response arrives later, before the connection is dropped
   */
  run(script: Script, untilMs: number, ifLate: () => void = () => undefined): Promise<unknown> {
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      let isOver = false;
      const giveUp = (): void => {
        if (isOver) return;
        isOver = true;
        this.#expectLateAnswer();
        const waited = Math.round(performance.now() - startedAt);
        reject(this.#note(new SharedKeysError('slow', `no answer within ${waited} ms`)));
      };
      // A response that arrived while this process was busy is read between the timer and the immediate.
      const timer = setTimeout(() => setImmediate(giveUp), Math.max(0, untilMs - startedAt));
      const finish = (act: () => void): void => {
        clearTimeout(timer);
        if (isOver) return;
        isOver = true;
        act();
      };
      const { lua, keys, args } = script;
      this.#redis.callBuffer('EVAL', lua, keys.length, ...keys, ...args).then(
        (reply) => {
          this.#receivedBytes = 0;
          if (isOver) this.#takeLateAnswer(ifLate);
          else finish(() => resolve(reply));
        },
        (error: Error) => {
          if (isFromServer(error)) this.#receivedBytes = 0;
          if (isOver && isFromServer(error)) this.#takeLateAnswer(ifLate);
          else finish(() => reject(this.#note(this.#toKeysError(error))));
        },
      );
    });
  }

  /** Reports nonsense under one key. */
  nonsense(what: string): SharedKeysError {
    return this.#note(new SharedKeysError('nonsense', what));
  }

  /** Reports nonsense from the server and drops the connection. */
  distrust(what: string): SharedKeysError {
    const error = this.nonsense(what);
    this.#drop(error);
    return error;
  }

  /** A call succeeded. */
  clearError(): void {
    this.#lastError = undefined;
  }

  close(): void {
    if (this.#phase === 'closed') return;
    this.#lastError = 'closed';
    this.#enter('closed');
    this.#redis.disconnect();
  }

  async #waitForStart(untilMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const isTooLate = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), Math.max(0, untilMs - performance.now()));
    });
    const hasStarted = await Promise.race([this.#hasStarted.then(() => true), isTooLate]);
    clearTimeout(timer);
    return hasStarted;
  }

  async #probe(): Promise<void> {
    if (this.#phase === 'closed') return;
    if (this.#hasHandshakeFailed) {
      // ioredis continues if it cannot select the database, but another database has other keys.
      this.#drop(undefined);
      return;
    }
    const word = randomUUID();
    const script: Script = { lua: PROBE, keys: [this.#parts.probeKey], args: [word] };
    try {
      const reply = await this.run(script, performance.now() + this.#parts.answerMs);
      const [said] = Array.isArray(reply) && reply.length === 1 ? (reply as unknown[]) : [];
      if (!Buffer.isBuffer(said) || said.toString() !== word)
        throw new SharedKeysError('nonsense', 'the server is not Redis, or cannot run scripts');
    } catch (error) {
      this.#drop(error);
      return;
    }
    if (this.#isClosed()) return;
    this.#upSince = performance.now();
    this.#lastError = undefined;
    this.#enter('up');
    this.#parts.onUp();
  }

  /** Without this, the client would keep a response of any length in memory. */
  #limitAnswers(): void {
    const { stream } = this.#redis;
    this.#receivedBytes = 0;
    stream.on('data', (chunk: Buffer) => {
      this.#receivedBytes += chunk.length;
      if (this.#receivedBytes <= MAX_ANSWER_BYTES || stream.destroyed) return;
      this.#drop(new SharedKeysError('nonsense', 'the response is too long'));
      stream.destroy();
    });
  }

  #toKeysError(error: Error): SharedKeysError {
    const isRefused = isFromServer(error);
    const fault = isRefused ? 'refused' : isFromParser(error) ? 'nonsense' : 'unreachable';
    const failed = new SharedKeysError(fault, this.#wordsOf(error));
    if (!isRefused || OF_THE_SERVER.test(error.message)) this.#drop(failed);
    return failed;
  }

  #isClosed(): boolean {
    return this.#phase === 'closed';
  }

  #expectLateAnswer(): void {
    if (this.#phase !== 'up') return;
    this.#enter('stalled');
    this.#stall = setTimeout(() => this.#drop(undefined), STALL_MS);
  }

  #takeLateAnswer(ifLate: () => void): void {
    ifLate();
    if (this.#phase !== 'stalled' || this.#stall === undefined) return;
    clearTimeout(this.#stall);
    this.#stall = undefined;
    void this.#probe();
  }

  #drop(error: unknown): void {
    if (error instanceof Error) this.#note(error);
    if (this.#phase === 'closed') return;
    this.#enter('down');
    this.#redis.disconnect(true);
  }

  #fall(why = 'the connection was closed'): void {
    if (this.#phase === 'closed') return;
    this.#lastError ??= `unreachable: ${why}`;
    this.#enter('down');
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    clearTimeout(this.#stall);
    this.#stall = undefined;
    if (phase !== 'starting') this.#leaveStart();
  }

  #nextTryMs(): number | null {
    if (this.#phase === 'closed') return null;
    const hasBeenGood = this.#upSince !== undefined && performance.now() - this.#upSince >= GOOD_MS;
    this.#upSince = undefined;
    this.#failures = hasBeenGood ? 1 : this.#failures + 1;
    return backoffMs(this.#failures, FIRST_RETRY_MS, MAX_RETRY_MS);
  }

  #note<T extends Error>(error: T): T {
    if (this.#phase !== 'closed') this.#lastError = error.message;
    return error;
  }

  /** The error's message on one line, without the password: servers repeat unknown commands in their errors. */
  #wordsOf(error: Error): string {
    const first = error instanceof AggregateError ? (error.errors[0] as Error) : error;
    let text = first.message || String((first as NodeJS.ErrnoException).code ?? first.name);
    for (const secret of this.#parts.address.secrets) text = text.replaceAll(secret, '***');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this removes them
    return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 200);
  }
}
