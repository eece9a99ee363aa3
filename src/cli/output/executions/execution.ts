import type { Payload } from '../../../app/reading/find-execution.ts';
import { decodeUtf8 } from '../../../app/reading/payload-text.ts';
import { formatAge, formatBytes, formatCount, formatMoment, formatMs } from '../../../format.ts';
import type { LogRow } from '../../../store/columns.ts';
import type { ReplayRow } from '../../../store/replays.ts';
import type { Page, Tone } from '../page.ts';
import { STATUS_TONES } from '../state/status-words.ts';
import { breakAnywhere, pad, visible, visibleLines } from '../text.ts';
import { decides, decisionCell } from './decision.ts';
import { DID_NOT_RUN, exitOf } from './log-table.ts';
import { payloadLines } from './payload.ts';
import { replayRowLines } from './replay-row.ts';

/** The width of the field names. */
const NAME_COLUMNS = 14;

/** Everything about one execution. */
export function executionLines(
  row: LogRow,
  payloads: readonly Payload[],
  replays: readonly ReplayRow[],
  page: Page,
  ignored: string | null = null,
): string[] {
  const status = page.paint(visible(row.status), STATUS_TONES[row.status]);
  const { text, tone } = decisionCell(row);
  const decision = decides(row) ? `, ${page.paint(text, tone)}` : '';
  const title = `${page.paint(`Execution ${row.id}`, 'strong')}: ${status}${decision}`;
  return [
    title,
    '',
    ...fields(row, page.nowMs).flatMap(([name, value]) => fieldLines(name, value, page)),
    ...(ignored === null ? [] : textLines('ignored by the agent', ignored, 'bad', page)),
    ...reasonLines(row, page),
    ...errorLines(row, textOf(payloads, 'stderr'), page),
    '',
    ...storedLines(row, payloads, page),
    ...replayRowLines(replays, page),
  ];
}

type Field = readonly [name: string, value: string | null];

/** The fields in the order in which people look for them; omits those without a value. */
function fields(row: LogRow, nowMs: number): Field[] {
  const started = new Date(row.created_at);
  const all: Field[] = [
    ['hook', row.hook_name],
    ['event', row.event_type],
    ['tool', row.tool_name],
    ['command', row.command],
    ['directory', row.cwd],
    ['project', row.project],
    ['agent', row.agent],
    ['subagent', row.subagent],
    ['started', `${formatMoment(started, nowMs)}, ${formatAge(started, nowMs)}`],
    ['took', row.duration_ms === null ? null : formatMs(row.duration_ms)],
    ['overhead', row.overhead_ms === null ? null : formatMs(row.overhead_ms)],
    [row.signal === null ? 'exit code' : 'signal', endOf(row)],
    ['decision', row.decision ?? 'not known'],
    ['changed', row.changes_input === 1 ? 'the input of the tool, or its output' : null],
    ['context', contextOf(row)],
    ['stdin', formatBytes(row.stdin_bytes)],
    ['stdout', stdoutOf(row)],
    ['stderr', formatBytes(row.stderr_bytes)],
    ['execution id', row.execution_id],
    ['correlation id', row.correlation_id],
    ['span id', row.span_id],
    ['parent span id', row.parent_span_id],
    ['session id', row.session_id],
    ['tool use id', row.tool_use_id],
    ['dedupe key', row.dedupe_key],
    ['script digest', row.script_digest],
    ['variables', row.agent_variables],
    ['guard', row.guard_skipped === 1 ? DID_NOT_RUN : null],
    ['secrets', row.redacted === 0 ? 'not redacted' : null],
  ];
  return all.filter(([, value]) => value !== null && value !== '');
}

function endOf(row: LogRow): string | null {
  return row.signal === null && row.exit_code === null ? null : exitOf(row);
}

function contextOf({ context_chars }: LogRow): string | null {
  return context_chars === null || context_chars === 0
    ? null
    : `${formatCount(context_chars)} characters added`;
}

function stdoutOf(row: LogRow): string {
  const digest = row.stdout_digest === null ? '' : `, digest ${row.stdout_digest}`;
  const kind = row.stdout_kind === 'broken' ? 'broken JSON' : row.stdout_kind;
  return row.stdout_bytes === 0
    ? formatBytes(0)
    : `${formatBytes(row.stdout_bytes)}, ${kind}${digest}`;
}

function fieldLines(name: string, value: string | null, page: Page): string[] {
  return breakAnywhere(visible(value ?? ''), page.columns - NAME_COLUMNS - 2).map(
    (line, index) => `${page.paint(pad(index === 0 ? name : '', NAME_COLUMNS), 'dim')}  ${line}`,
  );
}

function reasonLines(row: LogRow, page: Page): string[] {
  if (row.decision_reason === null) return [];
  return textLines('reason', row.decision_reason, decisionCell(row).tone, page);
}

/** Omits an error that is the reason of a refusal, or the end of what stands below. */
function errorLines(
  { error, status, decision_reason }: LogRow,
  stderr: string | undefined,
  page: Page,
): string[] {
  const text = error?.trim();
  if (error === null || (status === 'blocked' && text === decision_reason?.trim())) return [];
  const isBelow = stderr?.trim() !== text && stderr?.includes(text ?? '') === true;
  return isBelow ? [] : textLines('error', error, STATUS_TONES[status], page);
}

function textLines(title: string, text: string, tone: Tone | undefined, page: Page): string[] {
  const lines = visibleLines(text).flatMap((line) => breakAnywhere(line, page.columns - 2));
  return ['', page.paint(title, 'strong'), ...lines.map((line) => `  ${page.paint(line, tone)}`)];
}

/** The stored text of a stream, if it is text and complete. */
function textOf(payloads: readonly Payload[], stream: Payload['stream']): string | undefined {
  const payload = payloads.find((candidate) => candidate.stream === stream);
  if (payload === undefined || payload.truncated || payload.problem !== undefined) return undefined;
  return decodeUtf8(payload.bytes);
}

const STREAMS = ['stdin', 'stdout', 'stderr'] as const;

function storedLines(row: LogRow, payloads: readonly Payload[], page: Page): string[] {
  if (payloads.length === 0) {
    return [
      'The payloads of this execution were not stored.',
      'To store payloads from now on: hookbus enable --store-raw',
    ];
  }
  const sizes = { stdin: row.stdin_bytes, stdout: row.stdout_bytes, stderr: row.stderr_bytes };
  return STREAMS.flatMap((stream) => {
    const payload = payloads.find((candidate) => candidate.stream === stream);
    if (payload === undefined) return [];
    const title = `${page.paint(stream, 'strong')} ${page.paint(`(${extent(payload, sizes[stream])})`, 'dim')}`;
    const isAbove =
      payload.bytes.length > 0 &&
      [row.error, row.decision_reason].some(
        (text) => text !== null && text.trim() === textOf(payloads, stream)?.trim(),
      );
    const body = isAbove
      ? [`  ${page.paint('(shown above)', 'dim')}`]
      : payloadLines(payload, page);
    return [title, ...body, ''];
  }).slice(0, -1);
}

function extent({ bytes, truncated, problem }: Payload, wholeBytes: number): string {
  if (problem !== undefined) return `${problem}; shown as stored`;
  if (!truncated) return `${formatBytes(bytes.length)}, complete`;
  return `the first ${formatBytes(bytes.length)} of ${formatBytes(wholeBytes)}`;
}
