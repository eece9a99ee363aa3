import type { Database } from '../../database.ts';

/** Whose executions count: those of one agent, and for the hooks of a project those in it. */
export interface ActivityScope {
  readonly agent: string;
  /** Undefined: everywhere. */
  readonly project: string | undefined;
}

/** What a hook did on one event. */
export interface HookActivity {
  readonly hookName: string;
  readonly eventType: string;
  readonly lastRun: string;
  /** These count since a time. */
  readonly runs: number;
  readonly refusals: number;
  readonly failures: number;
}

/** Rows from before the columns `agent` and `project` count by their directory, and for every agent. */
const IN_SCOPE = `(agent IS NULL OR agent = @agent)
  AND (@project IS NULL OR project = @project OR cwd = @project
       OR (project IS NULL AND substr(cwd, 1, length(@project) + 1) = @project || '/'))`;

const RAN = "status NOT IN ('dedupe_skip', 'breaker_skip')";

/**
 * The hooks with these names, one row for each event on which they ever ran. The plus keeps SQLite from the index by hook:
 * these are most hooks, and reading all executions in their own order is several times faster.
 */
export function readHookActivity(
  db: Database,
  names: readonly string[],
  since: string,
  { agent, project }: ActivityScope,
): HookActivity[] {
  return db
    .prepare<Record<string, string | null>, HookActivity>(
      `SELECT hook_name AS hookName, event_type AS eventType, max(created_at) AS lastRun,
              sum(created_at >= @since) AS runs,
              sum(created_at >= @since AND decision IS 'deny') AS refusals,
              sum(created_at >= @since AND status IN ('error', 'timeout') AND decision IS NOT 'deny') AS failures
       FROM hook_logs
       WHERE +hook_name IN (SELECT value FROM json_each(@names)) AND ${RAN} AND ${IN_SCOPE}
       GROUP BY +hook_name, event_type`,
    )
    .all({ names: JSON.stringify(names), since, agent, project: project ?? null });
}

/** How often hooks saw a tool, or an event without one, in one session. */
export interface Occasions {
  readonly eventType: string;
  readonly toolName: string | null;
  readonly sessionId: string;
  readonly count: number;
}

/**
 * What hooks saw in sessions that began after a time: agents that read their settings only when they start knew them
 * by then.
 */
export function readOccasions(
  db: Database,
  events: readonly string[],
  since: string,
  { agent, project }: ActivityScope,
): Occasions[] {
  return db
    .prepare<Record<string, string | null>, Occasions>(
      `SELECT event_type AS eventType, tool_name AS toolName, session_id AS sessionId,
              count(DISTINCT coalesce(tool_use_id, correlation_id)) AS count
       FROM hook_logs AS seen
       WHERE created_at >= @since AND session_id IS NOT NULL
         AND event_type IN (SELECT value FROM json_each(@events)) AND ${IN_SCOPE}
         AND NOT EXISTS (SELECT 1 FROM hook_logs AS earlier
                         WHERE earlier.session_id = seen.session_id AND earlier.created_at < @since)
       GROUP BY event_type, tool_name, session_id`,
    )
    .all({ events: JSON.stringify(events), since, agent, project: project ?? null });
}

/** Whose a hook was, and where it ran. */
export interface HookPlaceRow {
  readonly agent: string | null;
  readonly cwd: string | null;
  readonly project: string | null;
}

/** How many of the latest executions of a hook tell where it runs. */
const MAX_PLACED = 2000;

/** The agents and directories of the latest executions of a hook, the latest first. */
export function placesOfHook(db: Database, hookName: string, limit: number): HookPlaceRow[] {
  return db
    .prepare<[string, number], HookPlaceRow>(
      `SELECT agent, cwd, project FROM (
         SELECT agent, cwd, project, created_at FROM hook_logs WHERE hook_name = ?
         ORDER BY created_at DESC LIMIT ${MAX_PLACED})
       GROUP BY agent, cwd, project ORDER BY max(created_at) DESC LIMIT ?`,
    )
    .all(hookName, limit);
}
