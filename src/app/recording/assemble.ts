import {
  ERROR_TEXT_BYTES,
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
import { TAIL_BYTES } from './meter.ts';
import { warningSentences } from './warning-sentences.ts';

/** Maximum length of a stored warning, which may quote a whole command line. */
const WARNING_BYTES = 300;

/** Maximum length of a stored directory; a truncated one ends in `…`. */
const DIRECTORY_BYTES = 4096;

/** Maximum length of a name or id. */
const NAME_CHARACTERS = 200;

/** Makes the database row of a record: status, error text, command line, redacted and compressed payloads. */
export function assemble(begin: Begin, end: End): Recorded {
  const clean = begin.redact ? (text: string): string => redactText(text) : unchanged;
  const execution = toExecution(cleanNames(begin, clean), cleanKey(end, clean), {
    command: firstBytes(clean(commandLine(begin.argv)), COMMAND_BYTES),
    error: errorText(end, clean, begin.redact ? redactTail : unchanged),
  });
  const payloads = begin.storeRaw
    ? end.captures.map((capture) => storedPayload(begin, capture))
    : [];
  const warnings = [...begin.warnings, ...warningSentences(begin)].map((warning) =>
    firstBytes(clean(warning), WARNING_BYTES),
  );
  return { execution, payloads, warnings };
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
    Record<'toolName' | 'sessionId' | 'toolUseId' | 'cwd' | 'dedupeKey', string>
  > = {};
  for (const field of ['toolName', 'sessionId', 'toolUseId'] as const) {
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
