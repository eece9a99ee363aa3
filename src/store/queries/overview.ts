import type { Sample } from '../../domain/sample.ts';
import type { Database } from '../database.ts';
import type { NoticeKind } from '../executions.ts';
import { IS_KNOWN } from '../statuses.ts';

/** A sample, and what samples can be grouped by. */
export interface SampleRow extends Sample {
  readonly toolName: string | null;
  readonly sessionId: string | null;
  readonly agent: string | null;
  readonly subagent: string | null;
  readonly project: string | null;
  readonly createdAt: string;
}

/** A period without its end; UTC, in the format of `created_at`. */
export interface Span {
  readonly from: string;
  /** Undefined: no end. */
  readonly until: string | undefined;
}

/** Later than any real time. */
const NEVER = '9999';

/** The end of a span, as a text to compare with. */
export function untilOf({ until }: Span): string {
  return until ?? NEVER;
}

/** Calls `take` for each execution that started in the span, in any order, without what they can be grouped by. */
export function eachBareSample(db: Database, span: Span, take: (sample: Sample) => void): void {
  const rows = db
    .prepare(
      `SELECT hook_name, event_type, status, decision, duration_ms, overhead_ms FROM hook_logs
       WHERE created_at >= ? AND created_at < ? AND ${IS_KNOWN}`,
    )
    .raw()
    .iterate(span.from, untilOf(span)) as IterableIterator<BareColumns>;
  for (const [hookName, eventType, status, decision, durationMs, overheadMs] of rows)
    take({ hookName, eventType, status, decision, durationMs, overheadMs });
}

type BareColumns = readonly [
  ...(readonly [string, string, Sample['status'], Sample['decision']]),
  ...(readonly [number | null, number | null]),
];

/** Calls `take` for each execution that started in the span, in any order. */
export function eachSample(db: Database, span: Span, take: (sample: SampleRow) => void): void {
  // Arrays, because an object with as many fields takes longer to make than everything else here.
  const rows = db
    .prepare<[string, string], SampleColumns>(
      `SELECT hook_name, event_type, status, decision, duration_ms, overhead_ms, tool_name, session_id, agent, subagent,
              project, created_at
       FROM hook_logs
       WHERE created_at >= ? AND created_at < ? AND ${IS_KNOWN}`,
    )
    .raw()
    .iterate(span.from, untilOf(span));
  for (const row of rows as IterableIterator<SampleColumns>) take(sampleOf(row));
}

type SampleColumns = readonly [
  ...BareColumns,
  ...(readonly [string | null, string | null, string | null, string | null, string | null, string]),
];

const sampleOf = (row: SampleColumns): SampleRow => ({
  hookName: row[0],
  eventType: row[1],
  status: row[2],
  decision: row[3],
  durationMs: row[4],
  overheadMs: row[5],
  toolName: row[6],
  sessionId: row[7],
  agent: row[8],
  subagent: row[9],
  project: row[10],
  createdAt: row[11],
});

/** A summary of the database. */
export interface StoreContents {
  readonly version: number;
  readonly executions: number;
  /** Executions with stored payloads. */
  readonly withPayloads: number;
  /** Executions that were stored without redaction. */
  readonly unredacted: number;
  /** UTC, in the format of `created_at`; null if there are no executions. */
  readonly oldest: string | null;
  readonly newest: string | null;
}

export function readContents(db: Database): StoreContents {
  const version = Number(db.pragma('user_version', { simple: true }));
  const counts = db
    .prepare<[], Omit<StoreContents, 'version'>>(
      `SELECT (SELECT count(*) FROM hook_logs) AS executions,
              (SELECT count(DISTINCT log_id) FROM hook_payloads) AS withPayloads,
              (SELECT count(*) FROM hook_logs WHERE redacted = 0) AS unredacted,
              (SELECT min(created_at) FROM hook_logs) AS oldest,
              (SELECT max(created_at) FROM hook_logs) AS newest`,
    )
    .get();
  const none = { executions: 0, withPayloads: 0, unredacted: 0, oldest: null, newest: null };
  return { version, ...(counts ?? none) };
}

/** One row of `notices`. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly text: string;
  readonly count: number;
  readonly first_seen: string;
  readonly last_seen: string;
}

/** All notices, latest first. */
export function listNotices(db: Database): Notice[] {
  return db
    .prepare<[], Notice>(
      'SELECT kind, text, count, first_seen, last_seen FROM notices ORDER BY last_seen DESC, kind, text',
    )
    .all();
}
