import { constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Meter } from '../bus/meter.ts';
import { createStdoutKind } from '../domain/stdout-kind.ts';
import { nowMs } from './clock.ts';
import { isTerminal } from './terminal.ts';

/** Most that is taken before the hook starts, in bytes. */
const PRELUDE_BYTES = 8 * 1024 * 1024;

/** Silence after which the hook starts with what has come, in ms. */
const PRELUDE_SILENCE_MS = 10;

/** How long all of a payload is waited for where a dedupe key is made of it, in ms. */
const WHOLE_PAYLOAD_MS = 250;

/** The same for a file. */
const WHOLE_FILE_MS = 5000;

/** The same for a file, which is there or not and comes to its end: only a disk can be slow. */
const PRELUDE_FILE_MS = 1000;

/** How long a caller in the middle of a line is listened to after the hook has exited: between two pieces, and in all. */
const LINGER_SILENCE_MS = 50;
const LINGER_MS = 1000;

const NEWLINE = 0x0a;

/** The caller's stdin, read as it comes. */
export class Input {
  readonly #meter: Meter;
  readonly #source: Readable | undefined;
  /** What came before the hook was there to take it. */
  #prelude: Buffer[] = [];
  #target: Writable | undefined;
  #hasHook = false;
  /** Tells whether what has come is one whole object, while that matters. */
  #followed: ReturnType<typeof createStdoutKind> | undefined;
  #hasEnded: boolean;
  #endsLine = true;
  #onNews: () => void = () => undefined;

  constructor(meter: Meter) {
    this.#meter = meter;
    this.#source = openSource();
    this.#hasEnded = this.#source === undefined;
    this.#source?.on('data', (chunk: Buffer) => this.#take(chunk));
    for (const end of ['end', 'close', 'error']) this.#source?.on(end, () => this.#end());
    this.#source?.pause();
  }

  /** Takes what is already there: until the end of a line, the end of input, 10 ms of silence, or 8 MiB. */
  async prelude(): Promise<Buffer> {
    this.#source?.resume();
    const isLine = (): boolean => this.#meter.total() > 0 && this.#endsLine;
    await this.#listen(
      () => (this.#source instanceof Socket ? PRELUDE_SILENCE_MS : PRELUDE_FILE_MS),
      () => this.#hasEnded || isLine() || this.#meter.total() >= PRELUDE_BYTES,
    );
    this.#source?.pause();
    const [first, ...others] = this.#prelude;
    return first !== undefined && others.length === 0 ? first : Buffer.concat(this.#prelude);
  }

  /** For a dedupe key: all of the payload, or what came of it in time, and whether that is all. */
  async whole(): Promise<{ payload: Buffer; isComplete: boolean }> {
    const isFile = !(this.#source instanceof Socket);
    const until = nowMs() + (isFile ? WHOLE_FILE_MS : WHOLE_PAYLOAD_MS);
    this.#followed = createStdoutKind();
    const isComplete = (): boolean => this.#hasEnded || this.#followed?.kind() === 'json';
    this.#source?.resume();
    await this.#listen(
      () => Math.max(until - nowMs(), 0),
      () => isComplete() || this.#meter.total() >= PRELUDE_BYTES,
    );
    this.#source?.pause();
    const isAll = isComplete();
    this.#followed = undefined;
    const [first, ...others] = this.#prelude;
    const payload =
      first !== undefined && others.length === 0 ? first : Buffer.concat(this.#prelude);
    return { payload, isComplete: isAll };
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

  /** After the hook's exit: hears a caller out that is in the middle of a line. */
  async linger(): Promise<void> {
    this.#leaveHook();
    const until = nowMs() + LINGER_MS;
    await this.#listen(
      () => LINGER_SILENCE_MS,
      () => this.#hasEnded || this.#endsLine || nowMs() > until,
    );
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

/** Undefined where there is nothing to read: a terminal's keyboard is no payload, and what cannot be read is empty. */
function openSource(): Readable | undefined {
  try {
    if (isTerminal(0)) return undefined;
    const stat = fstatSync(0);
    if (stat.isFIFO()) return new Socket({ fd: ownDescription(), writable: false });
    if (stat.isSocket()) return new Socket({ fd: 0, writable: false });
    return createReadStream('', { fd: 0, autoClose: false });
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
