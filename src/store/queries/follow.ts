import { LOG_COLUMNS, type LogRow } from '../columns.ts';
import type { Database } from '../database.ts';
import { conditionsOf, indexCondition, type LogFilter } from './queries.ts';

/** Whoever follows waits for what comes, so there is no end. */
type FollowFilter = Omit<LogFilter, 'limit' | 'until'>;

/** Rows by number: after the first, up to the second. */
export interface NumberSpan {
  readonly after: number;
  readonly upTo: number;
}

/** The matching executions of the span, one by one in the order of their numbers. */
export function* eachExecution(
  db: Database,
  filter: FollowFilter,
  span: NumberSpan,
): Generator<LogRow> {
  const { where, values } = whereOf(filter, span);
  yield* db
    .prepare<unknown[], LogRow>(`SELECT ${LOG_COLUMNS} FROM hook_logs ${where} ORDER BY id`)
    .iterate(...values);
}

export function countExecutions(db: Database, filter: FollowFilter, span: NumberSpan): number {
  const { where, values } = whereOf(filter, span);
  const row = db
    .prepare<unknown[], { count: number }>(`SELECT count(*) AS count FROM hook_logs ${where}`)
    .get(...values);
  return row?.count ?? 0;
}

/** The number before the first of the `latest` newest matching executions. */
export function beforeLatest(
  db: Database,
  filter: FollowFilter,
  latest: number,
  upTo: number,
): number {
  if (latest === 0) return upTo;
  const { where: wanted, values } = whereOf(filter, { after: 0, upTo });
  const where = [wanted, ...indexCondition(filter.decisions)].join(' AND ');
  const row = db
    .prepare<unknown[], { first: number | null }>(
      `SELECT min(id) AS first FROM (SELECT id FROM hook_logs ${where} ORDER BY id DESC LIMIT ?)`,
    )
    .get(...values, latest);
  return row?.first === null || row === undefined ? upTo : row.first - 1;
}

function whereOf(filter: FollowFilter, { after, upTo }: NumberSpan) {
  const { conditions, values } = conditionsOf({ ...filter, until: undefined });
  const all = [...conditions, 'id > ?', 'id <= ?'];
  return { where: `WHERE ${all.join(' AND ')}`, values: [...values, after, upTo] };
}
