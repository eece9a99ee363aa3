import { STATUSES, type StoredPayload } from '../../domain/execution.ts';
import type { Database } from '../database.ts';
import { type SampleRow, type Span, untilOf } from './overview.ts';

/** Which executions to look at: those of a session, or those that started in a span. */
export type Scope = { readonly sessionId: string } | Span;

/** The parts of an execution that the report needs. */
export interface CostRow extends SampleRow {
  readonly toolUseId: string | null;
}

const KNOWN = STATUSES.map((status) => `'${status}'`).join(', ');

function conditionOf(scope: Scope): { where: string; values: readonly string[] } {
  return 'sessionId' in scope
    ? { where: 'session_id = ?', values: [scope.sessionId] }
    : { where: 'created_at >= ? AND created_at < ?', values: [scope.from, untilOf(scope)] };
}

/** Calls `take` for each execution, in the order of their start. */
export function eachCostRow(db: Database, scope: Scope, take: (row: CostRow) => void): void {
  const { where, values } = conditionOf(scope);
  const rows = db
    .prepare<string[], CostRow>(
      `SELECT hook_name AS hookName, event_type AS eventType, status, duration_ms AS durationMs,
              overhead_ms AS overheadMs, tool_name AS toolName, session_id AS sessionId,
              tool_use_id AS toolUseId, created_at AS createdAt
       FROM hook_logs WHERE ${where} AND status IN (${KNOWN}) ORDER BY created_at`,
    )
    .iterate(...values);
  for (const row of rows) take(row);
}

/** Whether the scope has more than `than` rows. */
export function hasMoreCostRows(db: Database, scope: Scope, than: number): boolean {
  const { where, values } = conditionOf(scope);
  const count = db
    .prepare(`SELECT count(*) FROM (SELECT 1 FROM hook_logs WHERE ${where} LIMIT ${than + 1})`)
    .pluck()
    .get(...values);
  return Number(count) > than;
}

/** Output of a hook that may go into an agent's context. */
export interface SaidRow {
  readonly hookName: string;
  readonly eventType: string;
  readonly kind: 'text' | 'json';
  readonly bytes: number;
  /** Null if no payload is stored. */
  readonly encoding: StoredPayload['encoding'] | null;
  readonly truncated: number | null;
  readonly body: Buffer | null;
}

/** Selects executions that wrote JSON, or text on one of these events. */
function saidCondition(scope: Scope, textEvents: readonly string[]) {
  const { where, values } = conditionOf(scope);
  const events = textEvents.map(() => '?').join(', ');
  return {
    where: `${where} AND (stdout_kind = 'json' OR stdout_kind = 'text' AND exit_code = 0 AND event_type IN (${events}))`,
    values: [...values, ...textEvents],
  };
}

/** @param textEvents events on which plain text goes into the context */
export function eachSaid(
  db: Database,
  scope: Scope,
  textEvents: readonly string[],
  take: (row: SaidRow) => void,
): void {
  const { where, values } = saidCondition(scope, textEvents);
  const rows = db
    .prepare<string[], SaidRow>(
      `SELECT hook_name AS hookName, event_type AS eventType, stdout_kind AS kind,
              stdout_bytes AS bytes, encoding, truncated, body
       FROM hook_logs LEFT JOIN hook_payloads ON log_id = hook_logs.id AND stream = 'stdout'
       WHERE ${where}`,
    )
    .iterate(...values);
  for (const row of rows) take(row);
}

/** How often a hook repeated its output within a session. */
export interface RepeatedRow {
  readonly hookName: string;
  readonly eventType: string;
  readonly times: number;
  /** Size of the repeated output; each text counts at most as much as an agent takes. */
  readonly bytes: number;
}

/** @param maxCharacters how much of a text an agent takes */
export function repeatedTexts(
  db: Database,
  scope: Scope,
  textEvents: readonly string[],
  maxCharacters: number,
): RepeatedRow[] {
  const { where, values } = saidCondition(scope, textEvents);
  return db
    .prepare<string[], RepeatedRow>(
      `SELECT hookName, eventType, sum(count - 1) AS times, sum((count - 1) * min(bytes, ${maxCharacters})) AS bytes FROM (
         SELECT hook_name AS hookName, event_type AS eventType, count(*) AS count, max(stdout_bytes) AS bytes
         FROM hook_logs WHERE ${where} AND stdout_digest IS NOT NULL
         GROUP BY hook_name, event_type, session_id, stdout_digest HAVING count(*) > 1)
       GROUP BY hookName, eventType`,
    )
    .all(...values);
}

/** Sessions whose id has this prefix, at most `limit`. */
export function findSessions(db: Database, beginning: string, limit: number): string[] {
  return db
    .prepare(
      'SELECT DISTINCT session_id FROM hook_logs WHERE session_id >= ? AND session_id < ? ORDER BY session_id LIMIT ?',
    )
    .pluck()
    .all(beginning, `${beginning}\u{10ffff}`, limit) as string[];
}
