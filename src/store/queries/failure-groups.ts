import type { Status } from '../../domain/execution.ts';
import { errorLine } from '../../domain/text/error-line.ts';
import type { Database } from '../database.ts';
import { FAILED } from '../statuses.ts';
import { type Span, untilOf } from './overview.ts';

/** Failures of one hook on one event that say the same. */
export interface FailureGroup {
  readonly hook_name: string;
  readonly event_type: string;
  readonly status: Status;
  readonly exit_code: number | null;
  /** What the latest said, in one line. */
  readonly message: string;
  readonly count: number;
  readonly first_at: string;
  readonly last_at: string;
  /** Row number of the latest. */
  readonly last_id: number;
}

/** Which failures to group; times are UTC, in the format of `created_at`. */
export interface FailureSearch {
  readonly from: string;
  readonly until?: string | undefined;
  readonly hookName?: string | undefined;
  readonly eventType?: string | undefined;
  readonly project?: string | undefined;
  readonly sessionId?: string | undefined;
  /** How many groups to return. */
  readonly limit: number;
  /** How many of the latest failures to search for these. */
  readonly maxFailures?: number;
}

/** How many of the latest failures to search by default: a large log costs no more. */
export const MAX_FAILURES = 10_000;

/** Longer messages differ in what nobody reads. */
const MESSAGE_CHARACTERS = 300;

type FailedRow = Pick<FailureGroup, 'hook_name' | 'event_type' | 'status' | 'exit_code'> & {
  readonly id: number;
  readonly error: string | null;
  readonly created_at: string;
};

/** Failures by what they said, the most frequent first; messages that differ only in numbers and ids are the same. */
export function failureGroups(db: Database, search: FailureSearch): FailureGroup[] {
  const groups = new Map<string, { -readonly [K in keyof FailureGroup]: FailureGroup[K] }>();
  for (const row of latestFailures(db, search)) {
    const { id, hook_name, event_type, status, exit_code, created_at } = row;
    const message = (errorLine(row) ?? wordless(exit_code)).slice(0, MESSAGE_CHARACTERS);
    const key = JSON.stringify([hook_name, event_type, status, exit_code, shapeOf(message)]);
    const group = groups.get(key);
    if (group === undefined) {
      const [first_at, last_at] = [created_at, created_at];
      const same = { hook_name, event_type, status, exit_code, message };
      groups.set(key, { ...same, count: 1, first_at, last_at, last_id: id });
    } else {
      group.count += 1;
      group.first_at = created_at;
    }
  }
  return [...groups.values()].sort(byCount).slice(0, search.limit);
}

/** Newest first. */
function latestFailures(db: Database, search: FailureSearch): Iterable<FailedRow> {
  const { from, sessionId, maxFailures = MAX_FAILURES } = search;
  const until = untilOf({ from, until: search.until });
  const wanted: readonly (readonly [column: string, value: string | undefined])[] = [
    ['session_id', sessionId],
    ['hook_name', search.hookName],
    ['project', search.project],
    ['event_type', search.eventType],
  ];
  const given = wanted.filter(([, value]) => value !== undefined);
  // An index finds failures by their time, or executions by their session. A plus keeps SQLite from using any other.
  const conditions = given.map(([column]) =>
    column === 'session_id' ? 'AND session_id = ?' : `AND +${column} = ?`,
  );
  const values = given.map(([, value]) => value);
  const floor =
    sessionId === undefined ? startOfLatest(db, { from, until }, maxFailures) : undefined;
  return db
    .prepare<unknown[], FailedRow>(
      `SELECT id, hook_name, event_type, status, exit_code, error, created_at FROM hook_logs
       WHERE created_at >= ? AND created_at < ? AND ${FAILED} ${conditions.join(' ')}
       ORDER BY created_at DESC, id DESC LIMIT ${maxFailures}`,
    )
    .iterate(floor ?? from, until, ...values);
}

/** Whether more failures than are searched by default were recorded since a time. */
export const hasMoreFailures = (db: Database, from: string): boolean =>
  startOfLatest(db, { from, until: undefined }, MAX_FAILURES) !== undefined;

/** Before this, there are more than so many failures of a span. */
function startOfLatest(db: Database, span: Span, failures: number): string | undefined {
  const at = db
    .prepare(
      `SELECT created_at FROM hook_logs WHERE created_at >= ? AND created_at < ? AND ${FAILED}
       ORDER BY created_at DESC LIMIT 1 OFFSET ?`,
    )
    .pluck()
    .get(span.from, untilOf(span), failures);
  return typeof at === 'string' ? at : undefined;
}

const byCount = (a: FailureGroup, b: FailureGroup): number =>
  b.count - a.count || (a.last_at < b.last_at ? 1 : -1);

const wordless = (exitCode: number | null): string =>
  exitCode === null ? 'nothing on stderr' : `exit code ${exitCode}, nothing on stderr`;

/** Numbers, addresses, ids and names of temporary files change from run to run. */
export const shapeOf = (message: string): string =>
  message.replace(/\b0x[\da-f]+\b|\b(?=[a-f-]*\d)[\da-f-]{8,}\b|\/tmp\/[^\s'":,)]+|\d+/gi, '#');
