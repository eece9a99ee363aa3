import { canBlock } from '../../../domain/events.ts';
import type { Database } from '../../database.ts';
import { HAS_RUN } from '../../statuses.ts';

/** The script of a guard became another one between two of its executions. */
export interface ScriptChange {
  readonly hookName: string;
  readonly command: string;
  readonly project: string | null;
  readonly before: string;
  /** When the former script last ran, and the new one first. UTC, in the format of `created_at`. */
  readonly beforeAt: string;
  readonly after: string;
  readonly afterAt: string;
}

interface ScriptRun {
  readonly id: number;
  readonly hookName: string;
  readonly eventType: string;
  readonly command: string;
  readonly project: string | null;
  readonly digest: string;
  readonly at: string;
}

/** The latest script of each hook, command and project. */
export type KnownScripts = Map<string, Pick<ScriptRun, 'digest' | 'at'>>;

/** How many rows one search looks at, and how many of a hook's to find its former script. */
const MAX_ROWS = 50_000;
const MAX_LOOKED_AT = 2000;

/**
 * The changes in the rows after `afterId`, oldest first. The same command in another project may name another file, so
 * only runs of one project are compared.
 * @param known what is known already; takes over what these rows say
 */
export function findScriptChanges(
  db: Database,
  afterId: number,
  since: string,
  known: KnownScripts,
): ScriptChange[] {
  const runs = db
    .prepare<[number, number, string], ScriptRun>(
      `SELECT id, hook_name AS hookName, event_type AS eventType, command, project, script_digest AS digest,
         created_at AS at
       FROM (SELECT * FROM hook_logs WHERE id > ? ORDER BY id DESC LIMIT ?)
       WHERE created_at >= ? AND script_digest IS NOT NULL ORDER BY id DESC`,
    )
    .all(afterId, MAX_ROWS, since)
    .reverse();
  const former = db.prepare<unknown[], Pick<ScriptRun, 'digest' | 'at'>>(
    `SELECT script_digest AS digest, created_at AS at FROM (
       SELECT id, command, project, script_digest, created_at FROM hook_logs
       WHERE hook_name = ? AND created_at <= ? ORDER BY created_at DESC LIMIT ${MAX_LOOKED_AT})
     WHERE id < ? AND command = ? AND project IS ? AND script_digest IS NOT NULL LIMIT 1`,
  );
  const hasRefused = db
    .prepare("SELECT 1 FROM hook_logs WHERE hook_name = ? AND decision = 'deny' LIMIT 1")
    .pluck();
  return runs.flatMap(({ id, hookName, eventType, command, project, digest, at }) => {
    const key = JSON.stringify([hookName, command, project]);
    const before = known.get(key) ?? former.get(hookName, at, id, command, project);
    known.set(key, { digest, at });
    if (before === undefined || before.digest === digest) return [];
    if (!canBlock(eventType) && hasRefused.get(hookName) === undefined) return [];
    const names = { hookName, command, project };
    return [{ ...names, before: before.digest, beforeAt: before.at, after: digest, afterAt: at }];
  });
}

/** What a hook did before its script last changed, and since. */
export interface ScriptHistory extends ScriptChange {
  /** Null for executions from before its column. */
  readonly agent: string | null;
  readonly runsBefore: number;
  readonly refusalsBefore: number;
  readonly runsSince: number;
  readonly refusalsSince: number;
}

/**
 * The last change of the script of each hook, command and project, as far as executions are kept: for `hookbus hooks` and
 * doctor. Hooks whose script did not change, or that refused nothing, have none.
 */
export function readScriptHistory(db: Database): ScriptHistory[] {
  return db
    .prepare<[], ScriptHistory>(
      `WITH runs AS (
         SELECT id, hook_name, command, project, agent, script_digest, created_at, decision = 'deny' AS refused
         FROM hook_logs WHERE script_digest IS NOT NULL AND ${HAS_RUN}
           AND hook_name IN (SELECT DISTINCT hook_name FROM hook_logs WHERE decision = 'deny')),
       latest AS (
         SELECT hook_name, command, project, agent, script_digest AS after, max(id) FROM runs
         GROUP BY hook_name, command, project),
       changed AS (
         SELECT latest.hook_name, latest.command, latest.project, latest.agent, after, max(id) AS before_id,
           script_digest AS before, created_at AS before_at
         FROM latest JOIN runs ON runs.hook_name = latest.hook_name AND runs.command = latest.command
           AND runs.project IS latest.project AND script_digest <> after
         GROUP BY latest.hook_name, latest.command, latest.project)
       SELECT changed.hook_name AS hookName, changed.command, changed.project, changed.agent, before,
         before_at AS beforeAt, after,
         min(CASE WHEN id > before_id THEN created_at END) AS afterAt,
         sum(id <= before_id) AS runsBefore, coalesce(sum(id <= before_id AND refused), 0) AS refusalsBefore,
         sum(id > before_id) AS runsSince, coalesce(sum(id > before_id AND refused), 0) AS refusalsSince
       FROM changed JOIN runs ON runs.hook_name = changed.hook_name AND runs.command = changed.command
         AND runs.project IS changed.project
       GROUP BY changed.hook_name, changed.command, changed.project
       ORDER BY changed.hook_name, changed.command, changed.project`,
    )
    .all();
}
