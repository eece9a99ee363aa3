import { removeOldCopies } from '../../app/install/old-copies.ts';
import { rollUp } from '../../app/retention/roll-up.ts';
import type { StoreHandle } from '../../app/store/store-handle.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { forgetLostStamps } from '../../config/home/stamp.ts';
import { reasonOf } from '../../domain/errors.ts';
import { DAY_MS } from '../../domain/time.ts';
import { deleteOldAlerts } from '../../store/alerts.ts';
import { deleteExecutions, deleteKeysAndNotices, releasePages } from '../../store/retention.ts';
import { countNext } from '../../store/totals.ts';
import type { Log } from '../log.ts';

/** Delay after the start, then the interval. */
const FIRST_MS = 60_000;
const EVERY_MS = 60 * 60 * 1000;

/** A step takes a few ms; the longer pause leaves the database to others. */
const STEP_ROWS = 200;
const STEP_PAGES = 200;
const PAUSE_MS = 50;

export interface RetentionLoopParts {
  readonly paths: StatePaths;
  readonly store: StoreHandle;
  readonly now: () => number;
  readonly log: Log;
  readonly retentionDays: () => number | undefined;
}

/** Deletes expired rows and files in the background, in small steps. */
export function createRetentionLoop({ paths, store, now, log, retentionDays }: RetentionLoopParts) {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let deleted = 0;

  function later(ms: number): void {
    if (!isStopped) timer = setTimeout(step, ms);
  }

  /** @returns whether there is more to do at once */
  function work(): boolean {
    const days = retentionDays();
    if (days === undefined) return false;
    const beforeMs = now() - days * DAY_MS;
    removeOldCopies(paths, beforeMs);
    const expiry = {
      before: new Date(beforeMs).toISOString(),
      now: new Date(now()).toISOString(),
    };
    return store.use(({ db }) => {
      // Rollups outlive their rows, so update them first, in steps as well.
      if (rollUp(db, STEP_ROWS) === STEP_ROWS) return true;
      // Totals too: after an upgrade every row is still uncounted.
      if (countNext(db, STEP_ROWS) === STEP_ROWS) return true;
      const { executions } = deleteExecutions(db, expiry, STEP_ROWS);
      deleted += executions;
      if (executions === STEP_ROWS) return true;
      deleteKeysAndNotices(db, expiry);
      deleteOldAlerts(db, expiry.before);
      return releasePages(db, STEP_PAGES) > 0;
    });
  }

  function step(): void {
    let hasMore = false;
    try {
      forgetLostStamps(now());
      hasMore = work();
    } catch (error) {
      log('retention_failed', { reason: reasonOf(error) });
    }
    if (hasMore) {
      later(PAUSE_MS);
      return;
    }
    if (deleted > 0) log('retention', { deleted });
    deleted = 0;
    later(EVERY_MS);
  }

  return {
    start: (): void => later(FIRST_MS),
    stop(): void {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
