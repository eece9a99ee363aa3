import { isSkippedGuard } from '../../domain/skipped-guard.ts';
import type { Spool } from '../../spool/spool.ts';
import type { Database } from '../../store/database.ts';
import {
  listSkippedGuards,
  type SkippedGuard,
  skippedGuardOf,
} from '../../store/skipped-guards.ts';
import type { GateReport } from '../breaker/read-gates.ts';
import { assemble } from '../recording/assemble.ts';
import { decodeEntry } from '../recording/spool-record.ts';

/** A hook that could have refused but was skipped; docs/json.md describes each field. */
export interface SkippedGuardReport {
  readonly hook_name: string;
  readonly event_type: string;
  readonly reason: string;
  readonly count: number;
  readonly first_at: string;
  readonly last_at: string;
  /** Whether a gate still skips it. */
  readonly is_gated: boolean;
  /** When the gate expires; null: never, or there is no gate any more. */
  readonly until: string | null;
}

export function readSkippedGuards(
  db: Database,
  gates: readonly GateReport[],
): SkippedGuardReport[] {
  return listSkippedGuards(db).map((one) => reportOf(one, gates));
}

/**
 * The same for executions in the spool, so that nobody misses a skipped guard while the database cannot be used. Never
 * throws.
 */
export function skippedInSpool(spool: Spool, gates: readonly GateReport[]): SkippedGuardReport[] {
  const found = new Map<string, SkippedGuard>();
  for (const one of waitingIn(spool)) {
    const key = JSON.stringify([one.hookName, one.eventType, one.reason]);
    const before = found.get(key) ?? { ...one, count: 0 };
    const [, lastAt = ''] = [before.lastAt, one.lastAt].sort();
    found.set(key, { ...before, count: before.count + 1, lastAt });
  }
  return [...found.values()].map((one) => reportOf(one, gates));
}

/** As many as can be read. */
function waitingIn(spool: Spool): SkippedGuard[] {
  const found: SkippedGuard[] = [];
  try {
    for (const { frames } of spool.entries()) {
      const { begin, end } = decodeEntry(frames) ?? {};
      if (begin === undefined || end === undefined) continue;
      const { execution } = assemble({ ...begin, storeRaw: false }, end);
      if (isSkippedGuard(execution)) found.push(skippedGuardOf(execution));
    }
  } catch {
    // `status` reports why the spool cannot be read.
  }
  return found;
}

function reportOf(one: SkippedGuard, gates: readonly GateReport[]): SkippedGuardReport {
  const { hookName, eventType, reason, count, firstAt, lastAt } = one;
  const gate = gates.find(({ hook_name }) => hook_name === hookName);
  const isGated = gate !== undefined && reason !== 'duplicate';
  return {
    hook_name: hookName,
    event_type: eventType,
    reason,
    count,
    first_at: firstAt,
    last_at: lastAt,
    is_gated: isGated,
    until: isGated ? gate.until : null,
  };
}
