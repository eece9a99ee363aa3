import { setImmediate as nextTurn } from 'node:timers/promises';
import { reasonOf } from '../../domain/errors.ts';
import type { LoggedExecution } from '../../domain/exported.ts';
import { backoffMs } from '../../network/backoff.ts';
import type { LogFeed, Tally } from '../exporter.ts';
import type { OtlpAnswer } from './sender.ts';

/** Maximum number of records in one request: with texts of 2 kB each, about 1 MB. */
const BATCH = 256;

/** The first and the longest pause after a failure, in ms. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;

/** The request is too large; half of it may not be. */
const TOO_LARGE = 413;

/** The collector cannot take this batch, whenever it comes. Other refusals can be mended: a wrong path or password. */
const UNUSABLE: ReadonlySet<number> = new Set([400, TOO_LARGE, 422]);

/** What a collector says about a batch that it took. */
interface Reply {
  /** How many records it cannot use. */
  readonly rejected?: number;
  readonly problem?: string;
  readonly warning?: string;
}

export interface LogPumpParts {
  readonly feed: LogFeed;
  readonly send: (executions: readonly LoggedExecution[]) => Promise<OtlpAnswer & Reply>;
  readonly tally: Tally;
}

/**
 * Sends what the feed has, batch by batch. What the collector does not take stays in the database and is tried again, so
 * that nothing is lost or sent twice while it is away.
 */
export class LogPump {
  readonly #parts: LogPumpParts;
  #pause: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;
  /** Failed attempts in a row. */
  #failures = 0;
  /** How many records the next request may have. */
  #limit = BATCH;
  #lastId = Number.NEGATIVE_INFINITY;
  #hasMore = false;
  #isClosing = false;
  #isOver = false;

  constructor(parts: LogPumpParts) {
    this.#parts = parts;
  }

  /** There may be something to send. */
  wake(): void {
    this.#hasMore = true;
    if (this.#work !== undefined || this.#pause !== undefined || this.#isOver) return;
    // Not now: the caller may be using the database.
    this.#work = nextTurn()
      .then(() => this.#sendAll())
      .finally(() => {
        this.#work = undefined;
        if (this.#hasMore) this.wake();
      });
  }

  isRetrying(): boolean {
    return this.#failures > 0;
  }

  /** Tries once more to send what is left; resolves when that succeeds, fails, or takes longer than `ms`. */
  async close(ms: number): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.wake();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([this.#work, late]);
    clearTimeout(timer);
    this.#isOver = true;
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#hasMore && !this.#isOver) {
        this.#hasMore = false;
        if (await this.#sendNext()) this.#hasMore = true;
      }
    } catch (error) {
      this.#later(reasonOf(error), 0);
    }
  }

  /** @returns whether there may be more */
  async #sendNext(): Promise<boolean> {
    const { feed, send } = this.#parts;
    const { executions, lastId } = feed.next(this.#limit);
    if (lastId === this.#lastId) return false;
    if (executions.length > 0) {
      const answer = await send(executions);
      const isTooLarge = answer.kind === 'refused' && answer.status === TOO_LARGE;
      if (isTooLarge && executions.length > 1) {
        this.#limit = Math.floor(executions.length / 2);
        return true;
      }
      if (!this.#isDone(executions, answer)) return false;
      this.#limit = Math.min(BATCH, this.#limit + 1);
    }
    feed.sent(lastId);
    this.#lastId = lastId;
    this.#failures = 0;
    return true;
  }

  #isDone(executions: readonly LoggedExecution[], answer: OtlpAnswer & Reply): boolean {
    const { tally } = this.#parts;
    if (answer.kind === 'sent') {
      const rejected = Math.min(answer.rejected ?? 0, executions.length);
      tally.dropped(rejected);
      if (rejected < executions.length) tally.sent(executions.length - rejected);
      if (answer.problem !== undefined) tally.failed(answer.problem);
      else if (answer.warning !== undefined) tally.noted(answer.warning);
      return true;
    }
    if (answer.kind === 'refused' && UNUSABLE.has(answer.status)) {
      tally.dropped(executions.length);
      tally.failed(answer.reason);
      return true;
    }
    this.#later(answer.reason, answer.kind === 'later' ? answer.afterMs : 0);
    return false;
  }

  #later(reason: string, afterMs: number): void {
    this.#parts.tally.failed(reason);
    this.#failures += 1;
    // While closing, one failure is the answer; there is no further attempt.
    if (this.#isClosing) {
      this.#isOver = true;
      return;
    }
    const ms = Math.max(afterMs, backoffMs(this.#failures, FIRST_PAUSE_MS, MAX_PAUSE_MS));
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.wake();
    }, ms);
  }
}
