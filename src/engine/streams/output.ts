import { write } from 'node:fs';
import type { Socket } from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { Meter } from '../../app/recording/meter.ts';
import { nowMs } from '../clock.ts';
import { startDrainer } from './drainer.ts';

/** Bytes under way to a caller that does not read before we stop reading from the hook: it then waits, as it would bare. */
const HIGH_WATER_BYTES = 256 * 1024;

/** Pause before a caller's non-blocking descriptor is tried again, in ms. */
const RETRY_MS = 2;

/** Turns of the event loop without news after which a stream that has not ended is held open by somebody else. */
const QUIET_TURNS = 2;

export interface OutputOptions {
  readonly source: Socket;
  /** The caller's descriptor: 1 or 2. */
  readonly fd: 1 | 2;
  readonly meter: Meter;
  /** Bytes to hold back until `release`, 0 for none; when there are more, they are passed on after all. */
  readonly holdBytes: number;
}

/** Passes one of the hook's output streams on to the caller, chunk by chunk. */
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
  /** What comes is read, so that nobody gets SIGPIPE, and given to nobody. */
  #isDropping = false;
  #hasEnded = false;
  #isCut = false;
  /** The flush under way, while there is one. */
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

  /** Under `--fail-open`: passes on what was held back, or drops it and what is still to come. */
  async release(isKept: boolean): Promise<void> {
    if (this.#holdBytes === 0) return;
    if (this.#isHeld && !isKept) this.#drop();
    this.#isHeld = false;
    this.#isDropping = !isKept;
    await this.#flush();
  }

  /** Whether some of it was more than could be held back. */
  isPassedOn(): boolean {
    return !this.#isHeld;
  }

  /** What is held back. */
  held(): readonly Uint8Array[] {
    return this.#queue;
  }

  /** After the hook's exit: waits until all it wrote has been read. False when somebody else holds the stream open. */
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

  /** How long the caller kept us after the hook's exit, in ms. Bare, it would have kept the hook. */
  keptMs(): number {
    return this.#keptMs;
  }

  /**
   * Leaves a stream that the hook's background children hold open to a process of its own, so that the caller sees
   * the exit now and the end of the stream when they end. Waits for that end itself where no process can be had.
   */
  async handOver(): Promise<void> {
    if (await startDrainer(this.#source, this.#isDropping ? 'ignore' : this.#fd)) return;
    while (!this.#hasEnded) await wait(RETRY_MS);
    await this.#flushing;
  }

  /** It was closed to the hook before its end: there may have been more. */
  isCut(): boolean {
    return this.#isCut;
  }

  /** The caller has not yet taken what was written. */
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
        // The caller closed its end. Closing ours gives the hook the SIGPIPE it would have had.
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

/** Writes all of it. False when the caller can take no more. */
export async function writeAll(fd: number, bytes: Uint8Array): Promise<boolean> {
  for (let offset = 0; offset < bytes.length; ) {
    const result = await writeSome(fd, bytes, offset);
    if (result === 'again') await wait(RETRY_MS);
    else if (result === 'closed') return false;
    else offset += result;
  }
  return true;
}

/** In the thread pool, so that a caller that reads slowly does not hold up signals and the other streams. */
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
