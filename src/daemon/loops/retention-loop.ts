import { removeOldCopies } from '../../app/install/old-copies.ts';
import { expireSteps, expiryAt, noRows } from '../../app/retention/expire-steps.ts';
import type { StatePaths } from '../../config/home/paths.ts';
import { forgetLostStamps } from '../../config/home/stamp.ts';
import { DAY_MS } from '../../domain/time.ts';
import type { Database } from '../../store/database.ts';
import type { CommonParts } from '../common-parts.ts';
import { createLoop } from './loop.ts';

/** Delay after the start, then the interval. */
const FIRST_MS = 60_000;
const EVERY_MS = 60 * 60 * 1000;

/** A step takes a few ms; the longer pause leaves the database to others. */
const SIZES = { rows: 200, pages: 200 };
const PAUSE_MS = 50;

export interface RetentionLoopParts extends CommonParts {
  readonly paths: StatePaths;
  readonly retentionDays: () => number | undefined;
}

/** Deletes expired rows and files in the background, in small steps. */
export function createRetentionLoop({ paths, store, now, log, retentionDays }: RetentionLoopParts) {
  let pass: Generator<number, void> | undefined;

  /** One pass over everything. Yields the pauses between its steps. */
  function* expire(): Generator<number, void> {
    forgetLostStamps(now());
    const days = retentionDays();
    if (days === undefined) return;
    const beforeMs = now() - days * DAY_MS;
    removeOldCopies(paths, beforeMs);
    const expiry = expiryAt(beforeMs, now());
    const deleted = noRows();
    const use = <T>(work: (db: Database) => T): T => store.use(({ db }) => work(db));
    try {
      for (const tookMs of expireSteps({ use, expiry, now, deleted, ...SIZES })) {
        yield Math.max(PAUSE_MS, tookMs);
        // Changed since, perhaps to keep what comes next.
        if (retentionDays() !== days) return yield* expire();
      }
    } finally {
      if (deleted.executions > 0) log('retention', { deleted: deleted.executions });
    }
  }

  function step(): number {
    const current = pass ?? expire();
    // A pass that fails is over.
    pass = undefined;
    const pause = current.next();
    if (pause.done === true) return EVERY_MS;
    pass = current;
    return pause.value;
  }

  const times = { firstMs: FIRST_MS, retryMs: EVERY_MS };
  return createLoop({ log, failure: 'retention_failed', ...times, step });
}
