import { type Ingested, Ingester } from '../../app/recording/ingest.ts';
import type { StoreHandle } from '../../app/store/store-handle.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { reasonOf } from '../../domain/errors.ts';
import type { Spool } from '../../spool/spool.ts';
import type { Log } from '../log.ts';
import type { BreakerKeeper } from './breaker-keeper.ts';

/** How often the spool is read without a notification. */
const POLL_MS = 2000;

/**
 * Ingest starts `QUIET_MS` after the last notification, but at most `MAX_WAIT_MS` after the first. Hooks often run
 * close together. Ingest slows a hook that runs at the same time, by up to 1 ms on two processors, and delays clients
 * that wait for a dedupe key. One transaction for many records also costs less.
 */
const QUIET_MS = 10;
const MAX_WAIT_MS = 100;

/** Pause after a failure, so that ingest does not hammer a locked database or a full disk. */
const RETRY_MS = 500;

/** Records per turn: the event loop serves the socket and the other loops between turns. */
const TURN_RECORDS = 400;

export interface IngestLoopParts {
  readonly paths: StatePaths;
  readonly spool: Spool;
  readonly store: StoreHandle;
  readonly now: () => number;
  readonly log: Log;
  readonly breakers: BreakerKeeper;
  /** Called after each turn that stored something. */
  readonly onIngested: (ingested: Ingested) => void;
}

/** Ingests records soon after a notification. */
export function createIngestLoop(parts: IngestLoopParts) {
  const turns = createTurns(parts);
  /** A notification arrived since the last turn. */
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
    else later(end === 'done' ? POLL_MS : RETRY_MS);
  }

  return {
    start: (): void => later(0),
    /** Call this when the spool has something to ingest. */
    notify(): void {
      if (isStopped) return;
      const nowMs = performance.now();
      if (!isDue) latestMs = nowMs + MAX_WAIT_MS;
      isDue = true;
      later(Math.min(QUIET_MS, latestMs - nowMs));
    },
    /** Ingests what is in the spool, then stops for good. */
    stop(): void {
      isStopped = true;
      clearTimeout(timer);
      while (turns.take(0) === 'more');
      turns.close();
    },
  };
}

/** Ingests the spool one turn at a time. */
function createTurns({ paths, spool, store, now, log, breakers, onIngested }: IngestLoopParts) {
  const ingester = new Ingester(spool);
  let lastFailure: string | undefined;
  return {
    close: (): void => ingester.close(),
    /** @param rotateBytes rotates the log if it is larger than this and completely ingested */
    take(rotateBytes?: number): 'more' | 'done' | 'failed' {
      try {
        const limits = {
          records: TURN_RECORDS,
          config: paths.config,
          ...(rotateBytes === undefined ? {} : { rotateBytes }),
        };
        const ingested = store.use(({ writer }) => ingester.run(writer, now, limits));
        if (ingested.stored > 0 || ingested.unreadable > 0) onIngested(ingested);
        breakers.follow(ingested.hooks);
        lastFailure = undefined;
        return ingested.hasMore ? 'more' : 'done';
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
