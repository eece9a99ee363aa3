import type { StoredPayload } from '../../domain/execution.ts';
import type { StreamName } from '../../domain/record.ts';
import { LOG_COLUMNS, type LogRow } from '../columns.ts';
import type { Database } from '../database.ts';
import { FAILED, isFailure } from '../statuses.ts';

/** Which executions are wanted. Several values of one field mean any of them; an empty list means all. */
export interface LogFilter {
  readonly hookNames: readonly string[];
  /** Events and tools, in any case. */
  readonly eventTypes: readonly string[];
  readonly tools: readonly string[];
  readonly statuses: readonly string[];
  readonly decisions: readonly string[];
  readonly agents: readonly string[];
  readonly subagents: readonly string[];
  /** Directories, as `project` has them. */
  readonly projects: readonly string[];
  /** Session ids, or prefixes of them. */
  readonly sessions: readonly string[];
  /** UTC, in the format of `created_at`. */
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly limit: number;
}

/** The matching executions, newest first. */
export function listExecutions(db: Database, filter: LogFilter): LogRow[] {
  const { conditions, values } = conditionsOf(filter);
  const all = [...conditions, ...indexCondition(filter.decisions), ...failedCondition(filter)];
  const where = all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`;
  return db
    .prepare<unknown[], LogRow>(
      `SELECT ${LOG_COLUMNS} FROM hook_logs ${where} ORDER BY created_at DESC, id DESC LIMIT ?`,
    )
    .all(...values, filter.limit);
}

/** The conditions in SQL, and their values in the same order. */
export function conditionsOf(filter: Omit<LogFilter, 'limit'>): {
  conditions: string[];
  values: unknown[];
} {
  // Failures are rarer than a hook's executions: the plus keeps SQLite from using the index of those.
  const plus = failedCondition(filter).length > 0 ? '+' : '';
  const wanted: readonly (readonly [condition: string, values: readonly string[]])[] = [
    [`${plus}hook_name = ?`, filter.hookNames],
    ['event_type = ? COLLATE NOCASE', filter.eventTypes],
    ['tool_name = ? COLLATE NOCASE', filter.tools],
    ['status = ?', filter.statuses],
    ['decision = ?', filter.decisions],
    ['agent = ?', filter.agents],
    ['subagent = ?', filter.subagents],
    [`${plus}project = ?`, filter.projects],
    // LIKE would not work: a session id may contain its wildcards.
    ['instr(session_id, ?) = 1', filter.sessions],
    ['created_at >= ?', filter.since === undefined ? [] : [filter.since]],
    ['created_at < ?', filter.until === undefined ? [] : [filter.until]],
  ];
  const given = wanted.filter(([, values]) => values.length > 0);
  return {
    conditions: given.map(([condition, values]) => `(${values.map(() => condition).join(' OR ')})`),
    values: given.flatMap(([, values]) => values),
  };
}

/**
 * The condition of the index of executions that decided something, if the filter wants only such: SQLite uses the index
 * only for a statement that has it.
 */
export function indexCondition(decisions: readonly string[]): string[] {
  return decisions.length === 0 || decisions.includes('none') ? [] : [DECIDED];
}

/** The same for the index of failures. */
function failedCondition({ statuses }: Pick<LogFilter, 'statuses'>): string[] {
  return statuses.length > 0 && statuses.every(isFailure) ? [FAILED] : [];
}

export const DECIDED = "decision <> 'none'";

/** The execution with this row number. */
export function findById(db: Database, id: number): LogRow | undefined {
  return db.prepare<[number], LogRow>(`SELECT ${LOG_COLUMNS} FROM hook_logs WHERE id = ?`).get(id);
}

/** The executions whose execution id has this prefix, newest first, at most `limit`. */
export function findByExecutionId(db: Database, beginning: string, limit: number): LogRow[] {
  // Ids consist of hex digits and dashes, so all with this prefix sort before the prefix followed by g.
  return db
    .prepare<[string, string, number], LogRow>(
      `SELECT ${LOG_COLUMNS} FROM hook_logs WHERE execution_id >= ? AND execution_id < ?
       ORDER BY execution_id DESC LIMIT ?`,
    )
    .all(beginning, `${beginning}g`, limit);
}

interface PayloadRow {
  readonly stream: StreamName;
  readonly encoding: StoredPayload['encoding'];
  readonly truncated: number;
  readonly body: Buffer;
}

/** The stored streams of an execution. */
export function readPayloads(db: Database, logId: number): StoredPayload[] {
  return db
    .prepare<[number], PayloadRow>(
      'SELECT stream, encoding, truncated, body FROM hook_payloads WHERE log_id = ? ORDER BY rowid',
    )
    .all(logId)
    .map(({ stream, encoding, truncated, body }) => ({
      stream,
      encoding,
      truncated: truncated !== 0,
      body,
    }));
}
