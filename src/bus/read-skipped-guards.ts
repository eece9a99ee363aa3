import type { Database } from '../store/database.ts';
import { listSkippedGuards } from '../store/skipped-guards.ts';
import type { GateReport } from './read-gates.ts';

/** A hook that could have refused and did not run; docs/json.md says what each field means. */
export interface SkippedGuardReport {
  readonly hook_name: string;
  readonly event_type: string;
  readonly reason: string;
  readonly count: number;
  readonly first_at: string;
  readonly last_at: string;
  /** Whether it is skipped still, by a gate that is closed now. */
  readonly is_gated: boolean;
  /** Until when; null: until `hookbus on`, or it is gated no more. */
  readonly until: string | null;
}

export function readSkippedGuards(
  db: Database,
  gates: readonly GateReport[],
): SkippedGuardReport[] {
  return listSkippedGuards(db).map(({ hookName, eventType, reason, count, firstAt, lastAt }) => {
    const gate = gates.find(({ hook_name }) => hook_name === hookName);
    return {
      hook_name: hookName,
      event_type: eventType,
      reason,
      count,
      first_at: firstAt,
      last_at: lastAt,
      is_gated: gate !== undefined && reason !== 'duplicate',
      until: reason === 'duplicate' ? null : (gate?.until ?? null),
    };
  });
}
