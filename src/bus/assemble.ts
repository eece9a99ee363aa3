import {
  CUT_OFF,
  ERROR_TEXT_BYTES,
  type StoredPayload,
  statusOf,
  toExecution,
} from '../domain/execution.ts';
import { commandLine } from '../domain/hook-id.ts';
import type { Begin, Capture, End } from '../domain/record.ts';
import { redactBytes, redactText } from '../domain/redaction.ts';
import type { Recorded } from '../store/executions.ts';
import { compress } from './compression.ts';

/** Most that is kept of a sentence about a mistake, which may quote a whole command line. */
const MISTAKE_BYTES = 300;

/** Makes what the database stores of a record: status, error text, command line, redacted and compressed payloads. */
export function assemble(begin: Begin, end: End): Recorded {
  const clean = begin.redact ? redactText : (text: string): string => text;
  const execution = toExecution(begin, end, {
    command: clean(commandLine(begin.argv)),
    error: errorText(end, clean),
  });
  const payloads = begin.storeRaw
    ? end.captures.map((capture) => storedPayload(begin, capture))
    : [];
  const mistakes = begin.mistakes.map((mistake) => firstBytes(clean(mistake), MISTAKE_BYTES));
  return { execution, payloads, mistakes };
}

/** The end of an execution whose engine is gone; `seen` is what it had noted of it, if anything. */
export function cutOffEnd(seen: End | undefined): End {
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
    reason: seen?.reason ?? `${CUT_OFF}: hookbus was killed${after}`,
  };
}

/** Why it did not succeed: our reason where there is one, then the end of what it said on stderr. */
function errorText(end: End, clean: (text: string) => string): string | undefined {
  // What went well may still have a reason of ours: it took too long, and refused by JSON.
  if (statusOf(end) === 'success') return end.reason;
  const stderr = clean(Buffer.from(end.stderrTail).toString('utf8')).trim();
  const killed = end.kind === 'signaled' && stderr === '' ? `killed by ${end.signal}` : undefined;
  const why = end.reason ?? killed;
  if (why === undefined) return stderr === '' ? undefined : lastBytes(stderr, ERROR_TEXT_BYTES);
  const room = Math.max(ERROR_TEXT_BYTES - Buffer.byteLength(why) - 1, 0);
  return [firstBytes(why, ERROR_TEXT_BYTES), lastBytes(stderr, room)].filter(Boolean).join('\n');
}

/** The end of a text, at most so many bytes of UTF-8, beginning with a whole character. */
function lastBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let start = bytes.length - most;
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start).toString('utf8');
}

/** The beginning of a text, at most so many bytes of UTF-8, ending with a whole character. */
function firstBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let end = most;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.subarray(0, end).toString('utf8')}…`;
}

function storedPayload(begin: Begin, capture: Capture): StoredPayload {
  const bytes = begin.redact ? redactBytes(capture.bytes) : capture.bytes;
  const { stream, truncated } = capture;
  return begin.compress
    ? { stream, truncated, encoding: 'zlib', body: compress(bytes) }
    : { stream, truncated, encoding: 'identity', body: bytes };
}
