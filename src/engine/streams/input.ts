import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Meter } from '../../app/recording/meter.ts';
import { createStdoutKind } from '../../domain/answer/stdout-kind.ts';
import { nowMs } from '../clock.ts';
import { passesThrough, readOwnFile } from './own-input.ts';

/** How much is read before the hook starts. */
const PRELUDE_BYTES = 8 * 1024 * 1024;

/** The hook starts after this silence with what has arrived. */
const PRELUDE_SILENCE_MS = 7;

/** After this silence, check whether the input is one complete object: then there is nothing more to wait for. */
const CHECK_MS = 1;

/** How long to wait for the complete payload, if a dedupe key needs it. */
const WHOLE_PAYLOAD_MS = 250;

/**
 * If no hook runs, how long to keep reading from a caller in the middle of a line: between two chunks, and in total.
 */
const LINGER_SILENCE_MS = 50;
const LINGER_MS = 1000;

const NEWLINE = 0x0a;

/** The caller's stdin, read as it arrives. */
export class Input {
  readonly #meter: Meter;
  readonly #source: Socket | undefined;
  /** The file on stdin, if the hook reads it itself. */
  readonly #file = readOwnFile();
  /** What arrived before the hook could read it. */
  #prelude: Buffer[] = [];
  #target: Writable | undefined;
  #hasHook = false;
  /** Whether the hook starts before the complete payload has arrived. */
  #isUnfinished = false;
  /** Detects whether the input is one complete object, while that matters. */
  #followed: ReturnType<typeof createStdoutKind> | undefined;
  #hasEnded: boolean;
  #endsLine = true;
  #onChange: () => void = () => undefined;

  constructor(meter: Meter) {
    this.#meter = meter;
    this.#source = openSource();
    this.#hasEnded = this.#source === undefined;
    if (this.#file !== undefined) meter.peek(this.#file.bytes, this.#file.isAll);
    this.#source?.on('data', (chunk: Buffer) => this.#take(chunk));
    for (const end of ['end', 'close', 'error']) this.#source?.on(end, () => this.#end());
    this.#source?.pause();
  }

  /** Reads until the end of a line, a complete object, the end of input, some silence, or 8 MiB. */
  async prelude(): Promise<Buffer> {
    if (this.#file !== undefined) return this.#file.bytes;
    const isEnough = (): boolean =>
      this.#hasEnded || this.#isLine() || this.#meter.total() >= PRELUDE_BYTES;
    const kind = createStdoutKind();
    this.#source?.resume();
    for (let checked = 0, isSilent = false; !isEnough() && !isSilent; ) {
      await this.#listen(() => CHECK_MS, isEnough);
      for (; checked < this.#prelude.length && !isEnough(); checked += 1)
        kind.push(this.#prelude[checked] as Buffer);
      if (isEnough() || kind.kind() === 'json') break;
      const before = this.#meter.total();
      await this.#listen(
        () => PRELUDE_SILENCE_MS - CHECK_MS,
        () => isEnough() || this.#meter.total() > before,
      );
      isSilent = this.#meter.total() === before;
    }
    this.#source?.pause();
    this.#isUnfinished = !isEnough() && kind.kind() !== 'json';
    return this.#taken();
  }

  /** For a dedupe key: the payload as far as it arrived in time, and whether it is complete. */
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

  /**
   * Passes the whole input to the hook. If the hook stops reading, reading goes on here, so that the caller gets no
   * EPIPE.
   */
  feed(hook: Writable): void {
    this.#hasHook = true;
    this.#target = hook;
    for (const end of ['error', 'close']) hook.on(end, () => this.#leaveHook());
    hook.on('drain', () => this.#source?.resume());
    for (const chunk of this.#prelude.splice(0)) hook.write(chunk);
    if (this.#hasEnded) hook.end();
    else if (!hook.writableNeedDrain) this.#source?.resume();
  }

  /** The hook has exited. A bare caller that still writes would get EPIPE now. */
  leave(): void {
    this.#leaveHook();
    this.count();
  }

  /** Tells the meter how much the hook has read of its own file. */
  count(): void {
    if (this.#file !== undefined) this.#meter.count(this.#file.read());
  }

  /** If no hook runs: reads the rest from a caller that is in the middle of writing. */
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
    this.#onChange();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#target?.end();
    this.#onChange();
  }

  #leaveHook(): void {
    this.#target = undefined;
    this.#source?.resume();
  }

  /** Resolves after `silenceMs` without input, or as soon as `isEnough`. */
  #listen(silenceMs: () => number, isEnough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const stop = (): void => {
        clearTimeout(timer);
        this.#onChange = () => undefined;
        resolve();
      };
      // Timers run before streams in a turn of the event loop, so on a busy machine input may be waiting unread.
      const checkOnce = (): void => {
        const before = this.#meter.total();
        setImmediate(() => {
          if (this.#meter.total() === before || isEnough()) stop();
        });
      };
      this.#onChange = () => {
        clearTimeout(timer);
        if (isEnough()) stop();
        else timer = setTimeout(checkOnce, silenceMs());
      };
      this.#onChange();
    });
  }
}

/**
 * Undefined if stdin does not pass through this process.
 * @throws if Node cannot read it; the hook must then get it directly
 */
function openSource(): Socket | undefined {
  if (!passesThrough()) return undefined;
  const fd = fstatSync(0).isFIFO() ? ownDescription() : 0;
  return new Socket({ fd, writable: false });
}

/**
 * Node sets O_NONBLOCK on what it reads, for everyone who shares the open file. Opening the pipe again gives this
 * process its own file description, so the caller's stays blocking.
 */
function ownDescription(): number {
  try {
    return openSync('/proc/self/fd/0', constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return 0;
  }
}
