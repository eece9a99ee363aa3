import { type Execution, INTERRUPTED, type StoredPayload } from '../domain/execution.ts';
import { isSkippedGuard } from '../domain/skipped-guard.ts';
import { INSERT_EXECUTION, toParameters } from './columns.ts';
import type { Database } from './database.ts';
import { prepareSkipCount } from './skipped-guards.ts';

/** One execution and everything stored with it. */
export interface Recorded {
  readonly execution: Execution;
  readonly payloads: readonly StoredPayload[];
  /** Warnings about options or settings, for `status`. */
  readonly warnings: readonly string[];
}

interface InterruptedRow {
  readonly id: number;
  readonly hook_name: string;
  readonly event_type: string;
  readonly created_at: string;
}

/** Removes an interrupted execution, which has no times, from the rollups that count it (src/store/rollups.ts). */
const UNCOUNT = `
  UPDATE hook_metrics SET error = max(error - 1, 0)
  WHERE hook_name = @hook_name AND event_type = @event_type
    AND (bucket_seconds = 3600 AND bucket_start = substr(@created_at, 1, 13) || ':00:00.000Z'
      OR bucket_seconds = 86400 AND bucket_start = substr(@created_at, 1, 10) || 'T00:00:00.000Z')
    AND @id <= (SELECT log_id FROM rollup_marks WHERE name = 'hook_metrics')`;

/** The only code that writes executions. */
export function createExecutionWriter(db: Database) {
  const insert = db.prepare(INSERT_EXECUTION);
  // The end of an execution that seemed interrupted has arrived after all: store that instead.
  const forgetInterrupted = onceNeeded(() =>
    db.prepare<[string], InterruptedRow>(
      `DELETE FROM hook_logs WHERE execution_id = ? AND status = 'error' AND error LIKE '${INTERRUPTED}%'
       RETURNING id, hook_name, event_type, created_at`,
    ),
  );
  const uncount = onceNeeded(() => db.prepare<[InterruptedRow]>(UNCOUNT));
  const insertPayload = onceNeeded(() =>
    db.prepare(
      'INSERT INTO hook_payloads (log_id, stream, encoding, truncated, body) VALUES (?, ?, ?, ?, ?)',
    ),
  );
  const notice = onceNeeded(() => prepareNotice(db));
  const countSkip = onceNeeded(() => prepareSkipCount(db));

  /** @returns the row's number; undefined if the execution is stored already */
  function insertRow(execution: Execution): number | bigint | undefined {
    const row = toParameters(execution);
    const first = insert.run(...row);
    if (first.changes > 0) return first.lastInsertRowid;
    if (isInterrupted(execution)) return undefined;
    const forgotten = forgetInterrupted().get(execution.executionId);
    if (forgotten === undefined) return undefined;
    uncount().run(forgotten);
    const second = insert.run(...row);
    return second.changes > 0 ? second.lastInsertRowid : undefined;
  }

  function writeOne({ execution, payloads, warnings }: Recorded): void {
    const id = insertRow(execution);
    if (id === undefined) return;
    if (isSkippedGuard(execution)) countSkip()(execution);
    for (const { stream, encoding, truncated, body } of payloads) {
      insertPayload().run(id, stream, encoding, truncated ? 1 : 0, body);
    }
    for (const warning of warnings)
      notice()('mistake', `${execution.hookName}: ${warning}`, execution.createdAt);
  }

  const writeAll = db.transaction((batch: readonly Recorded[]) => {
    for (const recorded of batch) writeOne(recorded);
  });

  return {
    /** Stores all of the batch or none of it; skips executions that are stored already. */
    write: (batch: readonly Recorded[]): void => void writeAll.immediate(batch),
    /** Records a notice that is not about a single execution; a repeated notice is counted. */
    note: (kind: NoticeKind, text: string, at: string): void => notice()(kind, text, at),
  };
}

/** Most executions need one statement, and preparing the others would take longer than running it. */
function onceNeeded<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

export type ExecutionWriter = ReturnType<typeof createExecutionWriter>;

export type NoticeKind = 'mistake' | 'database' | 'spool';

function prepareNotice(db: Database): (kind: NoticeKind, text: string, at: string) => void {
  const statement = db.prepare(`
    INSERT INTO notices (kind, text, first_seen, last_seen) VALUES (@kind, @text, @at, @at)
    ON CONFLICT (kind, text) DO UPDATE SET count = count + 1, last_seen = max(last_seen, excluded.last_seen)`);
  return (kind, text, at) => void statement.run({ kind, text, at });
}

function isInterrupted(execution: Execution): boolean {
  return execution.status === 'error' && (execution.error ?? '').startsWith(INTERRUPTED);
}
