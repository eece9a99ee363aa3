import { type Drained, drainSpool } from '../bus/drain.ts';
import type { StoreHandle } from '../bus/store-handle.ts';
import { reasonOf } from '../domain/errors.ts';
import type { Spool, SpoolEntry } from '../spool/spool.ts';
import type { BreakerKeeper } from './breaker-keeper.ts';
import type { Log } from './log.ts';

/** The spool is looked at this often, in ms, whether or not anybody said that there is something in it. */
const LOOK_MS = 2000;

/**
 * From the first word that there is something to drain until that is done, in ms. Draining keeps everything else
 * waiting, and runs often come close together: the next one's question for its key is answered sooner than what the one
 * before left behind is put away, and several records are one transaction.
 */
const SETTLE_MS = 10;

/** Pause after a drain that failed, in ms: a locked or full disk is not hammered. */
const RETRY_MS = 500;

/** Records in one turn: others, and the socket, get theirs in between. */
const TURN_RECORDS = 400;

const NO_LIMITS = { records: Number.POSITIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };

export interface DrainLoopParts {
  readonly spool: Spool;
  readonly store: StoreHandle;
  readonly now: () => number;
  readonly log: Log;
  readonly breakers: BreakerKeeper;
  /** Told after each turn that stored something. */
  readonly onDrained: (drained: Drained) => void;
}

/** Takes records into the database soon after it is told of them. */
export function createDrainLoop({ spool, store, now, log, breakers, onDrained }: DrainLoopParts) {
  let waiting: SpoolEntry[] = [];
  let isDue = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let lastFailure: string | undefined;

  /** @returns whether there may be more */
  function turn(): boolean {
    try {
      // Listed once for many turns: reading a directory of thousands for each would cost more than the draining.
      if (waiting.length === 0) waiting = spool.list();
      const entries = waiting.splice(0, TURN_RECORDS);
      const drained = store.use(({ writer }) => drainSpool(spool, writer, now, NO_LIMITS, entries));
      if (drained.stored > 0 || drained.unreadable > 0) onDrained(drained);
      breakers.tend(drained.hookNames);
      lastFailure = undefined;
      return waiting.length > 0;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== lastFailure) log('drain_failed', { reason });
      lastFailure = reason;
      waiting = [];
      store.close();
      return false;
    }
  }

  function later(ms: number): void {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(run, ms);
  }

  function run(): void {
    isDue = false;
    const hasMore = turn();
    if (isStopped) return;
    if (hasMore || isDue) setImmediate(run);
    else later(lastFailure === undefined ? LOOK_MS : RETRY_MS);
  }

  return {
    start: (): void => later(0),
    /** There is something to drain. Several such words before the next turn are one. */
    poke(): void {
      if (isDue || isStopped) return;
      isDue = true;
      later(SETTLE_MS);
    },
    /** Takes in what is there, and no more after that. */
    stop(): void {
      isStopped = true;
      clearTimeout(timer);
      while (turn());
      // What came in while that list was worked off.
      while (turn());
    },
  };
}
