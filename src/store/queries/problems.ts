import { INTERRUPTED } from '../../domain/execution.ts';
import type { Database } from '../database.ts';

/** How often something occurred, and its latest execution. */
export interface Sighting {
  readonly count: number;
  /** Null if it never occurred. */
  readonly latest: { readonly at: string; readonly executionId: string } | null;
}

/** Reasons why a hook may do less than its author thinks, for one hook on one event. */
export interface HookProblems {
  readonly hookName: string;
  readonly eventType: string;
  readonly runs: number;
  /** An exit code that neither allows nor blocks. */
  readonly oddExit: Sighting & { readonly code: number | null };
  /** Exit code 126 or 127: the command could not be started. */
  readonly notStarted: Sighting;
  /** Stdout that begins like a JSON object but is not one. */
  readonly brokenJson: Sighting;
  /** Exit code 2 without any output on stderr and without a JSON object on stdout. */
  readonly silentBlock: Sighting;
  readonly longText: Sighting;
  readonly longJson: Sighting;
  readonly maxStdoutBytes: number;
  /** Interrupted by the caller before it was done, or by `--timeout`. */
  readonly cutShort: Sighting;
}

/** How much of a hook's output an agent takes, in characters. */
export const MAX_CHARACTERS = 10_000;

const CONDITIONS = {
  oddExit: 'exit_code NOT IN (0, 2, 124, 126, 127) AND signal IS NULL',
  notStarted: 'exit_code IN (126, 127)',
  brokenJson: "stdout_kind = 'broken'",
  silentBlock: "exit_code = 2 AND stderr_bytes = 0 AND stdout_kind <> 'json'",
  longText: `stdout_kind = 'text' AND stdout_bytes > ${MAX_CHARACTERS}`,
  longJson: `stdout_kind = 'json' AND stdout_bytes > ${MAX_CHARACTERS}`,
  cutShort: `status = 'timeout' OR error LIKE '${INTERRUPTED}%'`,
} as const;

type Kind = keyof typeof CONDITIONS;
const KINDS = Object.keys(CONDITIONS) as Kind[];

/** One row per hook and event, for executions since a time (UTC, in the format of `created_at`). */
export function readHookProblems(db: Database, since: string): HookProblems[] {
  const columns = KINDS.map((kind) => {
    const condition = CONDITIONS[kind];
    return `coalesce(sum(${condition}), 0) AS ${kind},
      max(CASE WHEN ${condition} THEN created_at || ' ' || execution_id END) AS ${kind}At`;
  });
  const rows = db
    .prepare<[string], Record<string, string | number | null>>(
      `SELECT hook_name AS hookName, event_type AS eventType, count(*) AS runs, ${columns.join(', ')},
              max(CASE WHEN ${CONDITIONS.oddExit} THEN exit_code END) AS oddCode,
              max(stdout_bytes) AS maxStdoutBytes
       FROM hook_logs
       WHERE created_at >= ? AND status NOT IN ('dedupe_skip', 'breaker_skip')
       GROUP BY hook_name, event_type ORDER BY hook_name, event_type`,
    )
    .all(since);
  return rows.map((row) => {
    const sighting = (kind: Kind): Sighting => toSighting(row[kind], row[`${kind}At`]);
    return {
      hookName: String(row['hookName']),
      eventType: String(row['eventType']),
      runs: Number(row['runs']),
      oddExit: { ...sighting('oddExit'), code: row['oddCode'] as number | null },
      notStarted: sighting('notStarted'),
      brokenJson: sighting('brokenJson'),
      silentBlock: sighting('silentBlock'),
      longText: sighting('longText'),
      longJson: sighting('longJson'),
      maxStdoutBytes: Number(row['maxStdoutBytes']),
      cutShort: sighting('cutShort'),
    };
  });
}

function toSighting(count: unknown, latest: unknown): Sighting {
  if (typeof latest !== 'string') return { count: Number(count), latest: null };
  const [at = '', executionId = ''] = latest.split(' ');
  return { count: Number(count), latest: { at, executionId } };
}

/** A command that ran more than once for the same call. */
export interface RepeatedRun extends Sighting {
  readonly hookName: string;
  readonly eventType: string;
  readonly command: string;
}

/** Two executions on an event without an id are one firing if they are closer than this, in days. */
const SAME_FIRING_DAYS = 0.5 / 86_400;

/** Finds commands that ran again for the same tool use, or for the same start, prompt or stop of a session. */
export function readRepeatedRuns(db: Database, since: string): RepeatedRun[] {
  const rows = db
    .prepare<
      [string, string],
      { hookName: string; eventType: string; command: string; count: number; latest: string }
    >(
      `WITH repeated AS (
         SELECT hook_name, event_type, command, max(created_at || ' ' || execution_id) AS latest
         FROM hook_logs WHERE created_at >= ? AND tool_use_id IS NOT NULL
         GROUP BY session_id, tool_use_id, event_type, hook_name, command HAVING count(*) > 1
         UNION ALL
         SELECT hook_name, event_type, command, created_at || ' ' || execution_id FROM (
           SELECT *, lag(created_at) OVER (
             PARTITION BY session_id, event_type, hook_name, command ORDER BY created_at) AS before
           FROM hook_logs
           WHERE created_at >= ? AND session_id IS NOT NULL
             AND event_type IN ('SessionStart', 'UserPromptSubmit', 'Stop'))
         WHERE julianday(created_at) - julianday(before) < ${SAME_FIRING_DAYS})
       SELECT hook_name AS hookName, event_type AS eventType, command, count(*) AS count, max(latest) AS latest
       FROM repeated GROUP BY hook_name, event_type, command ORDER BY hook_name, event_type, command`,
    )
    .all(since, since);
  return rows.map(({ latest, count, ...row }) => ({ ...row, ...toSighting(count, latest) }));
}

/** Problems that SQLite finds in the file, one sentence each; it reads every page. */
export function checkIntegrity(db: Database): string[] {
  const found = db.pragma('quick_check(5)') as readonly { readonly quick_check: string }[];
  return found.map(({ quick_check }) => quick_check).filter((text) => text !== 'ok');
}
