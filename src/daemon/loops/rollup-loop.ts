import { ROLL_UP_ROWS, rollUp } from '../../app/retention/roll-up.ts';
import type { StoreHandle } from '../../app/store/store-handle.ts';
import { reasonOf } from '../../domain/errors.ts';
import { DAY_MS } from '../../domain/time.ts';
import { deleteSmallBuckets } from '../../store/rollups.ts';
import type { Log } from '../log.ts';

/**
 * How often the rollups are updated. Readers of metrics add the newest rows themselves, so a delay does no harm; one
 * update per execution would cost more than the execution.
 */
const EVERY_MS = 2000;

/** Pause between two transactions, so that other processes can use the database. */
const PAUSE_MS = 20;

/** How long hourly rollups are kept; daily ones stay forever. */
const HOURS_KEPT_DAYS = 92;

export interface RollupLoopParts {
  readonly store: StoreHandle;
  readonly now: () => number;
  readonly log: Log;
}

/** Updates the rollups in the background, in small steps. */
export function createRollupLoop({ store, now, log }: RollupLoopParts) {
  let timer: NodeJS.Timeout | undefined;
  let lastFailure: string | undefined;
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

  function step(): void {
    let hasMore = false;
    try {
      hasMore = work();
      lastFailure = undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== lastFailure) log('rollup_failed', { reason });
      lastFailure = reason;
    }
    timer = setTimeout(step, hasMore ? PAUSE_MS : EVERY_MS);
  }

  return {
    start(): void {
      timer = setTimeout(step, EVERY_MS);
    },
    stop: (): void => clearTimeout(timer),
  };
}
