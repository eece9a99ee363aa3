import { ROLL_UP_ROWS, rollUp } from '../../app/retention/roll-up.ts';
import { DAY_MS } from '../../domain/time.ts';
import { deleteSmallBuckets } from '../../store/rollups.ts';
import type { CommonParts } from '../common-parts.ts';
import { createLoop } from './loop.ts';

/**
 * How often the rollups are updated. Readers of metrics add the newest rows themselves, so a delay does no harm; one
 * update per execution would cost more than the execution.
 */
const EVERY_MS = 2000;

/** Pause between two transactions, so that other processes can use the database. */
const PAUSE_MS = 20;

/** How long hourly rollups are kept; daily ones stay forever. */
const HOURS_KEPT_DAYS = 92;

/** Updates the rollups in the background, in small steps. */
export function createRollupLoop({ store, now, log }: CommonParts) {
  let trimmedAtMs = 0;

  function work(): boolean {
    return store.use(({ db }) => {
      const hasMore = rollUp(db) === ROLL_UP_ROWS;
      if (!hasMore && now() - trimmedAtMs > DAY_MS) {
        deleteSmallBuckets(db, new Date(now() - HOURS_KEPT_DAYS * DAY_MS).toISOString());
        trimmedAtMs = now();
      }
      return hasMore;
    });
  }

  return createLoop({
    log,
    failure: 'rollup_failed',
    firstMs: EVERY_MS,
    retryMs: EVERY_MS,
    step: () => (work() ? PAUSE_MS : EVERY_MS),
  });
}
