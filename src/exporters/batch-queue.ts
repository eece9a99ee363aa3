import { backoffMs } from '../network/backoff.ts';
import type { Tally } from './exporter.ts';

/** The result of sending a batch. */
export type BatchEnd =
  | {
      readonly kind: 'sent';
      readonly refused: number;
      /** An error that did not keep the batch from being sent. */
      readonly problem?: string | undefined;
      /** A warning of the receiver. */
      readonly warning?: string | undefined;
    }
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs: number }
  | { readonly kind: 'refused'; readonly reason: string };

export interface BatchQueueParts<T> {
  /** Maximum number of waiting items, in addition to one batch that is being sent. */
  readonly maxWaiting: number;
  readonly send: (batch: readonly T[]) => Promise<BatchEnd>;
  readonly tally: Tally;
}

/** Number of items in one request. */
const BATCH = 512;

/** The first and the longest pause after a failure, in ms. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;

/** Sends items in batches, one batch at a time. Keeps what cannot be sent now, and drops the oldest items above the limit. */
export class BatchQueue<T> {
  readonly #parts: BatchQueueParts<T>;
  #waiting: T[] = [];
  #sending = 0;
  /** Failed attempts in a row. */
  #failures = 0;
  #pause: NodeJS.Timeout | undefined;
  #isClosing = false;
  #isOver = false;
  #onIdle: () => void = () => undefined;

  constructor(parts: BatchQueueParts<T>) {
    this.#parts = parts;
  }

  add(items: readonly T[]): void {
    this.#waiting = this.#waiting.concat(items);
    this.#trim();
    void this.#next();
  }

  /** Whether items could not be sent and will be tried again. */
  isRetrying(): boolean {
    return this.#failures > 0;
  }

  /** How many items can be added without dropping any. Infinite while nothing can be sent, since waiting would not help. */
  room(): number {
    return this.isRetrying()
      ? Number.POSITIVE_INFINITY
      : this.#parts.maxWaiting - this.#waiting.length;
  }

  /** Tries once more to send the waiting items; resolves when that succeeds, fails, or takes longer than `ms`. */
  async close(ms: number): Promise<void> {
    this.#isClosing = true;
    this.#endPause();
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      timer = setTimeout(resolve, ms);
      void this.#next();
    });
    clearTimeout(timer);
    this.#isOver = true;
    this.#endPause();
    this.#parts.tally.dropped(this.#waiting.length + this.#sending);
    this.#waiting = [];
  }

  async #next(): Promise<void> {
    if (this.#isOver || this.#sending > 0 || this.#pause !== undefined) return;
    if (this.#waiting.length === 0) return this.#onIdle();
    const batch = this.#waiting.splice(0, Math.min(BATCH, this.#parts.maxWaiting));
    this.#sending = batch.length;
    const end = await this.#parts.send(batch);
    this.#sending = 0;
    this.#finish(batch, end);
    await this.#next();
  }

  #finish(batch: readonly T[], end: BatchEnd): void {
    const { tally } = this.#parts;
    if (end.kind === 'later') {
      tally.failed(end.reason);
      this.#waiting = [...batch, ...this.#waiting];
      this.#trim();
      this.#rest(end.afterMs);
      return;
    }
    this.#failures = 0;
    const refused = end.kind === 'sent' ? end.refused : batch.length;
    tally.dropped(refused);
    if (refused < batch.length) tally.sent(batch.length - refused);
    const reason = end.kind === 'sent' ? end.problem : end.reason;
    if (reason !== undefined) tally.failed(reason);
    else if (end.kind === 'sent' && end.warning !== undefined) tally.noted(end.warning);
  }

  #trim(): void {
    const surplus = Math.max(0, this.#waiting.length - this.#parts.maxWaiting);
    this.#parts.tally.dropped(this.#waiting.splice(0, surplus).length);
  }

  #rest(afterMs: number): void {
    // While closing, one failure is the answer; there is no further attempt.
    if (this.#isClosing) {
      this.#isOver = true;
      this.#onIdle();
      return;
    }
    this.#failures += 1;
    const ms = Math.max(afterMs, backoffMs(this.#failures, FIRST_PAUSE_MS, MAX_PAUSE_MS));
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      void this.#next();
    }, ms);
  }

  #endPause(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }
}
