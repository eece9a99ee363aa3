import { waitsForHooks } from '../../domain/events.ts';
import { createBlocking } from '../../metrics/blocking.ts';
import { toMicroseconds } from '../../metrics/tallies.ts';
import type { Database } from '../../store/database.ts';
import { eachCostRow, hasMoreCostRows } from '../../store/queries/costs.ts';
import { MAX_EXACT_ROWS_IN_DAEMON } from './read-metrics.ts';

/**
 * How long agents waited for hooks since a moment, in ms; hooks that ran at the same time count once. `hookbus report` says
 * the same. Null if there are too many executions to read while hooks wait for the daemon.
 */
export function readWaited(db: Database, from: string): number | null {
  const scope = { from, until: undefined };
  if (hasMoreCostRows(db, scope, MAX_EXACT_ROWS_IN_DAEMON)) return null;
  const blocking = createBlocking(0);
  eachCostRow(db, scope, (row) => {
    if (!waitsForHooks(row.eventType)) return;
    const tookMs = (row.durationMs ?? 0) + (row.overheadMs ?? 0);
    blocking.add({ ...row, startMs: Date.parse(row.createdAt), tookMs });
  });
  return toMicroseconds(blocking.end().sessions.reduce((sum, { blockedMs }) => sum + blockedMs, 0));
}
