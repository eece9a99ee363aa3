import type { Database } from '../database.ts';

/** How many executions to search. Keep it low: somebody has just pressed a key and waits. */
const ROWS = 2000;
const IDS = 20;

/** The events of recent executions. */
export const recentEvents = (db: Database): string[] => recentValues(db, 'event_type');

/** The tools of recent executions. */
export const recentTools = (db: Database): string[] => recentValues(db, 'tool_name');

/** The agents of recent executions. */
export const recentAgents = (db: Database): string[] => recentValues(db, 'agent');

/** The agents of a hook's recent executions on an event; null for executions that do not tell. */
export function agentsOf(db: Database, hookName: string, eventType: string): (string | null)[] {
  return db
    .prepare<[string, string, number], string | null>(
      `SELECT DISTINCT agent FROM (SELECT agent FROM hook_logs WHERE hook_name = ? AND event_type = ?
         ORDER BY created_at DESC LIMIT ?)`,
    )
    .pluck()
    .all(hookName, eventType, ROWS) as (string | null)[];
}

function recentValues(db: Database, column: 'event_type' | 'tool_name' | 'agent'): string[] {
  return db
    .prepare<[number], string>(
      `SELECT DISTINCT ${column} FROM (SELECT ${column} FROM hook_logs ORDER BY id DESC LIMIT ?)
       WHERE ${column} IS NOT NULL ORDER BY ${column}`,
    )
    .pluck()
    .all(ROWS) as string[];
}

/** More hooks than a list of choices can hold. */
const HOOKS = 1000;

/** Hooks and their events: those that were ever counted, and those of recent executions. */
export function hooksOnRecord(db: Database): { hook_name: string; event_type: string | null }[] {
  return db
    .prepare<[number, number], { hook_name: string; event_type: string | null }>(
      `SELECT hook_name, nullif(event_type, '') AS event_type FROM hook_totals
       UNION SELECT hook_name, event_type FROM (SELECT hook_name, event_type FROM hook_logs ORDER BY id DESC LIMIT ?)
       ORDER BY 1, 2 LIMIT ?`,
    )
    .all(ROWS, HOOKS);
}

/** The ids of the latest executions, latest first. */
export function recentIds(db: Database): string[] {
  return db
    .prepare<[number], { id: number }>('SELECT id FROM hook_logs ORDER BY id DESC LIMIT ?')
    .all(IDS)
    .map(({ id }) => String(id));
}

/** How many projects to offer. */
const PROJECTS = 200;

/** The projects on record, by name. Each takes one step in the index, however many executions it has. */
export function projectsOnRecord(db: Database): string[] {
  return db
    .prepare<[number], string>(
      `WITH RECURSIVE projects (project) AS (
         SELECT min(project) FROM hook_logs WHERE project IS NOT NULL
         UNION ALL
         SELECT (SELECT min(project) FROM hook_logs WHERE project > projects.project)
         FROM projects WHERE projects.project IS NOT NULL)
       SELECT project FROM projects WHERE project IS NOT NULL LIMIT ?`,
    )
    .pluck()
    .all(PROJECTS) as string[];
}
