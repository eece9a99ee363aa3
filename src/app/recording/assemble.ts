import {
  ERROR_TEXT_BYTES,
  type Execution,
  INTERRUPTED,
  type StoredPayload,
  statusOf,
  toExecution,
} from '../../domain/execution.ts';
import { COMMAND_BYTES, commandLine } from '../../domain/hook/hook-id.ts';
import type { Begin, Capture, End } from '../../domain/record.ts';
import { redactBytes, redactTail, redactText } from '../../redaction/redaction.ts';
import type { Recorded } from '../../store/executions.ts';
import { compress } from './compression.ts';
import { decide } from './derive.ts';
import type { Surroundings } from './facts/surroundings.ts';
import { hiddenFailure } from './hidden-failure.ts';
import { TAIL_BYTES } from './meter.ts';
import { warningSentences } from './warning-sentences.ts';

/** Maximum length of a stored warning, which may quote a whole command line. */
const WARNING_BYTES = 300;

/** Maximum length of a stored directory; a truncated one ends in `…`. */
const DIRECTORY_BYTES = 4096;

/** Maximum length of a stored reason. */
const REASON_BYTES = 2045;

/** Maximum length of a name or id. */
const NAME_CHARACTERS = 200;

/**
 * Makes the database row of a record: status, decision, error text, command line, redacted and compressed payloads.
 * @param surroundings what the disk says about it
 */
export function assemble(begin: Begin, end: End, surroundings: Surroundings = {}): Recorded {
  const clean = begin.redact ? (text: string): string => redactText(text) : unchanged;
  const { agent, answer, isCut } = decide(begin, end);
  const { project, scriptDigest } = surroundings;
  const execution = toExecution(cleanNames(begin, clean), cleanKey(end, clean), {
    command: firstBytes(clean(commandLine(begin.argv)), COMMAND_BYTES),
    error: errorText(end, clean, begin.redact ? redactTail : unchanged),
    decision: answer.decision,
    decisionReason: reasonText(answer.reason, isCut, begin.redact),
    changesInput: answer.changesInput ? 1 : 0,
    contextChars: answer.contextChars,
    agent,
    project: project === undefined ? undefined : firstBytes(clean(project), DIRECTORY_BYTES),
    scriptDigest,
  });
  const answerWarning = [answer.warning, hiddenFailure(end)].flatMap((warning) =>
    warning === undefined ? [] : answerNotice(begin, warning),
  );
  const warnings = [...begin.warnings, ...warningSentences(begin), ...answerWarning].map(
    (warning) => firstBytes(clean(warning), WARNING_BYTES),
  );
  if (!storesPayloads(begin, execution)) return { execution, payloads: [], warnings };
  const payloads = end.captures.map((capture) => storedPayload(begin, capture));
  const agentVariables = variablesText(begin.variables, clean);
  return { execution: { ...execution, agentVariables }, payloads, warnings };
}

/** `storeOnly` names decisions and statuses: what people look for is either. */
function storesPayloads({ storeRaw, storeOnly }: Begin, { decision, status }: Execution): boolean {
  if (!storeRaw) return false;
  return storeOnly === undefined || storeOnly.includes(decision) || storeOnly.includes(status);
}

/** The name of the hook is added where a warning is stored. */
const answerNotice = ({ eventType }: Begin, warning: string): string =>
  eventType === '' ? warning : `${eventType}: ${warning}`;

function reasonText(
  reason: string | undefined,
  isCut: boolean,
  redact: boolean,
): string | undefined {
  if (reason === undefined || reason === '') return undefined;
  // Redact before truncating, because half a secret is not recognized.
  const bytes = Buffer.from(reason);
  const clean = redact ? redactBytes(bytes, { atEnd: isCut }) : bytes;
  return firstBytes(Buffer.from(clean).toString('utf8'), REASON_BYTES);
}

/** The agent's variables as a JSON object. */
function variablesText(variables: Begin['variables'], clean: Clean): string | undefined {
  if (variables === undefined || variables.length === 0) return undefined;
  const entries = variables.map((variable): [string, string] => {
    const equals = variable.indexOf('=');
    return [variable.slice(0, equals), clean(variable.slice(equals + 1))];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

type Clean = (text: string) => string;

const unchanged: Clean = (text) => text;

/**
 * Cleans every text that is stored, exported, and used in queries. Gates, correlation and dedupe keys were computed
 * before, from the original names.
 */
function cleanNames(begin: Begin, clean: Clean): Begin {
  const name = (text: string): string => firstCharacters(clean(text), NAME_CHARACTERS);
  const names: Partial<
    Record<'toolName' | 'sessionId' | 'toolUseId' | 'subagent' | 'cwd' | 'dedupeKey', string>
  > = {};
  for (const field of ['toolName', 'sessionId', 'toolUseId', 'subagent'] as const) {
    const text = begin[field];
    if (text !== undefined) names[field] = name(text);
  }
  if (begin.cwd !== undefined) names.cwd = firstBytes(clean(begin.cwd), DIRECTORY_BYTES);
  if (begin.dedupeKey !== undefined) names.dedupeKey = clean(begin.dedupeKey);
  const [hookName, eventType] = [name(begin.hookName), name(begin.eventType)];
  return { ...begin, hookName, eventType, ...names };
}

function cleanKey(end: End, clean: Clean): End {
  return end.dedupeKey === undefined ? end : { ...end, dedupeKey: clean(end.dedupeKey) };
}

function firstCharacters(text: string, max: number): string {
  return text.length <= max ? text : `${Buffer.from(text.slice(0, max - 1)).toString()}…`;
}

/** The end of an execution whose engine is gone. `seen` is what the engine had recorded, if anything. */
export function interruptedEnd(seen: End | undefined): End {
  const after = seen?.signal === undefined ? '' : ` after ${seen.signal}`;
  return {
    stdinBytes: 0,
    stdoutBytes: 0,
    stderrBytes: 0,
    stdoutKind: 'empty',
    stderrTail: new Uint8Array(),
    captures: [],
    ...seen,
    kind: 'cut_off',
    reason: seen?.reason ?? `${INTERRUPTED}: hookbus was killed${after}`,
  };
}

/** Why the execution did not succeed: HookBus's reason if there is one, then the end of stderr. */
function errorText(end: End, clean: Clean, cleanTail: Clean): string | undefined {
  const reason = end.reason === undefined ? undefined : clean(end.reason);
  // A successful execution may have a reason, too: it exceeded its time limit and refused by JSON.
  if (statusOf(end) === 'success') return reason;
  const { stderrTail, stderrBytes } = end;
  // Redact before truncating, because half a secret is not recognized.
  const isCut = stderrTail.length < stderrBytes || stderrTail.length >= TAIL_BYTES;
  const tail = Buffer.from(stderrTail).toString('utf8');
  const stderr = (isCut ? cleanTail(tail) : clean(tail)).trim();
  const killed = end.kind === 'signaled' && stderr === '' ? `killed by ${end.signal}` : undefined;
  const why = reason ?? killed;
  if (why === undefined) return stderr === '' ? undefined : lastBytes(stderr, ERROR_TEXT_BYTES);
  const room = Math.max(ERROR_TEXT_BYTES - Buffer.byteLength(why) - 1, 0);
  return [firstBytes(why, ERROR_TEXT_BYTES), lastBytes(stderr, room)].filter(Boolean).join('\n');
}

/** The end of a text in at most `max` bytes of UTF-8, starting with a whole character. */
function lastBytes(text: string, max: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= max) return text;
  let start = bytes.length - max;
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start).toString('utf8');
}

/** The start of a text in at most `max` bytes of UTF-8, ending with a whole character. */
function firstBytes(text: string, max: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= max) return text;
  let end = max;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.subarray(0, end).toString('utf8')}…`;
}

function storedPayload(begin: Begin, capture: Capture): StoredPayload {
  const { stream, truncated } = capture;
  const bytes = begin.redact ? redactBytes(capture.bytes, { atEnd: truncated }) : capture.bytes;
  return begin.compress
    ? { stream, truncated, encoding: 'zlib', body: compress(bytes) }
    : { stream, truncated, encoding: 'identity', body: bytes };
}
