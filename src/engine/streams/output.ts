import { write } from 'node:fs';
import type { Socket } from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { Meter } from '../../app/recording/meter.ts';
import { nowMs } from '../clock.ts';
import { startDrainer } from './drainer.ts';

/** Reading from the hook pauses when this much waits for a slow caller; the hook then waits, as it would bare. */
const HIGH_WATER_BYTES = 256 * 1024;

/** Pause before a write to the caller's non-blocking descriptor is tried again. */
const RETRY_MS = 2;

/** After this many turns of the event loop without data, an open stream is held by another process. */
const QUIET_TURNS = 2;

export interface OutputOptions {
  readonly source: Socket;
  /** The caller's descriptor: 1 or 2. */
  readonly fd: 1 | 2;
  readonly meter: Meter;
  /** How much to hold back until `release`, 0 for nothing; if there is more, everything is passed on. */
  readonly holdBytes: number;
}

/** Passes one of the hook's output streams to the caller, chunk by chunk. */
export class Output {
  readonly #source: Socket;
  readonly #fd: 1 | 2;
  readonly #meter: Meter;
  readonly #holdBytes: number;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #received = 0;
  #keptMs = 0;
  #isHeld: boolean;
  /** Data is read, so that nobody gets SIGPIPE, and discarded. */
  #isDropping = false;
  #hasEnded = false;
  #isCut = false;
  /** The current flush, if any. */
  #flushing: Promise<void> | undefined;

  constructor({ source, fd, meter, holdBytes }: OutputOptions) {
    this.#source = source;
    this.#fd = fd;
    this.#meter = meter;
    this.#holdBytes = holdBytes;
    this.#isHeld = holdBytes > 0;
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    for (const end of ['end', 'close', 'error']) {
      source.on(end, () => {
        this.#hasEnded = true;
      });
    }
  }

  /** Under `--fail-open`: passes on what was held back, or discards it and everything that follows. */
  async release(isKept: boolean): Promise<void> {
    if (this.#holdBytes === 0) return;
    if (this.#isHeld && !isKept) this.#drop();
    this.#isHeld = false;
    this.#isDropping = !isKept;
    await this.#flush();
  }

  /** Whether output was passed on, because it was more than could be held back. */
  isPassedOn(): boolean {
    return !this.#isHeld;
  }

  /** The output that is held back. */
  held(): readonly Uint8Array[] {
    return this.#queue;
  }

  /** After the hook's exit: waits until all that it wrote was read. False if another process holds the stream open. */
  async finish(): Promise<boolean> {
    for (let quiet = 0; !this.#hasEnded && quiet < QUIET_TURNS; ) {
      const before = this.#received;
      await this.#callerTakes();
      await turn();
      quiet = this.#received === before && this.#flushing === undefined ? quiet + 1 : 0;
    }
    await this.#callerTakes();
    return this.#hasEnded;
  }

  /**
   * How long the caller delayed this process after the hook's exit, in ms. It would have delayed a bare hook as well.
   */
  keptMs(): number {
    return this.#keptMs;
  }

  /**
   * Hands a stream that the hook's background children hold open to a separate process, so that the caller sees the
   * exit now and the end of the stream when they exit. If no process can be started, waits for that end here.
   */
  async handOver(): Promise<void> {
    if (await startDrainer(this.#source, this.#isDropping ? 'ignore' : this.#fd)) return;
    while (!this.#hasEnded) await wait(RETRY_MS);
    await this.#flushing;
  }

  /** The caller closed the stream before its end, so the hook may have wanted to write more. */
  isCut(): boolean {
    return this.#isCut;
  }

  /** Whether the caller has not read everything yet. */
  isBlocked(): boolean {
    return this.#flushing !== undefined;
  }

  #take(chunk: Buffer): void {
    this.#received += chunk.length;
    this.#meter.push(chunk);
    if (this.#isDropping) return;
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#isHeld && this.#queuedBytes > this.#holdBytes) this.#isHeld = false;
    if (this.#isHeld) return;
    if (this.#queuedBytes >= HIGH_WATER_BYTES) this.#source.pause();
    void this.#flush();
  }

  async #callerTakes(): Promise<void> {
    if (this.#flushing === undefined) return;
    const startedAt = nowMs();
    await this.#flushing;
    this.#keptMs += nowMs() - startedAt;
  }

  #flush(): Promise<void> {
    this.#flushing ??= this.#writeQueue().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #writeQueue(): Promise<void> {
    for (let chunk = this.#queue.shift(); chunk !== undefined; chunk = this.#queue.shift()) {
      if (!(await writeAll(this.#fd, chunk))) {
        // The caller closed its end. Closing this end gives the hook the SIGPIPE that it would have got bare.
        this.#drop();
        this.#source.destroy();
        this.#isCut ||= !this.#hasEnded;
        this.#hasEnded = true;
        return;
      }
      this.#queuedBytes -= chunk.length;
      if (this.#source.isPaused() && this.#queuedBytes < HIGH_WATER_BYTES) this.#source.resume();
    }
  }

  #drop(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }
}

/** Writes all bytes. False if the caller has closed its end. */
export async function writeAll(fd: number, bytes: Uint8Array): Promise<boolean> {
  for (let offset = 0; offset < bytes.length; ) {
    const result = await writeSome(fd, bytes, offset);
    if (result === 'again') await wait(RETRY_MS);
    else if (result === 'closed') return false;
    else offset += result;
  }
  return true;
}

/** Uses the thread pool, so that a slow caller delays neither signals nor the other streams. */
function writeSome(
  fd: number,
  bytes: Uint8Array,
  offset: number,
): Promise<number | 'again' | 'closed'> {
  return new Promise((resolve) => {
    write(fd, bytes, offset, bytes.length - offset, null, (error, written) => {
      if (error === null) resolve(written);
      else resolve(error.code === 'EAGAIN' || error.code === 'EINTR' ? 'again' : 'closed');
    });
  });
}
