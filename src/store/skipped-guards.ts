import type { Execution } from '../domain/execution.ts';
import { SEEN_WITHIN_MS } from '../domain/skipped-guard.ts';
import type { Database } from './database.ts';

/** A hook that could have refused but was skipped, on one event and for one reason. */
export interface SkippedGuard {
  readonly hookName: string;
  readonly eventType: string;
  /** `off`, `breaker open`, or `duplicate`. */
  readonly reason: string;
  readonly count: number;
  /** UTC, in the format of `created_at`. */
  readonly firstAt: string;
  readonly lastAt: string;
}

/** Maximum length of the reason, in characters. */
const MAX_REASON = 200;

/** Counts an execution of a skipped guard, inside the transaction that writes it. */
export function prepareSkipCount(db: Database): (execution: Execution) => void {
  const statement = db.prepare(`
    INSERT INTO skipped_guards VALUES (@hookName, @eventType, @reason, 1, @at, @at)
    ON CONFLICT DO UPDATE SET count = count + 1,
      first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`);
  return (execution) => {
    const { hookName, eventType, reason, firstAt } = skippedGuardOf(execution);
    statement.run({ hookName, eventType, reason, at: firstAt });
  };
}

/** The count for a single execution. */
export function skippedGuardOf(execution: Execution): SkippedGuard {
  const { hookName, eventType, status, error, createdAt: at } = execution;
  const [why = ''] = (error ?? '').split('\n');
  const reason = status === 'dedupe_skip' ? 'duplicate' : why.slice(0, MAX_REASON);
  return { hookName, eventType, reason, count: 1, firstAt: at, lastAt: at };
}

/** Latest first. */
export function listSkippedGuards(db: Database): SkippedGuard[] {
  return db
    .prepare<[], SkippedGuard>(
      `SELECT hook_name AS hookName, event_type AS eventType, reason, count, first_at AS firstAt, last_at AS lastAt
       FROM skipped_guards ORDER BY last_at DESC, hook_name, event_type, reason`,
    )
    .all();
}

/** Deletes a hook's skips that were over when its alert cleared. For a muted hook, none may be. */
export function prepareForget(db: Database): (hookName: string, clearedAt: string) => void {
  const statement = db.prepare('DELETE FROM skipped_guards WHERE hook_name = ? AND last_at <= ?');
  return (hookName, clearedAt) => {
    const before = new Date(Date.parse(clearedAt) - SEEN_WITHIN_MS).toISOString();
    statement.run(hookName, before);
  };
}

/** Deletes skips that nobody needs to see any more: they are a week old, and no alert is open. */
export function deleteUnheardSkips(db: Database): void {
  db.prepare(
    `DELETE FROM skipped_guards WHERE last_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-7 days')
       AND hook_name NOT IN (SELECT subject FROM alerts WHERE rule = 'guard_skipped' AND state = 'open')`,
  ).run();
}
