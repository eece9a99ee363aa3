import type { Database } from '../database.ts';

/** When the oldest execution started that is on record, or that rollups still count; undefined if there is none. */
export function oldestStart(db: Database, withRollups: boolean): string | undefined {
  const sources = [
    'SELECT min(created_at) AS at FROM hook_logs',
    ...(withRollups ? ['SELECT min(bucket_start) AS at FROM hook_metrics'] : []),
  ];
  const oldest = db
    .prepare(`SELECT min(at) FROM (${sources.join(' UNION ALL ')})`)
    .pluck()
    .get();
  return typeof oldest === 'string' ? oldest : undefined;
}

/** Whether executions from before those on record were deleted: numbers start at 1. */
export function hasDeletedOldest(db: Database): boolean {
  return Number(db.prepare('SELECT min(id) FROM hook_logs').pluck().get() ?? 1) > 1;
}

/** For each session the project that it started in. */
export function projectsOfSessions(
  db: Database,
  sessions: readonly string[],
): ReadonlyMap<string, string> {
  const find = db
    .prepare<[string], string>(
      `SELECT project FROM hook_logs WHERE session_id = ? AND project IS NOT NULL
       ORDER BY created_at LIMIT 1`,
    )
    .pluck();
  return new Map(
    sessions.flatMap((session) => {
      const project = find.get(session);
      return project === undefined ? [] : [[session, String(project)] as const];
    }),
  );
}
