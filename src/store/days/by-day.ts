import type { Database } from '../database.ts';
import { lastLogId } from '../queries/last-log-id.ts';
import { type Span, untilOf } from '../queries/overview.ts';

/** A question about the executions of a day. Its name changes with the form of its answers, which are plain JSON. */
export interface DayQuestion<T> {
  readonly kind: string;
  readonly read: (db: Database, span: Span) => T;
}

/** Called before each day is looked at: the first of many may take a while. */
export type OnDay = (day: string) => void;

/**
 * The answers for each UTC day of a span that has executions, oldest first. The answers for whole days before the latest
 * one are kept in the database.
 */
export function* eachDay<T>(
  db: Database,
  span: Span,
  question: DayQuestion<T>,
  onDay?: OnDay,
): Generator<T, void> {
  const until = untilOf(span);
  const next = db
    .prepare('SELECT min(created_at) FROM hook_logs WHERE created_at >= ? AND created_at < ?')
    .pluck();
  const mayKeep = dropOutdated(db);
  const latest = String(db.prepare('SELECT max(created_at) FROM hook_logs').pluck().get() ?? '');
  let { from } = span;
  for (;;) {
    const first = next.get(from, until);
    if (typeof first !== 'string') return;
    const day = first.slice(0, 10);
    const end = dayAfter(day);
    // A time that is none is of a row that somebody else wrote.
    if (end === undefined) return yield question.read(db, { from, until });
    onDay?.(day);
    const isWhole = mayKeep && from <= `${day}T00:00:00.000Z` && end <= until && end <= latest;
    if (isWhole) yield ofWholeDay(db, day, end, question);
    else if (end < until) yield question.read(db, { from, until: end });
    else yield question.read(db, { from, until });
    from = end;
  }
}

const MARK = 'day_summaries';

/**
 * Drops the answers for the days to which executions were added since this was last done, and moves the mark.
 * @returns false if that is not possible now, so that no answer may be used
 */
function dropOutdated(db: Database): boolean {
  const last = lastLogId(db);
  const at = db.prepare('SELECT log_id FROM rollup_marks WHERE name = ?').pluck().get(MARK);
  const mark = Number(at ?? 0);
  if (last === mark) return true;
  const days = daysSince(db, mark, last);
  try {
    db.transaction(() => {
      const drop = db.prepare('DELETE FROM day_summaries WHERE day = ?');
      if (days === 'all') db.exec('DELETE FROM day_summaries');
      else for (const day of days) drop.run(day);
      db.prepare('INSERT OR REPLACE INTO rollup_marks (name, log_id) VALUES (?, ?)').run(
        MARK,
        last,
      );
    }).immediate();
    return true;
  } catch {
    return false;
  }
}

/** The days of the executions after the mark. All, if the numbers started again. */
function daysSince(db: Database, mark: number, last: number): readonly unknown[] | 'all' {
  if (last < mark) return 'all';
  if (db.prepare('SELECT 1 FROM day_summaries LIMIT 1').get() === undefined) return [];
  return db
    .prepare('SELECT DISTINCT substr(created_at, 1, 10) FROM hook_logs WHERE id > ? AND id <= ?')
    .pluck()
    .all(mark, last);
}

function dayAfter(day: string): string | undefined {
  const startMs = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(day) : Number.NaN;
  return Number.isNaN(startMs) ? undefined : new Date(startMs + 86_400_000).toISOString();
}

/** The kept answer; else reads it, and keeps it if no execution of the day came or went meanwhile. */
function ofWholeDay<T>(db: Database, day: string, end: string, { kind, read }: DayQuestion<T>): T {
  const kept = keptAnswer<T>(db, day, kind);
  if (kept !== undefined) return kept.answer;
  const span = { from: `${day}T00:00:00.000Z`, until: end };
  const rows = db
    .prepare('SELECT count(*), total(id) FROM hook_logs WHERE created_at >= ? AND created_at < ?')
    .raw();
  const state = (): string => String(rows.get(span.from, span.until));
  const before = state();
  const answer = read(db, span);
  const keep = db.prepare(
    'INSERT OR REPLACE INTO day_summaries (day, kind, body) VALUES (?, ?, ?)',
  );
  try {
    db.transaction(() => {
      if (state() === before) keep.run(day, kind, JSON.stringify(answer));
    }).immediate();
  } catch {
    // Another process is writing, or the disk is full: the next reader tries again.
  }
  return answer;
}

function keptAnswer<T>(
  db: Database,
  day: string,
  kind: string,
): { readonly answer: T } | undefined {
  const body = db
    .prepare('SELECT body FROM day_summaries WHERE day = ? AND kind = ?')
    .pluck()
    .get(day, kind);
  try {
    return typeof body === 'string' ? { answer: JSON.parse(body) as T } : undefined;
  } catch {
    return undefined;
  }
}
