import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Meter } from '../../app/recording/meter.ts';
import { createStdoutKind } from '../../domain/payload/stdout-kind.ts';
import { nowMs } from '../clock.ts';
import { lookIntoOwnFile, passesThrough } from './own-input.ts';

/** Most that is taken before the hook starts, in bytes. */
const PRELUDE_BYTES = 8 * 1024 * 1024;

/** Silence after which the hook starts with what has come, in ms. */
const PRELUDE_SILENCE_MS = 7;

/** Silence after which what has come is looked at: it may be one whole object, behind which nothing is waited for. */
const LOOK_MS = 1;

/** How long all of a payload is waited for where a dedupe key is made of it, in ms. */
const WHOLE_PAYLOAD_MS = 250;

/** How long a caller in the middle of a line that no hook will read is heard out: between two pieces, and in all. */
const LINGER_SILENCE_MS = 50;
const LINGER_MS = 1000;

const NEWLINE = 0x0a;

/** The caller's stdin, read as it comes. */
export class Input {
  readonly #meter: Meter;
  readonly #source: Socket | undefined;
  /** What is on stdin instead, where the hook has that itself. */
  readonly #file = lookIntoOwnFile();
  /** What came before the hook was there to take it. */
  #prelude: Buffer[] = [];
  #target: Writable | undefined;
  #hasHook = false;
  /** Whether the hook has to start before all of the payload has come. */
  #isUnfinished = false;
  /** Tells whether what has come is one whole object, while that matters. */
  #followed: ReturnType<typeof createStdoutKind> | undefined;
  #hasEnded: boolean;
  #endsLine = true;
  #onNews: () => void = () => undefined;

  constructor(meter: Meter) {
    this.#meter = meter;
    this.#source = openSource();
    this.#hasEnded = this.#source === undefined;
    if (this.#file !== undefined) meter.look(this.#file.bytes, this.#file.isAll);
    this.#source?.on('data', (chunk: Buffer) => this.#take(chunk));
    for (const end of ['end', 'close', 'error']) this.#source?.on(end, () => this.#end());
    this.#source?.pause();
  }

  /** Takes what is already there: until the end of a line, a whole object, the end of input, some silence, or 8 MiB. */
  async prelude(): Promise<Buffer> {
    if (this.#file !== undefined) return this.#file.bytes;
    const isEnough = (): boolean =>
      this.#hasEnded || this.#isLine() || this.#meter.total() >= PRELUDE_BYTES;
    const kind = createStdoutKind();
    this.#source?.resume();
    for (let looked = 0, isSilent = false; !isEnough() && !isSilent; ) {
      await this.#listen(() => LOOK_MS, isEnough);
      for (; looked < this.#prelude.length && !isEnough(); looked += 1)
        kind.push(this.#prelude[looked] as Buffer);
      if (isEnough() || kind.kind() === 'json') break;
      const before = this.#meter.total();
      await this.#listen(
        () => PRELUDE_SILENCE_MS - LOOK_MS,
        () => isEnough() || this.#meter.total() > before,
      );
      isSilent = this.#meter.total() === before;
    }
    this.#source?.pause();
    this.#isUnfinished = !isEnough() && kind.kind() !== 'json';
    return this.#taken();
  }

  /** For a dedupe key: all of the payload, or what came of it in time, and whether that is all. */
  async whole(): Promise<{ payload: Buffer; isComplete: boolean }> {
    if (this.#file !== undefined)
      return { payload: this.#file.bytes, isComplete: this.#file.isAll };
    const until = nowMs() + WHOLE_PAYLOAD_MS;
    this.#followed = createStdoutKind();
    const isComplete = (): boolean => this.#hasEnded || this.#followed?.kind() === 'json';
    this.#source?.resume();
    await this.#listen(
      () => Math.max(until - nowMs(), 0),
      () => isComplete() || this.#meter.total() >= PRELUDE_BYTES,
    );
    this.#source?.pause();
    const isAll = isComplete();
    this.#isUnfinished = !isAll;
    this.#followed = undefined;
    return { payload: this.#taken(), isComplete: isAll };
  }

  isUnfinished(): boolean {
    return this.#isUnfinished;
  }

  /** Gives the hook all of it from the beginning. When it stops reading we go on, so that the caller gets no EPIPE. */
  feed(hook: Writable): void {
    this.#hasHook = true;
    this.#target = hook;
    for (const end of ['error', 'close']) hook.on(end, () => this.#leaveHook());
    hook.on('drain', () => this.#source?.resume());
    for (const chunk of this.#prelude.splice(0)) hook.write(chunk);
    if (this.#hasEnded) hook.end();
    else if (!hook.writableNeedDrain) this.#source?.resume();
  }

  /** Nobody reads it any more: bare, a caller that still writes would be told so now. */
  leave(): void {
    this.#leaveHook();
    this.count();
  }

  /** How much the hook has read of a file that is its own goes to the meter. */
  count(): void {
    if (this.#file !== undefined) this.#meter.count(this.#file.read());
  }

  /** Where no hook runs: hears a caller out that is in the middle of what it says. */
  async linger(): Promise<void> {
    this.#leaveHook();
    const until = nowMs() + LINGER_MS;
    this.#followed = createStdoutKind();
    if (!this.#isLine()) for (const chunk of this.#prelude) this.#followed.push(chunk);
    const isWhole = (): boolean => this.#isLine() || this.#followed?.kind() === 'json';
    await this.#listen(
      () => LINGER_SILENCE_MS,
      () => this.#hasEnded || this.#meter.total() === 0 || isWhole() || nowMs() > until,
    );
  }

  #isLine(): boolean {
    return this.#meter.total() > 0 && this.#endsLine;
  }

  #taken(): Buffer {
    const [first, ...others] = this.#prelude;
    return first !== undefined && others.length === 0 ? first : Buffer.concat(this.#prelude);
  }

  #take(chunk: Buffer): void {
    this.#meter.push(chunk);
    this.#followed?.push(chunk);
    this.#endsLine = chunk.at(-1) === NEWLINE;
    if (!this.#hasHook) this.#prelude.push(chunk);
    else if (this.#target?.write(chunk) === false) this.#source?.pause();
    this.#onNews();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#target?.end();
    this.#onNews();
  }

  #leaveHook(): void {
    this.#target = undefined;
    this.#source?.resume();
  }

  /** Resolves after `silenceMs` without news, or as soon as `isEnough`. */
  #listen(silenceMs: () => number, isEnough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const stop = (): void => {
        clearTimeout(timer);
        this.#onNews = () => undefined;
        resolve();
      };
      // Timers come before streams in a turn of the event loop: on a busy machine news may be there and not seen yet.
      const lookOnce = (): void => {
        const before = this.#meter.total();
        setImmediate(() => {
          if (this.#meter.total() === before || isEnough()) stop();
        });
      };
      this.#onNews = () => {
        clearTimeout(timer);
        if (isEnough()) stop();
        else timer = setTimeout(lookOnce, silenceMs());
      };
      this.#onNews();
    });
  }
}

/** Undefined where nothing passes through us. */
function openSource(): Socket | undefined {
  if (!passesThrough()) return undefined;
  const fd = fstatSync(0).isFIFO() ? ownDescription() : 0;
  try {
    return new Socket({ fd, writable: false });
  } catch {
    return undefined;
  }
}

/**
 * Node makes what it reads non-blocking, for all who share the open file. Opening a pipe anew gives a description of
 * our own, so that the caller's stays as it was.
 */
function ownDescription(): number {
  try {
    return openSync('/proc/self/fd/0', constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return 0;
  }
}
