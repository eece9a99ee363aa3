import { deleteOldAlerts } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';
import {
  deleteExecutions,
  deleteKeysAndNotices,
  type ExpiredRows,
  type Expiry,
  releasePages,
} from '../../store/retention.ts';
import { countNext } from '../../store/totals.ts';
import { ROLL_UP_ROWS, rollUp } from './roll-up.ts';

/** Target duration of a step, well below the time that a hook waits for the lock. */
const STEP_MS = 20;

export interface ExpireParts {
  readonly use: <T>(work: (db: Database) => T) => T;
  readonly expiry: Expiry;
  /** Maximum executions and pages per transaction. */
  readonly rows: number;
  readonly pages: number;
  readonly now: () => number;
  /** Counts the rows as they are deleted. */
  readonly deleted: { -readonly [Kind in keyof ExpiredRows]: number };
}

/**
 * Deletes expired rows and returns their space, in short steps. Yields how long each step took, in ms: the caller then
 * lets others use the database.
 */
export function* expireSteps(parts: ExpireParts): Generator<number, void> {
  const { use, expiry, rows, pages, now, deleted } = parts;
  const turns = (max: number, work: (db: Database, limit: number) => number) =>
    inTurns(now, max, (limit) => use((db) => work(db, limit)));
  // Rollups and totals outlive their rows, so update them first. After an upgrade no row is in them.
  yield* turns(ROLL_UP_ROWS, rollUp);
  yield* turns(rows, countNext);
  yield* turns(rows, (db, limit) => {
    // Rows that came since the first step.
    while (rollUp(db) > 0);
    const { executions, payloads } = deleteExecutions(db, expiry, limit);
    deleted.executions += executions;
    deleted.payloads += payloads;
    return executions;
  });
  use((db) => {
    Object.assign(deleted, deleteKeysAndNotices(db, expiry));
    deleteOldAlerts(db, expiry.before);
  });
  yield* turns(pages, releasePages);
}

/**
 * Repeats `step` until it does less than it may, and adapts the limit to how long the last one took. If it went on until
 * nothing is left, hooks that run all the time would keep it from ending.
 */
function* inTurns(
  now: () => number,
  max: number,
  step: (limit: number) => number,
): Generator<number, void> {
  let limit = Math.ceil(max / 10);
  for (;;) {
    const startMs = now();
    if (step(limit) < limit) return;
    const tookMs = Math.max(now() - startMs, 1);
    limit = Math.min(max, Math.max(1, Math.floor((limit * STEP_MS) / tookMs)));
    yield tookMs;
  }
}

export const noRows = (): ExpireParts['deleted'] => ({
  executions: 0,
  payloads: 0,
  dedupeKeys: 0,
  notices: 0,
});

export const expiryAt = (beforeMs: number, nowMs: number): Expiry => ({
  before: new Date(beforeMs).toISOString(),
  now: new Date(nowMs).toISOString(),
});
