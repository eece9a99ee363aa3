import { INTERRUPTED } from '../../domain/execution.ts';
import { listHookNames } from '../breakers.ts';
import type { Database } from '../database.ts';
import { hasMoreRows } from '../rollups.ts';
import { HAS_RUN } from '../statuses.ts';
import { startOfNewest } from './dashboard.ts';
import { type Span, untilOf } from './overview.ts';

/** How often something occurred, and its latest execution. */
export interface Sighting {
  readonly count: number;
  /** Null if it never occurred. */
  readonly latest: {
    readonly at: string;
    readonly executionId: string;
    readonly logId: number;
  } | null;
}

/** Reasons why a hook may do less than its author thinks, for one hook on one event. */
export interface HookProblems {
  readonly hookName: string;
  readonly eventType: string;
  /** Whether Cline ran it, where a hook can refuse on any event, and by no exit code. */
  readonly isOfCline: boolean;
  readonly runs: number;
  /** These are its latest runs, and there are more since the time that was asked for. */
  readonly isCapped: boolean;
  /** It failed and refused nothing. */
  readonly failed: Sighting;
  /** How many of these since its last run that did not fail. */
  readonly failuresInRow: number;
  /** What its latest failure said. */
  readonly lastError: string | null;
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

/** Some agents read a refusal in JSON at any exit code. */
const NOT_REFUSED = "decision IS NOT 'deny'";
const FAILED = `(status IN ('error', 'timeout') AND ${NOT_REFUSED})`;

const CONDITIONS = {
  failed: FAILED,
  oddExit: `exit_code NOT IN (0, 2, 124, 126, 127) AND signal IS NULL AND ${NOT_REFUSED}`,
  notStarted: 'exit_code IN (126, 127)',
  brokenJson: "stdout_kind = 'broken'",
  silentBlock: "exit_code = 2 AND stderr_bytes = 0 AND stdout_kind <> 'json'",
  longText: `stdout_kind = 'text' AND stdout_bytes > ${MAX_CHARACTERS}`,
  longJson: `stdout_kind = 'json' AND stdout_bytes > ${MAX_CHARACTERS}`,
  cutShort: `status = 'timeout' OR status = 'error' AND error LIKE '${INTERRUPTED}%'`,
} as const;

type Kind = keyof typeof CONDITIONS;
const KINDS = Object.keys(CONDITIONS) as Kind[];

/** Fewer executions of a hook tell too little of it. */
const MIN_ROWS = 20;

const LATEST = 'created_at >= @since ORDER BY created_at DESC LIMIT @limit';
const LATEST_OF_HOOK = `SELECT * FROM hook_logs WHERE hook_name = @name AND ${LATEST}`;
const LATEST_OF_EACH = `SELECT hook_logs.* FROM json_each(@names) AS one JOIN hook_logs ON hook_logs.id IN (
  SELECT id FROM hook_logs WHERE hook_name = one.value AND ${LATEST})`;

/**
 * One entry per hook and event, for executions since a time (UTC, in the format of `created_at`).
 * @param maxRows about how many executions to read; with more of them, the latest of each hook, or of very many hooks the
 * latest of all
 */
export function readHookProblems(db: Database, since: string, maxRows: number): HookProblems[] {
  if (!hasMoreRows(db, { from: since, until: undefined }, maxRows)) {
    return readProblemsOf(db, { from: since, until: undefined });
  }
  const names = listHookNames(db);
  const limit = Math.floor(maxRows / names.length);
  if (limit < MIN_ROWS) {
    const latest = { from: startOfNewest(db, since, maxRows), until: undefined };
    return readProblemsOf(db, latest).map((one) => ({ ...one, isCapped: true }));
  }
  const values = { since, limit, names: JSON.stringify(names) };
  const capped = db
    .prepare<[Values], string>(
      `SELECT hook_name FROM (${LATEST_OF_EACH}) GROUP BY hook_name HAVING count(*) >= @limit`,
    )
    .pluck()
    .all(values);
  return aggregate(db, LATEST_OF_EACH, LATEST_OF_HOOK, values).map((one) => ({
    ...one,
    isCapped: capped.includes(one.hookName),
  }));
}

/** The same for all executions of a span. */
export const readProblemsOf = (db: Database, span: Span): HookProblems[] =>
  aggregate(db, OF_SPAN, OF_SPAN, { from: span.from, until: untilOf(span) });

const OF_SPAN = 'SELECT * FROM hook_logs WHERE created_at >= @from AND created_at < @until';

type Values = Readonly<Record<string, string | number>>;

/** @param ofHook the same executions for one hook, `@name`; it may have others, too */
function aggregate(db: Database, source: string, ofHook: string, values: Values): HookProblems[] {
  const columns = KINDS.map((kind) => {
    const condition = CONDITIONS[kind];
    return `coalesce(sum(${condition}), 0) AS ${kind},
      max(CASE WHEN ${condition} THEN created_at || ' ' || execution_id || ' ' || id END) AS ${kind}At`;
  });
  const found = db
    .prepare<[Values], Record<string, string | number | null>>(
      `SELECT hook_name AS hookName, event_type AS eventType, max(agent IS 'cline') AS isOfCline, count(*) AS runs, ${columns.join(', ')},
              max(CASE WHEN ${CONDITIONS.oddExit} THEN exit_code END) AS oddCode,
              max(stdout_bytes) AS maxStdoutBytes,
              max(CASE WHEN NOT ${FAILED} THEN created_at END) AS goodAt
       FROM (${source}) WHERE ${HAS_RUN}
       GROUP BY +hook_name, event_type ORDER BY hook_name, event_type`,
    )
    .all(values);
  const errorOf = db.prepare('SELECT error FROM hook_logs WHERE id = ?').pluck();
  const inRow = db
    .prepare<[Values]>(
      `SELECT count(*) FROM (${ofHook}) WHERE hook_name = @name AND event_type = @event AND created_at > @goodAt AND ${FAILED}`,
    )
    .pluck();
  return found.map((row) => {
    const sighting = (kind: Kind): Sighting => toSighting(row[kind], row[`${kind}At`]);
    const [name, event] = [String(row['hookName']), String(row['eventType'])];
    const failed = sighting('failed');
    const goodAt = String(row['goodAt'] ?? '');
    const isFailing = failed.latest !== null && failed.latest.at > goodAt;
    return {
      hookName: name,
      eventType: event,
      isOfCline: row['isOfCline'] === 1,
      runs: Number(row['runs']),
      isCapped: false,
      failed,
      failuresInRow: isFailing ? Number(inRow.get({ ...values, name, event, goodAt })) : 0,
      lastError: failed.latest && (errorOf.get(failed.latest.logId) as string | null),
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
  const [at = '', executionId = '', logId = ''] = latest.split(' ');
  return { count: Number(count), latest: { at, executionId, logId: Number(logId) } };
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
export function readRepeatedRuns(db: Database, span: Span): RepeatedRun[] {
  const rows = db
    .prepare<
      [Values],
      { hookName: string; eventType: string; command: string; count: number; latest: string }
    >(
      `WITH repeated AS (
         SELECT hook_name, event_type, command, max(created_at || ' ' || execution_id || ' ' || id) AS latest
         FROM hook_logs WHERE created_at >= @from AND created_at < @until AND tool_use_id IS NOT NULL
         GROUP BY session_id, tool_use_id, event_type, hook_name, command HAVING count(*) > 1
         UNION ALL
         SELECT hook_name, event_type, command, created_at || ' ' || execution_id || ' ' || id FROM (
           SELECT hook_name, event_type, command, created_at, execution_id, id, lag(created_at) OVER (
             PARTITION BY session_id, event_type, hook_name, command ORDER BY created_at) AS before
           FROM hook_logs
           WHERE created_at >= @from AND created_at < @until AND session_id IS NOT NULL
             AND event_type IN ('SessionStart', 'UserPromptSubmit', 'Stop'))
         WHERE julianday(created_at) - julianday(before) < ${SAME_FIRING_DAYS})
       SELECT hook_name AS hookName, event_type AS eventType, command, count(*) AS count, max(latest) AS latest
       FROM repeated GROUP BY hook_name, event_type, command ORDER BY hook_name, event_type, command`,
    )
    .all({ from: span.from, until: untilOf(span) });
  return rows.map(({ latest, count, ...row }) => ({ ...row, ...toSighting(count, latest) }));
}

/** In a larger database only the small tables are checked: SQLite would read every page of the file. */
const MAX_CHECKED_BYTES = 50_000_000;

/** The tables that grow with every execution. */
const LARGE_TABLES = ['hook_logs', 'hook_payloads'];

/**
 * Problems that SQLite finds in the file, one sentence each.
 * @param isSuspect check all of it, however large it is
 */
export function checkIntegrity(
  db: Database,
  isSuspect: boolean,
): { readonly isWhole: boolean; readonly problems: readonly string[] } {
  const [pages, pageBytes] = ['page_count', 'page_size'].map((name) =>
    Number(db.pragma(name, { simple: true })),
  );
  const isWhole = isSuspect || (pages ?? 0) * (pageBytes ?? 0) <= MAX_CHECKED_BYTES;
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  const small = (tables as string[]).filter((name) => !LARGE_TABLES.includes(name));
  const parts = isWhole ? ['5'] : small.map((name) => `"${name.replaceAll('"', '""')}"`);
  const found = parts.flatMap((part) => db.pragma(`quick_check(${part})`)) as readonly {
    readonly quick_check: string;
  }[];
  const problems = found.map(({ quick_check }) => quick_check).filter((text) => text !== 'ok');
  return { isWhole, problems };
}
