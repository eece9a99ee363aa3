import type { Begin, End, StdoutKind, StreamName } from './record.ts';

/** The values of `hook_logs.status`. */
export const STATUSES = [
  'success',
  'blocked',
  'error',
  'timeout',
  'dedupe_skip',
  'breaker_skip',
] as const;
export type Status = (typeof STATUSES)[number];

/** With this exit code a hook tells the agent to block. That is a decision, not a failure. */
const BLOCK_EXIT_CODE = 2;

/** The statuses of executions that ran, which alone say something about a hook. A block is a decision, not a failure. */
export const RAN: readonly Status[] = ['success', 'blocked', 'error', 'timeout'];

/** Whether an execution with this status ran its hook. */
export const isRun = (status: Status): boolean => RAN.includes(status);

/** Maximum size of the stderr that is kept for a failed execution, in bytes. */
export const ERROR_TEXT_BYTES = 2048;

/** The error text of an interrupted execution begins with this: its engine was gone before its end was known. */
export const INTERRUPTED = 'cut off';

/** One stream of an execution, as a row of `hook_payloads`. */
export interface StoredPayload {
  readonly stream: StreamName;
  readonly encoding: 'identity' | 'zlib';
  readonly truncated: boolean;
  readonly body: Uint8Array;
}

/** One row of `hook_logs`, before it has an id. */
export interface Execution {
  readonly executionId: string;
  readonly correlationId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly hookName: string;
  readonly eventType: string;
  readonly toolName?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly toolUseId?: string | undefined;
  readonly cwd?: string | undefined;
  readonly command: string;
  readonly status: Status;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly error?: string | undefined;
  readonly durationMs?: number | undefined;
  readonly overheadMs?: number | undefined;
  readonly stdinBytes: number;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly stdoutKind: StdoutKind;
  readonly stdoutDigest?: string | undefined;
  readonly dedupeKey?: string | undefined;
  /** 1 if redaction was applied, else 0. */
  readonly redacted: number;
  /** Start time in UTC, `YYYY-MM-DDTHH:MM:SS.mmmZ`. */
  readonly createdAt: string;
}

/** The status that follows from how an execution ended. */
export function statusOf(end: End): Status {
  if (end.kind === 'timeout' || end.kind === 'breaker_skip' || end.kind === 'dedupe_skip') {
    return end.kind;
  }
  if (end.kind !== 'exited') return 'error';
  if (end.exitCode === 0) return 'success';
  return end.exitCode === BLOCK_EXIT_CODE ? 'blocked' : 'error';
}

/**
 * The hook could not run, or it ran and failed. The failure rate counts this, monitoring shows it as an error, and it
 * frees a dedupe key.
 */
export function isFailure(status: Status): boolean {
  return status === 'error' || status === 'timeout';
}

/** Whether an exit code is a result that duplicates may share; any other end frees the key. */
export function isResult(exitCode: number): boolean {
  return exitCode === 0 || exitCode === BLOCK_EXIT_CODE;
}

/** Joins the two halves into a row. The caller redacts `error` and `command` first. */
export function toExecution(
  begin: Begin,
  end: End,
  texts: { readonly command: string; readonly error?: string | undefined },
): Execution {
  return {
    executionId: begin.executionId,
    correlationId: begin.correlationId,
    spanId: begin.spanId,
    parentSpanId: begin.parentSpanId,
    hookName: begin.hookName,
    eventType: begin.eventType,
    toolName: begin.toolName,
    sessionId: begin.sessionId,
    toolUseId: begin.toolUseId,
    cwd: begin.cwd,
    command: texts.command,
    status: statusOf(end),
    exitCode: end.exitCode,
    signal: end.signal,
    error: texts.error,
    durationMs: end.durationMs,
    overheadMs: end.overheadMs,
    stdinBytes: end.stdinBytes,
    stdoutBytes: end.stdoutBytes,
    stderrBytes: end.stderrBytes,
    stdoutKind: end.stdoutKind,
    stdoutDigest: end.stdoutDigest,
    dedupeKey: end.dedupeKey ?? begin.dedupeKey,
    redacted: begin.redact ? 1 : 0,
    createdAt: new Date(begin.createdAtMs).toISOString(),
  };
}
