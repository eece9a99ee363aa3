import type { Agent, Decision } from './answer/decision.ts';
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
  readonly decision: Decision;
  readonly decisionReason?: string | undefined;
  /** 1 if the agent continues with other input or output than it had, else 0. */
  readonly changesInput: number;
  readonly contextChars: number;
  readonly agent?: Agent | undefined;
  readonly subagent?: string | undefined;
  /** The top of the git work tree of `cwd`, else `cwd`. */
  readonly project?: string | undefined;
  /** SHA-256 of the script that the command runs, 64 hex digits. */
  readonly scriptDigest?: string | undefined;
  /** The agent's variables as a JSON object; only with payloads. */
  readonly agentVariables?: string | undefined;
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

/** What follows from the two halves of a record by other rules than those of this file. The caller redacts the texts. */
export type Derived = Pick<
  Execution,
  | 'command'
  | 'error'
  | 'decision'
  | 'decisionReason'
  | 'changesInput'
  | 'contextChars'
  | 'agent'
  | 'project'
  | 'scriptDigest'
>;

/** Joins the two halves into a row. */
export function toExecution(begin: Begin, end: End, derived: Derived): Execution {
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
    status: statusOf(end),
    exitCode: end.exitCode,
    signal: end.signal,
    durationMs: end.durationMs,
    overheadMs: end.overheadMs,
    stdinBytes: end.stdinBytes,
    stdoutBytes: end.stdoutBytes,
    stderrBytes: end.stderrBytes,
    stdoutKind: end.stdoutKind,
    stdoutDigest: end.stdoutDigest,
    dedupeKey: end.dedupeKey ?? begin.dedupeKey,
    redacted: begin.redact ? 1 : 0,
    subagent: begin.subagent,
    ...derived,
    createdAt: new Date(begin.createdAtMs).toISOString(),
  };
}
