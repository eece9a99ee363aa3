import { errorLine } from '../../../domain/text/error-line.ts';
import type { LogRow } from '../../columns.ts';
import type { Database } from '../../database.ts';
import { shapeOf } from '../failure-groups.ts';
import { untilOf } from '../overview.ts';
import { DECIDED } from '../queries.ts';

/** Refusals of one hook on one event for the same reason. */
export interface RefusalGroup {
  readonly hook_name: string;
  readonly event_type: string;
  /** What the latest said, in one line; null if it gave no reason. */
  readonly reason: string | null;
  readonly count: number;
  readonly first_at: string;
  readonly last_at: string;
  /** Row numbers of the latest, the newest first. */
  readonly latest_ids: readonly number[];
}

/** Which refusals to group; times are UTC, in the format of `created_at`. */
export interface RefusalSearch {
  readonly from: string;
  readonly until?: string | undefined;
  readonly hookName?: string | undefined;
  readonly eventType?: string | undefined;
  readonly sessionId?: string | undefined;
  /** How many groups to return, and how many row numbers of each. */
  readonly limit: number;
  readonly latest?: number;
}

/** How many of the latest refusals to search, and how many to group, so that a large log costs no more. */
const MAX_LOOKED_AT = 50_000;
const MAX_REFUSALS = 10_000;

const COLUMNS = 'id, session_id, hook_name, event_type, status, error, decision_reason, created_at';

const REASON_CHARACTERS = 300;

type RefusedRow = Pick<
  LogRow,
  'id' | 'hook_name' | 'event_type' | 'status' | 'error' | 'decision_reason' | 'created_at'
>;

/** Refusals by their reason, the most frequent first; reasons that differ only in numbers and ids are the same. */
export function refusalGroups(db: Database, search: RefusalSearch): RefusalGroup[] {
  const groups = new Map<string, RefusalGroup>();
  for (const row of latestRefusals(db, search)) {
    const { id, hook_name, event_type, created_at } = row;
    const reason = reasonOf(row);
    const key = JSON.stringify([hook_name, event_type, shapeOf(reason ?? '')]);
    const known = groups.get(key);
    const latest_ids = known?.latest_ids ?? [];
    groups.set(key, {
      ...{ hook_name, event_type, reason, last_at: created_at },
      ...known,
      count: (known?.count ?? 0) + 1,
      first_at: created_at,
      latest_ids: latest_ids.length < (search.latest ?? 1) ? [...latest_ids, id] : latest_ids,
    });
  }
  return [...groups.values()]
    .sort((a, b) => b.count - a.count || (a.last_at < b.last_at ? 1 : -1))
    .slice(0, search.limit);
}

/** Newest first. The index of executions that decided something finds them. */
function latestRefusals(db: Database, search: RefusalSearch): Iterable<RefusedRow> {
  const { from, hookName, eventType, sessionId } = search;
  const wanted = [
    ...(hookName === undefined ? [] : [['hook_name = ?', hookName]]),
    ...(eventType === undefined ? [] : [['event_type = ?', eventType]]),
    ...(sessionId === undefined ? [] : [['session_id = ?', sessionId]]),
  ];
  return db
    .prepare<unknown[], RefusedRow>(
      `SELECT ${COLUMNS} FROM (
         SELECT ${COLUMNS} FROM hook_logs
         WHERE ${DECIDED} AND decision = 'deny' AND created_at >= ? AND created_at < ?
         ORDER BY created_at DESC, id DESC LIMIT ${MAX_LOOKED_AT})
       WHERE ${['true', ...wanted.map(([sql]) => sql)].join(' AND ')} LIMIT ${MAX_REFUSALS}`,
    )
    .iterate(from, untilOf({ from, until: search.until }), ...wanted.map(([, value]) => value));
}

/** A hook may refuse without a word of its own; what it said on stderr is its reason then. */
function reasonOf(row: RefusedRow): string | null {
  const line = row.decision_reason?.split('\n').find((one) => one.trim() !== '') ?? errorLine(row);
  return line?.trim().slice(0, REASON_CHARACTERS) ?? null;
}
