import type { Database } from '../database.ts';

/** How many executions to search. Keep it low: somebody has just pressed a key and waits. */
const EVENTS_OF = 2000;
const IDS = 20;

/** The events of recent executions. */
export function recentEvents(db: Database): string[] {
  return db
    .prepare<[number], { name: string }>(
      `SELECT DISTINCT event_type AS name
       FROM (SELECT event_type FROM hook_logs ORDER BY id DESC LIMIT ?) WHERE event_type IS NOT NULL`,
    )
    .all(EVENTS_OF)
    .map(({ name }) => name);
}

/** The ids of the latest executions, latest first. */
export function recentIds(db: Database): string[] {
  return db
    .prepare<[number], { id: number }>('SELECT id FROM hook_logs ORDER BY id DESC LIMIT ?')
    .all(IDS)
    .map(({ id }) => String(id));
}
