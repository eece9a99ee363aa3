import { baseName, type ExportedExecution, plainName, programOf } from '../../domain/exported.ts';
import { redactText } from '../../redaction/redaction.ts';
import type { LogRow } from '../columns.ts';
import type { Database } from '../database.ts';
import { lastLogId } from './last-log-id.ts';

/** The columns that `exportedOf` reads. */
export const EXPORTED_COLUMNS = `id, correlation_id, span_id, parent_span_id, hook_name, event_type, tool_name, session_id,
  command, status, exit_code, signal, duration_ms, overhead_ms, stdin_bytes, stdout_bytes, stderr_bytes, dedupe_key,
  created_at, decision, agent, subagent, project, redacted`;

/** Rows written after a given one, and the number to continue after. */
export interface Exported {
  readonly executions: readonly ExportedExecution[];
  readonly lastId: number;
}

/**
 * The executions after `afterId`, in the order in which they were written, at most `limit`.
 * @param projectLabel how to call a project, given the base name of its directory
 */
export function readExported(
  db: Database,
  afterId: number,
  limit: number,
  projectLabel: (name: string) => string,
): Exported {
  // The numbers of a new database at the same path start at 1, and none of its rows was exported.
  const from = lastLogId(db) < afterId ? 0 : afterId;
  const rows = db
    .prepare<[number, number], LogRow>(
      `SELECT ${EXPORTED_COLUMNS} FROM hook_logs WHERE id > ? ORDER BY id LIMIT ?`,
    )
    .all(from, limit);
  const executions = rows.map((row) => exportedOf(row, projectLabel));
  return { executions, lastId: rows.at(-1)?.id ?? from };
}

/** A text of a row as it may leave the machine: what was stored with its secrets loses them now. */
export function safeText(row: Pick<LogRow, 'redacted'>, text: string | null): string | undefined {
  if (text === null || row.redacted === 1) return text ?? undefined;
  return redactText(text);
}

export function exportedOf(row: LogRow, projectLabel: (name: string) => string): ExportedExecution {
  const project = baseName(row.project ?? '');
  const [hookName = '', eventType = '', command = ''] = [
    row.hook_name,
    row.event_type,
    row.command,
  ].map((text) => safeText(row, text));
  return {
    correlationId: row.correlation_id,
    spanId: row.span_id,
    parentSpanId: row.parent_span_id ?? undefined,
    hookName,
    eventType,
    toolName: safeText(row, row.tool_name),
    sessionId: safeText(row, row.session_id),
    program: programOf(command),
    status: row.status,
    decision: row.decision ?? undefined,
    agent: row.agent ?? undefined,
    subagent: safeText(row, row.subagent),
    project:
      project === undefined ? undefined : projectLabel(plainName(safeText(row, project) ?? '')),
    exitCode: row.exit_code ?? undefined,
    signal: row.signal ?? undefined,
    durationMs: row.duration_ms ?? undefined,
    overheadMs: row.overhead_ms ?? undefined,
    stdinBytes: row.stdin_bytes,
    stdoutBytes: row.stdout_bytes,
    stderrBytes: row.stderr_bytes,
    hasDedupeKey: row.dedupe_key !== null,
    startedAtMs: Date.parse(row.created_at),
  };
}

/** A breaker that opened at least once. An open breaker becomes half-open when its cooldown ends. */
export interface ExportedBreaker {
  readonly hookName: string;
  readonly state: 'closed' | 'half_open' | 'open';
}

/** @param now UTC, in the format of `created_at` */
export function readExportedBreakers(db: Database, now: string): ExportedBreaker[] {
  return db
    .prepare<[string], ExportedBreaker>(
      // For several hooks with one name, the worst state counts, which is also the last in alphabetical order.
      `SELECT hook_name AS hookName,
         max(CASE WHEN state <> 'open' THEN 'closed' WHEN until <= ? THEN 'half_open' ELSE 'open' END) AS state
       FROM breakers GROUP BY hook_name ORDER BY hook_name`,
    )
    .all(now);
}

/** The size of all pages, those in the write-ahead log included. */
export function readDatabaseBytes(db: Database): number {
  const bytes = db
    .prepare<[], { readonly bytes: number }>(
      'SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size',
    )
    .get();
  return bytes?.bytes ?? 0;
}
