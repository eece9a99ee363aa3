import type { Tally } from './exporter.ts';

/** What came of a batch. */
export type BatchEnd =
  | {
      readonly kind: 'sent';
      readonly refused: number;
      /** What went wrong all the same. */
      readonly problem?: string | undefined;
      /** What the other side has to say where nothing did. */
      readonly warning?: string | undefined;
    }
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs: number }
  | { readonly kind: 'refused'; readonly reason: string };

export interface BatchQueueParts<T> {
  /** Items that may wait, beside one batch that is being sent. */
  readonly most: number;
  readonly send: (batch: readonly T[]) => Promise<BatchEnd>;
  readonly tally: Tally;
}

/** Items in one request. */
const BATCH = 512;

/** Pause after a failure, in ms: the first, and the longest; each is twice the one before, give or take a fifth. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** Sends items in batches, one at a time; keeps what cannot be sent now, and of too many drops the oldest. */
export class BatchQueue<T> {
  readonly #parts: BatchQueueParts<T>;
  #waiting: T[] = [];
  #sending = 0;
  #pauseMs = 0;
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

  /** Whether something could not be sent and is tried again. */
  isRetrying(): boolean {
    return this.#pauseMs > 0;
  }

  /** Items that may be added without one being dropped. While nothing can be sent, waiting for room would not help. */
  room(): number {
    return this.isRetrying() ? Number.POSITIVE_INFINITY : this.#parts.most - this.#waiting.length;
  }

  /** Tries once more to send what waits; resolves when that is done, has failed, or the time is over. */
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
    const batch = this.#waiting.splice(0, Math.min(BATCH, this.#parts.most));
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
    this.#pauseMs = 0;
    const refused = end.kind === 'sent' ? end.refused : batch.length;
    tally.dropped(refused);
    if (refused < batch.length) tally.sent(batch.length - refused);
    const reason = end.kind === 'sent' ? end.problem : end.reason;
    if (reason !== undefined) tally.failed(reason);
    else if (end.kind === 'sent' && end.warning !== undefined) tally.noted(end.warning);
  }

  #trim(): void {
    const surplus = Math.max(0, this.#waiting.length - this.#parts.most);
    this.#parts.tally.dropped(this.#waiting.splice(0, surplus).length);
  }

  #rest(afterMs: number): void {
    // Who closes wants to know whether all is sent, and waits for no other try.
    if (this.#isClosing) {
      this.#isOver = true;
      this.#onIdle();
      return;
    }
    this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2), LONGEST_PAUSE_MS);
    const ms = Math.max(afterMs, this.#pauseMs * (0.8 + 0.4 * Math.random()));
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
