import type { Agent, Decision } from '../domain/answer/decision.ts';
import type { Execution, Status } from '../domain/execution.ts';
import type { StdoutKind } from '../domain/record.ts';
import { SKIPPED_GUARD } from '../domain/skipped-guard.ts';

/**
 * The columns of `hook_logs`, in the order in which they are shown: the only place that lists them. Reading, writing, JSON,
 * docs/database.md and docs/json.md come from this table. A new column also needs a migration (migrations/) and its value
 * in `toExecution` (src/domain/execution.ts).
 */
export interface Column<T> {
  /** What it means, for docs/database.md. */
  readonly about: string;
  /** The type of its values in JSON; docs show it. */
  readonly type: 'string' | 'number';
  readonly isNullable: boolean;
  /** How it is read, in SQL, where it is not a column of the table but follows from others. */
  readonly sql?: string;
  /** A value of an execution of which nothing is known. */
  readonly empty: T;
}

const text = <T extends string = string>(about: string, empty: T = '' as T): Column<T> => ({
  about,
  type: 'string',
  isNullable: false,
  empty,
});
const number = <T extends number = number>(about: string, sql?: string): Column<T> => ({
  about,
  type: 'number',
  isNullable: false,
  empty: 0 as T,
  ...(sql !== undefined && { sql }),
});
const textOrNull = <T extends string = string>(about: string): Column<T | null> => ({
  about,
  type: 'string',
  isNullable: true,
  empty: null,
});
const numberOrNull = (about: string): Column<number | null> => ({
  about,
  type: 'number',
  isNullable: true,
  empty: null,
});

export const COLUMNS = {
  id: number('Number of the row. It grows; `hookbus show` takes it.'),
  execution_id: text('Id of the execution, a UUIDv7: unique, and sorts by time.'),
  correlation_id: text('W3C trace id, 32 hex digits; executions with one cause share it.'),
  span_id: text('W3C span id, 16 hex digits: this execution within the trace.'),
  parent_span_id: textOrNull('Span that an inherited `TRACEPARENT` named.'),
  hook_name: text(
    'Name of the hook: `--name`, or the file name of the script that the command runs.',
  ),
  event_type: text(
    'Event, such as `PreToolUse`: from the payload, else `--event`; empty if neither names one.',
  ),
  tool_name: textOrNull('Tool, such as `Bash`: from the payload, else `--tool`.'),
  session_id: textOrNull('Session of the agent, from the payload.'),
  tool_use_id: textOrNull('The agent’s id of the tool call, from the payload.'),
  cwd: textOrNull('Directory in which the hook ran.'),
  command: text(
    'The command as a shell line, redacted, at most 4 KB; a line that was too long ends in `…`.',
  ),
  status: text<Status>(
    'How it ended: `success`, `blocked`, `error`, `timeout`, `dedupe_skip` or `breaker_skip` ([status](database.md#status)).',
    'success',
  ),
  exit_code: numberOrNull(
    'Exit code of the hook; 124 after `--timeout` if it did not refuse, 126 or 127 if it could not start. Null if a signal ended it.',
  ),
  signal: textOrNull(
    'Signal that ended the hook, such as `SIGTERM`; for an interrupted execution, the last signal seen.',
  ),
  error: textOrNull(
    'Why it was no success, then the end of stderr; at most 2048 bytes, redacted. After a success: that the hook refused by JSON after `--timeout`.',
  ),
  duration_ms: numberOrNull(
    'Wall time of the hook in ms, with the time that it waited for a slow reader. Null if it did not start, or if nobody saw it end.',
  ),
  overhead_ms: numberOrNull(
    'The rest of HookBus’s wall time in ms, as seen from inside; the caller sees more ([performance.md](performance.md)).',
  ),
  stdin_bytes: number(
    'Size of the payload in bytes, uncut. If stdin is a file: how far the hook read it.',
  ),
  stdout_bytes: number('Bytes that the hook wrote to stdout, uncut.'),
  stderr_bytes: number('Bytes that the hook wrote to stderr, uncut.'),
  stdout_kind: text<StdoutKind>(
    '`empty`, `text`, `json` (one object and nothing else) or `broken` (begins with `{` and is no object). In more than 16 KiB the launcher checks quotes and brackets only.',
    'empty',
  ),
  stdout_digest: textOrNull(
    'First 16 hex digits of the SHA-256 of the first 64 KiB of stdout; null if stdout is empty.',
  ),
  dedupe_key: textOrNull('The dedupe key ([dedupe.md](dedupe.md)); null if it has none.'),
  created_at: text('When it started.'),
  redacted: numberOrNull(
    '1 if secrets were replaced before it was stored, else 0; null in rows from before this column.',
  ),
  decision: textOrNull<Decision>(
    'What the hook decided, by the rules of its agent: `deny`, `ask`, `defer`, `allow`, `stop` or `none` ([decision](database.md#decision)). Null in rows from before this column that do not tell.',
  ),
  decision_reason: textOrNull('The reason that the hook gave, redacted, at most 2048 bytes.'),
  changes_input: numberOrNull(
    '1 if the agent continued with the input, or the output of the tool, that the hook gave it, else 0; null in rows from before this column.',
  ),
  context_chars: numberOrNull(
    'Characters that the hook added to the agent’s context; null in rows from before this column.',
  ),
  agent: textOrNull<Agent>(
    'Agent that ran the hook: `claude`, `codex`, `gemini`, `cursor`, `copilot`, `qwen`, `droid`, `auggie` or `cline`; null if payload and environment do not tell.',
  ),
  subagent: textOrNull('Kind of subagent that caused it, from the payload.'),
  project: textOrNull('Top of the git work tree that `cwd` is in; else `cwd`.'),
  script_digest: textOrNull(
    'SHA-256 of the script that the command runs, as it was when the execution was stored, 64 hex digits; null if there is none.',
  ),
  agent_variables: textOrNull(
    'Variables of the agent that the hook had, such as `CLAUDE_PROJECT_DIR`, as a JSON object; only with stored payloads.',
  ),
  guard_skipped: number<0 | 1>(
    '1 if the hook could have refused and did not run, and nothing refused in its place; else 0. JSON only: it follows from event, agent, status and error.',
    SKIPPED_GUARD,
  ),
} as const satisfies Record<string, Column<unknown>>;

type Columns = typeof COLUMNS;

/** One row of `hook_logs`, by the names of its columns. */
export type LogRow = {
  readonly [K in keyof Columns]: Columns[K] extends Column<infer T> ? T : never;
};

const NAMES = Object.keys(COLUMNS) as (keyof Columns)[];
const sqlOf = (name: keyof Columns): string | undefined => (COLUMNS[name] as Column<unknown>).sql;

/** What a SELECT of a `LogRow` names. */
export const LOG_COLUMNS = NAMES.map((name) => {
  const sql = sqlOf(name);
  return sql === undefined ? name : `${sql} AS ${name}`;
}).join(', ');

/** A row of which nothing is known. */
export const EMPTY_ROW = Object.fromEntries(
  NAMES.map((name) => [name, COLUMNS[name].empty]),
) as unknown as LogRow;

const WRITTEN = NAMES.filter((name) => name !== 'id' && sqlOf(name) === undefined);

/** The field of an execution that a column holds: `hook_name` holds `hookName`. */
const fieldOf = (name: string): string =>
  name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Stores an execution, with the parameters that `toParameters` makes; one that is stored already stays. */
export const INSERT_EXECUTION = `INSERT INTO hook_logs (${WRITTEN.join(', ')})
  VALUES (${WRITTEN.map(() => '?').join(', ')}) ON CONFLICT (execution_id) DO NOTHING`;

const WRITTEN_FIELDS = WRITTEN.map(fieldOf);

export function toParameters(execution: Execution): unknown[] {
  const fields = execution as unknown as Readonly<Record<string, unknown>>;
  // SQLite has no undefined.
  return WRITTEN_FIELDS.map((name) => fields[name] ?? null);
}
