import type { Database } from '../../database.ts';
import { HAS_RUN } from '../../statuses.ts';

/** A hook whose latest runs on an event all failed. */
export interface FailingHook {
  readonly hookName: string;
  readonly eventType: string;
  /** How many failed since the last that did not. */
  readonly failures: number;
  /** Of the latest. */
  readonly executionId: string;
  readonly error: string | null;
}

const FAILED = "status IN ('error', 'timeout')";

/**
 * Hooks that failed at least `least` times in a row, for executions since a time (UTC, in the format of `created_at`). The
 * plus keeps SQLite from reading all executions in the order of their hooks.
 */
export function readFailingHooks(db: Database, since: string, least: number): FailingHook[] {
  return db
    .prepare<[string, number], FailingHook>(
      `WITH runs AS (SELECT * FROM hook_logs WHERE created_at >= ? AND ${HAS_RUN}),
       good AS (
         SELECT hook_name, event_type, max(created_at) AS at FROM runs WHERE NOT ${FAILED}
         GROUP BY +hook_name, event_type)
       SELECT runs.hook_name AS hookName, runs.event_type AS eventType, count(*) AS failures,
         execution_id AS executionId, error, max(created_at)
       FROM runs LEFT JOIN good ON good.hook_name = runs.hook_name AND good.event_type = runs.event_type
       WHERE ${FAILED} AND created_at > coalesce(at, '')
       GROUP BY +runs.hook_name, runs.event_type HAVING failures >= ?
       ORDER BY runs.hook_name, runs.event_type`,
    )
    .all(since, least);
}
