/*
 * A record: the frames of one execution, in a spool file and on the socket.
 * First `begin`; once the hook has ended, its `capture` frames and one `end`. Tags as in src/launcher/frame.h.
 */
import { constants } from 'node:os';
import { createStdoutKind } from '../domain/answer/stdout-kind.ts';
import { defaultHookName } from '../domain/hook/hook-name.ts';
import {
  addKnown,
  type Begin,
  type Capture,
  type End,
  type EndKind,
  type Engine,
  type StdoutKind,
  type StreamName,
} from '../domain/record.ts';
import {
  createFrameWriter,
  type Fields,
  FRAME_KIND,
  type Frame,
  FrameError,
  readFields,
  splitFrames,
} from './frame.ts';
import { listed, microseconds, milliseconds, required, timestamp } from './values.ts';

const BEGIN = {
  executionId: 1,
  correlationId: 2,
  spanId: 3,
  parentSpanId: 4,
  hookName: 5,
  eventType: 6,
  toolName: 7,
  sessionId: 8,
  toolUseId: 9,
  dedupeKey: 10,
  cwd: 11,
  argument: 12,
  createdAtMs: 13,
  pid: 14,
  pidStart: 15,
  engine: 16,
  engineVersion: 17,
  maxBytes: 18,
  flags: 19,
  warning: 20,
  rawWarning: 21,
  subagent: 22,
  sign: 23,
  variable: 24,
  storeOnly: 25,
} as const;

const FLAG = { storeRaw: 1, compress: 2, redact: 4, shellLine: 8 } as const;

const END = {
  kind: 1,
  exitCode: 2,
  signal: 3,
  reason: 4,
  durationUs: 5,
  overheadUs: 6,
  stdinBytes: 7,
  stdoutBytes: 8,
  stderrBytes: 9,
  stdoutKind: 10,
  stdoutDigest: 11,
  stderrTail: 12,
  dedupeKey: 13,
  stdoutHead: 15,
  signalNumber: 14,
} as const;

const CAPTURE = { stream: 1, truncated: 2, bytes: 3 } as const;

const END_KINDS: readonly EndKind[] = [
  'exited',
  'signaled',
  'timeout',
  'not_started',
  'cut_off',
  'breaker_skip',
  'dedupe_skip',
];
const STDOUT_KINDS: readonly StdoutKind[] = ['empty', 'text', 'json', 'broken'];
const STREAMS: readonly StreamName[] = ['stdin', 'stdout', 'stderr'];
const ENGINES: readonly Engine[] = ['node', 'launcher'];

export function encodeBegin(begin: Begin): Buffer {
  const frame = createFrameWriter(FRAME_KIND.begin);
  frame.text(BEGIN.executionId, begin.executionId);
  frame.text(BEGIN.correlationId, begin.correlationId);
  frame.text(BEGIN.spanId, begin.spanId);
  frame.text(BEGIN.parentSpanId, begin.parentSpanId);
  frame.text(BEGIN.hookName, begin.hookName);
  frame.text(BEGIN.eventType, begin.eventType);
  frame.text(BEGIN.toolName, begin.toolName);
  frame.text(BEGIN.sessionId, begin.sessionId);
  frame.text(BEGIN.toolUseId, begin.toolUseId);
  frame.text(BEGIN.dedupeKey, begin.dedupeKey);
  frame.text(BEGIN.cwd, begin.cwd);
  for (const argument of begin.argv) frame.text(BEGIN.argument, argument);
  frame.number(BEGIN.createdAtMs, begin.createdAtMs);
  frame.number(BEGIN.pid, begin.pid);
  frame.number(BEGIN.pidStart, begin.pidStart);
  frame.number(BEGIN.engine, ENGINES.indexOf(begin.engine));
  frame.text(BEGIN.engineVersion, begin.engineVersion);
  frame.number(BEGIN.maxBytes, begin.maxBytes);
  const flags =
    (begin.storeRaw ? FLAG.storeRaw : 0) |
    (begin.compress ? FLAG.compress : 0) |
    (begin.redact ? FLAG.redact : 0);
  frame.number(BEGIN.flags, flags);
  for (const warning of begin.warnings) frame.text(BEGIN.warning, warning);
  for (const warning of begin.rawWarnings ?? []) frame.text(BEGIN.rawWarning, warning);
  frame.text(BEGIN.subagent, begin.subagent);
  for (const sign of begin.signs ?? []) frame.text(BEGIN.sign, sign);
  for (const variable of begin.variables ?? []) frame.text(BEGIN.variable, variable);
  for (const word of begin.storeOnly ?? []) frame.text(BEGIN.storeOnly, word);
  return frame.finish();
}

/** The `capture` frames and the `end` frame, in the order of a record. */
export function encodeEnd(end: End): Buffer {
  const captures = end.captures.map((capture) => {
    const frame = createFrameWriter(FRAME_KIND.capture);
    frame.number(CAPTURE.stream, STREAMS.indexOf(capture.stream));
    frame.number(CAPTURE.truncated, capture.truncated ? 1 : 0);
    frame.bytes(CAPTURE.bytes, capture.bytes);
    return frame.finish();
  });
  const frame = createFrameWriter(FRAME_KIND.end);
  frame.number(END.kind, END_KINDS.indexOf(end.kind));
  frame.number(END.exitCode, end.exitCode);
  frame.text(END.signal, end.signal);
  frame.text(END.reason, end.reason);
  frame.number(END.durationUs, microseconds(end.durationMs));
  frame.number(END.overheadUs, microseconds(end.overheadMs));
  frame.number(END.stdinBytes, end.stdinBytes);
  frame.number(END.stdoutBytes, end.stdoutBytes);
  frame.number(END.stderrBytes, end.stderrBytes);
  frame.number(END.stdoutKind, STDOUT_KINDS.indexOf(end.stdoutKind));
  frame.text(END.stdoutDigest, end.stdoutDigest);
  frame.bytes(END.stderrTail, end.stderrTail);
  frame.text(END.dedupeKey, end.dedupeKey);
  if (end.stdoutHead !== undefined) frame.bytes(END.stdoutHead, end.stdoutHead);
  return Buffer.concat([...captures, frame.finish()]);
}

/**
 * Reads a record. `end` is undefined while the hook runs, and if its engine was interrupted. The last `begin` and the last
 * `end` frame count: some fields of a late payload are known only at the end. An incomplete last frame is ignored.
 * @throws FrameError if the bytes are not a record
 */
export function decodeRecord(bytes: Buffer): { begin: Begin; end?: End } {
  const [first, ...others] = splitFrames(bytes).frames;
  if (first?.kind !== FRAME_KIND.begin)
    throw new FrameError('a record has no begin frame at its start');
  let begin = decodeBegin(readFields(first.body));
  let end: End | undefined;
  let captures: Capture[] = [];
  for (const frame of others) {
    if (frame.kind === FRAME_KIND.begin) begin = decodeBegin(readFields(frame.body));
    if (frame.kind === FRAME_KIND.capture) captures.push(decodeCapture(frame));
    if (frame.kind !== FRAME_KIND.end) continue;
    end = decodeEnd(readFields(frame.body), captures);
    captures = [];
  }
  return end === undefined ? { begin } : { begin, end };
}

/** The facts for a dedupe key, and the process that claims it. Nothing else is read, since a hook waits. */
export type KeyedBegin = Pick<
  Begin,
  | 'executionId'
  | 'hookName'
  | 'eventType'
  | 'toolName'
  | 'sessionId'
  | 'toolUseId'
  | 'cwd'
  | 'argv'
  | 'createdAtMs'
  | 'pid'
  | 'pidStart'
  | 'signs'
>;

/** @throws FrameError */
export function decodeKeyedBegin(fields: Fields): KeyedBegin {
  const argv = fields.texts(BEGIN.argument);
  const isLine = ((fields.number(BEGIN.flags) ?? 0) & FLAG.shellLine) !== 0;
  const begin: KeyedBegin = {
    executionId: required(fields.text(BEGIN.executionId), 'execution id'),
    hookName: fields.text(BEGIN.hookName) || defaultHookName(argv, isLine ? argv[2] : undefined),
    eventType: fields.text(BEGIN.eventType) ?? '',
    argv,
    createdAtMs: timestamp(fields.number(BEGIN.createdAtMs)),
    pid: fields.number(BEGIN.pid) ?? 0,
    pidStart: fields.number(BEGIN.pidStart) ?? 0,
  };
  return addKnown(begin, {
    toolName: fields.text(BEGIN.toolName),
    sessionId: fields.text(BEGIN.sessionId),
    toolUseId: fields.text(BEGIN.toolUseId),
    cwd: fields.text(BEGIN.cwd),
    signs: listed(fields.texts(BEGIN.sign)),
  });
}

function decodeBegin(fields: Fields): Begin {
  const flags = fields.number(BEGIN.flags) ?? 0;
  const begin: Begin = {
    ...decodeKeyedBegin(fields),
    correlationId: required(fields.text(BEGIN.correlationId), 'correlation id'),
    spanId: required(fields.text(BEGIN.spanId), 'span id'),
    engine: ENGINES[fields.number(BEGIN.engine) ?? 0] ?? 'node',
    engineVersion: fields.text(BEGIN.engineVersion) ?? '',
    maxBytes: fields.number(BEGIN.maxBytes) ?? 0,
    storeRaw: (flags & FLAG.storeRaw) !== 0,
    compress: (flags & FLAG.compress) !== 0,
    redact: (flags & FLAG.redact) !== 0,
    warnings: fields.texts(BEGIN.warning),
  };
  return addKnown(begin, {
    parentSpanId: fields.text(BEGIN.parentSpanId),
    dedupeKey: fields.text(BEGIN.dedupeKey),
    rawWarnings: listed(fields.texts(BEGIN.rawWarning)),
    subagent: fields.text(BEGIN.subagent),
    variables: listed(fields.texts(BEGIN.variable)),
    storeOnly: listed(fields.texts(BEGIN.storeOnly).map((word) => word.toLowerCase())),
  });
}

function decodeEnd(fields: Fields, captures: readonly Capture[]): End {
  const kind = END_KINDS[fields.number(END.kind) ?? -1];
  if (kind === undefined) throw new FrameError('an end frame has an unknown kind');
  const end: End = {
    kind,
    stdinBytes: fields.number(END.stdinBytes) ?? 0,
    stdoutBytes: fields.number(END.stdoutBytes) ?? 0,
    stderrBytes: fields.number(END.stderrBytes) ?? 0,
    stdoutKind: stdoutKindOf(fields),
    stderrTail: fields.bytes(END.stderrTail) ?? new Uint8Array(),
    captures,
  };
  return addKnown(end, {
    exitCode: fields.number(END.exitCode),
    signal: fields.text(END.signal) ?? signalName(fields.number(END.signalNumber)),
    reason: fields.text(END.reason),
    durationMs: milliseconds(fields.number(END.durationUs)),
    overheadMs: milliseconds(fields.number(END.overheadUs)),
    stdoutDigest: fields.text(END.stdoutDigest),
    dedupeKey: fields.text(END.dedupeKey),
    stdoutHead: fields.bytes(END.stdoutHead),
  });
}

/** A number may have several names, such as SIGIO and SIGPOLL; the usual name comes first. */
const SIGNALS = Object.entries(constants.signals);

/** Node has no names for real-time signals, so these appear by number. */
function signalName(number: number | undefined): string | undefined {
  if (number === undefined) return undefined;
  return SIGNALS.find(([, one]) => one === number)?.[0] ?? `SIG${number}`;
}

/** The launcher checks only quotes and brackets. If the record holds the whole output, it is checked in full here. */
function stdoutKindOf(fields: Fields): StdoutKind {
  const claimed = STDOUT_KINDS[fields.number(END.stdoutKind) ?? 0] ?? 'empty';
  const head = fields.bytes(END.stdoutHead);
  if (claimed !== 'json' || head === undefined || head.length !== fields.number(END.stdoutBytes)) {
    return claimed;
  }
  const kind = createStdoutKind();
  kind.push(head);
  return kind.kind();
}

function decodeCapture(frame: Frame): Capture {
  const fields = readFields(frame.body);
  const stream = STREAMS[fields.number(CAPTURE.stream) ?? -1];
  if (stream === undefined) throw new FrameError('a capture frame has an unknown stream');
  return {
    stream,
    bytes: fields.bytes(CAPTURE.bytes) ?? new Uint8Array(),
    truncated: fields.number(CAPTURE.truncated) === 1,
  };
}
