import type { Sample } from '../../domain/sample.ts';
import type { Database } from '../database.ts';
import { IS_KNOWN } from '../statuses.ts';
import { type Span, untilOf } from './overview.ts';

/** Which executions to look at: those of a session, or those that started in a span. */
export type Scope = { readonly sessionId: string } | Span;

/** The parts of an execution that the report needs. */
export interface CostRow {
  readonly hookName: string;
  readonly eventType: string;
  readonly durationMs: number | null;
  readonly overheadMs: number | null;
  readonly toolName: string | null;
  readonly sessionId: string | null;
  readonly toolUseId: string | null;
  readonly createdAt: string;
}

function conditionOf(scope: Scope): { where: string; values: readonly string[] } {
  return 'sessionId' in scope
    ? { where: 'session_id = ?', values: [scope.sessionId] }
    : { where: 'created_at >= ? AND created_at < ?', values: [scope.from, untilOf(scope)] };
}

/** Calls `take` for each execution, in the order of their start. */
export function eachCostRow(db: Database, scope: Scope, take: (row: CostRow) => void): void {
  const { where, values } = conditionOf(scope);
  const rows = db
    .prepare(
      `SELECT hook_name, event_type, duration_ms, overhead_ms, tool_name, session_id, tool_use_id, created_at
       FROM hook_logs WHERE ${where} AND ${IS_KNOWN} ORDER BY created_at`,
    )
    .raw()
    .iterate(...values) as IterableIterator<CostColumns>;
  for (const row of rows) {
    const [hookName, eventType, durationMs, overheadMs] = row;
    const ids = { toolName: row[4], sessionId: row[5], toolUseId: row[6], createdAt: row[7] };
    take({ hookName, eventType, durationMs, overheadMs, ...ids });
  }
}

type CostColumns = readonly [
  ...(readonly [string, string, number | null, number | null]),
  ...(readonly [string | null, string | null, string | null, string]),
];

/** Calls `take` for each execution of a session, for its metrics. */
export function eachSampleOf(db: Database, sessionId: string, take: (row: Sample) => void): void {
  const rows = db
    .prepare<[string], Sample>(
      `SELECT hook_name AS hookName, event_type AS eventType, status, decision, duration_ms AS durationMs,
              overhead_ms AS overheadMs
       FROM hook_logs WHERE session_id = ? AND ${IS_KNOWN}`,
    )
    .iterate(sessionId);
  for (const row of rows) take(row);
}

/** Whether the session has more than `than` rows. */
export function hasMoreOf(db: Database, sessionId: string, than: number): boolean {
  const count = db
    .prepare('SELECT count(*) FROM (SELECT 1 FROM hook_logs WHERE session_id = ? LIMIT ?)')
    .pluck()
    .get(sessionId, than + 1);
  return Number(count) > than;
}

/** What a hook added to its agent's context on one event. */
export interface ContextRow {
  readonly hookName: string;
  readonly eventType: string;
  /** Executions that added something, or may have. */
  readonly executions: number;
  readonly characters: number;
  /** Differs from `characters` only through rows from before the characters were recorded. */
  readonly atMost: number;
  /** The maximum of one execution. */
  readonly most: number;
  /** How often the agent took less than there was. */
  readonly cut: number;
  /** How many executions are from before the characters were recorded. */
  readonly old: number;
}

/** How often a hook put the same text into the context of a session. */
export interface TextRow {
  readonly hookName: string;
  readonly eventType: string;
  readonly sessionId: string | null;
  readonly digest: string;
  readonly times: number;
  /** The maximum of the characters of one execution. */
  readonly most: number;
}

/** What decides how much text an agent takes. */
export interface ContextRules {
  /** Events on which plain text goes into the context. */
  readonly textEvents: readonly string[];
  /** How many characters of a text an agent takes. */
  readonly maxCharacters: number;
}

/**
 * Selects the executions that added something to the context. Of rows from before this was recorded, those that wrote
 * text where text goes into the context, or JSON, of which any part may have gone there.
 */
function contextOf(scope: Scope, { textEvents, maxCharacters }: ContextRules) {
  const { where, values } = conditionOf(scope);
  const events = textEvents.map(() => '?').join(', ');
  const taken = `min(stdout_bytes, ${maxCharacters})`;
  return {
    sql: `SELECT hook_name AS hookName, event_type AS eventType, session_id, stdout_digest, context_chars,
        coalesce(context_chars, iif(stdout_kind = 'text', ${taken}, 0)) AS characters,
        coalesce(context_chars, ${taken}) AS atMost,
        stdout_bytes > ${maxCharacters} AND coalesce(context_chars = ${maxCharacters}, stdout_kind = 'text') AS isCut
      FROM hook_logs WHERE ${where} AND (context_chars > 0 OR context_chars IS NULL
        AND (stdout_kind = 'json' OR stdout_kind = 'text' AND exit_code = 0 AND event_type IN (${events})))`,
    values: [...values, ...textEvents],
  };
}

export function readContextRows(db: Database, scope: Scope, rules: ContextRules): ContextRow[] {
  const { sql, values } = contextOf(scope, rules);
  return db
    .prepare<string[], ContextRow>(
      `SELECT hookName, eventType, count(*) AS executions, sum(characters) AS characters, sum(atMost) AS atMost,
         max(atMost) AS most, sum(isCut) AS cut, sum(context_chars IS NULL) AS old
       FROM (${sql}) GROUP BY hookName, eventType`,
    )
    .all(...values);
}

/** The texts that went into a context. */
export function readTexts(db: Database, scope: Scope, rules: ContextRules): TextRow[] {
  const { sql, values } = contextOf(scope, rules);
  return db
    .prepare<string[], TextRow>(
      `SELECT hookName, eventType, session_id AS sessionId, stdout_digest AS digest, count(*) AS times, max(atMost) AS most
       FROM (${sql}) WHERE stdout_digest IS NOT NULL
       GROUP BY hookName, eventType, session_id, stdout_digest`,
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
