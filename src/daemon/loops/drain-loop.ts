import { Drain, type Drained } from '../../app/recording/drain.ts';
import type { StoreHandle } from '../../app/store/store-handle.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { reasonOf } from '../../domain/errors.ts';
import type { Spool } from '../../spool/spool.ts';
import type { Log } from '../log.ts';
import type { BreakerKeeper } from './breaker-keeper.ts';

/** The spool is looked at this often, in ms, whether or not anybody said that there is something in it. */
const LOOK_MS = 2000;

/**
 * A drain begins once nobody has said for `SETTLE_MS` that there is something to drain, or `MAX_SETTLE_MS` after the
 * first who did. Runs often come close together, and draining slows the hook that runs meanwhile, by up to 1 ms where there
 * are two processors, and keeps whoever asks for a key waiting. Many records in one transaction cost less, too.
 */
const SETTLE_MS = 10;
const MAX_SETTLE_MS = 100;

/** Pause after a drain that failed, in ms: a locked or full disk is not hammered. */
const RETRY_MS = 500;

/** Records in one turn: others, and the socket, get theirs in between. */
const TURN_RECORDS = 400;

export interface DrainLoopParts {
  readonly paths: StatePaths;
  readonly spool: Spool;
  readonly store: StoreHandle;
  readonly now: () => number;
  readonly log: Log;
  readonly breakers: BreakerKeeper;
  /** Told after each turn that stored something. */
  readonly onDrained: (drained: Drained) => void;
}

/** Takes records into the database soon after it is told of them. */
export function createDrainLoop(parts: DrainLoopParts) {
  const turns = createTurns(parts);
  /** Something came in since the last turn. */
  let isDue = false;
  let latestMs = 0;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;

  function later(ms: number): void {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(run, ms);
  }

  function run(): void {
    clearTimeout(timer);
    isDue = false;
    const end = turns.take();
    if (isStopped) return;
    if (end === 'more' || isDue) setImmediate(run);
    else later(end === 'done' ? LOOK_MS : RETRY_MS);
  }

  return {
    start: (): void => later(0),
    /** There is something to drain. */
    poke(): void {
      if (isStopped) return;
      const nowMs = performance.now();
      if (!isDue) latestMs = nowMs + MAX_SETTLE_MS;
      isDue = true;
      later(Math.min(SETTLE_MS, latestMs - nowMs));
    },
    /** Takes in what is there, and no more after that. */
    stop(): void {
      isStopped = true;
      clearTimeout(timer);
      while (turns.take(0) === 'more');
      turns.close();
    },
  };
}

/** Drains the spool a bit at a time. */
function createTurns({ paths, spool, store, now, log, breakers, onDrained }: DrainLoopParts) {
  const drain = new Drain(spool);
  let lastFailure: string | undefined;
  return {
    close: (): void => drain.close(),
    /** @param rotateBytes how much may stay in the log that nobody needs any more */
    take(rotateBytes?: number): 'more' | 'done' | 'failed' {
      try {
        const limits = {
          records: TURN_RECORDS,
          config: paths.config,
          ...(rotateBytes === undefined ? {} : { rotateBytes }),
        };
        const drained = store.use(({ writer }) => drain.run(writer, now, limits));
        if (drained.stored > 0 || drained.unreadable > 0) onDrained(drained);
        breakers.follow(drained.hooks);
        lastFailure = undefined;
        return drained.hasMore ? 'more' : 'done';
      } catch (error) {
        const reason = reasonOf(error);
        if (reason !== lastFailure) log('drain_failed', { reason });
        lastFailure = reason;
        store.close();
        return 'failed';
      }
    },
  };
}
