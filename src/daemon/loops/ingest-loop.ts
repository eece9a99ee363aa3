import { type Ingested, Ingester } from '../../app/recording/ingest.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import type { Spool } from '../../spool/spool.ts';
import type { CommonParts } from '../common-parts.ts';
import type { BreakerKeeper } from './breaker-keeper.ts';
import { createLoop } from './loop.ts';

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

/**
 * Limits of a turn: the event loop serves the socket and the other loops between turns. On a slow disk a batch can take
 * seconds.
 */
const TURN_RECORDS = 400;
const TURN_MS = 100;

export interface IngestLoopParts extends CommonParts {
  readonly paths: StatePaths;
  readonly spool: Spool;
  readonly breakers: BreakerKeeper;
  /** Called after each turn that stored something. */
  readonly onIngested: (ingested: Ingested) => void;
}

/** Ingests records soon after a notification. */
export function createIngestLoop(parts: IngestLoopParts) {
  const { paths, spool, store, now, log, breakers, onIngested } = parts;
  const ingester = new Ingester(spool);
  /** When a turn is due at the latest, if a notification arrived since the last one. */
  let latestMs: number | undefined;
  let isStopping = false;

  function step(): number {
    latestMs = undefined;
    const limits = { records: TURN_RECORDS, untilMs: now() + TURN_MS, config: paths.config };
    // At the end, rotate the log if it was completely ingested.
    const ends = isStopping ? { ...limits, rotateBytes: 0 } : limits;
    try {
      const ingested = store.use(({ writer }) => ingester.run(writer, now, ends));
      if (ingested.stored > 0 || ingested.unreadable > 0) onIngested(ingested);
      breakers.follow(ingested.hooks);
      return ingested.hasMore ? 0 : POLL_MS;
    } catch (error) {
      store.close();
      throw error;
    }
  }

  const loop = createLoop({ log, failure: 'drain_failed', retryMs: RETRY_MS, step });
  return {
    start: loop.start,
    /** Call this when the spool has something to ingest. */
    notify(): void {
      const nowMs = performance.now();
      latestMs ??= nowMs + MAX_WAIT_MS;
      loop.postpone(Math.min(QUIET_MS, latestMs - nowMs));
    },
    /** Ingests what is in the spool, then stops for good. */
    stop(): void {
      loop.stop();
      isStopping = true;
      while (loop.once() === 0);
      ingester.close();
    },
  };
}
