import { retentionDays } from '../../../config/retention.ts';
import type { Settings } from '../../../config/settings.ts';
import type { Database } from '../../../store/database.ts';
import { hasDeletedOldest, oldestStart } from '../../../store/queries/oldest.ts';

/** The part of a window that a report really covers. */
export interface Covered {
  /** The start of the window, or of the first execution after it that is still known; UTC. */
  readonly from: string;
  /** Executions of the window were deleted, so the figures lack them. */
  readonly older_deleted: boolean;
  readonly retention_days: number;
}

/** @param withRollups the report also counts executions that only rollups still know */
export function coveredSpan(
  db: Database,
  from: string,
  { settings, withRollups }: { readonly settings: Settings; readonly withRollups: boolean },
): Covered {
  const oldest = oldestStart(db, withRollups) ?? from;
  return {
    from: oldest > from ? oldest : from,
    older_deleted: oldest > from && hasDeletedOldest(db),
    retention_days: retentionDays(settings),
  };
}
