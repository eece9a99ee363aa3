import { statSync } from 'node:fs';
import { constants } from 'node:os';
import type { Environment } from '../../config/settings.ts';
import { AGENTS, type Agent } from '../../domain/answer/decision.ts';
import { statusOf } from '../../domain/execution.ts';
import { isCutCommand } from '../../domain/hook/hook-id.ts';
import type { End } from '../../domain/record.ts';
import {
  type Comparison,
  compareReplay,
  type HookResult,
  holdsPlaceholder,
} from '../../domain/replay.ts';
import { redactBytes } from '../../redaction/redaction.ts';
import type { LogRow } from '../../store/columns.ts';
import type { Database } from '../../store/database.ts';
import type { ReplayRow } from '../../store/replays.ts';
import { findPayloads, type Payload } from '../reading/find-execution.ts';
import { assemble } from '../recording/assemble.ts';
import { answerOf } from '../recording/derive.ts';
import { type ChangedScript, findChangedScript, recordedVariables } from './replay-places.ts';

/** An execution that can be replayed. */
export interface Replayable {
  readonly row: LogRow;
  readonly argv: readonly string[];
  readonly isRecordedCommand: boolean;
  /** The script, if it is not the one that ran. */
  readonly changedScript: ChangedScript | undefined;
  /** The agent's variables that the hook had. */
  readonly variables: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
  readonly cwd: string;
  /** Secrets in the payload were redacted, so the hook received other bytes then. */
  readonly isRedacted: boolean;
  readonly recorded: HookResult;
}

/**
 * Collects what a replay needs, or says why there can be none.
 * @param otherArgv the command to run instead of the recorded one
 */
export function prepareReplay(
  db: Database,
  row: LogRow,
  otherArgv: readonly string[] | undefined,
  env: Environment,
): Replayable | { readonly refused: string } {
  if (row.status === 'dedupe_skip' || row.status === 'breaker_skip') {
    return { refused: `its hook was skipped (${row.status}), so there is nothing to compare with` };
  }
  if (otherArgv === undefined && holdsPlaceholder(row.command)) {
    return { refused: 'its recorded command has a redacted secret; add the command after --' };
  }
  if (otherArgv === undefined && isCutCommand(row.command)) {
    return { refused: 'its recorded command is truncated; add the command after --' };
  }
  const payloads = findPayloads(db, row.id);
  const stdin = payloads.find(({ stream }) => stream === 'stdin');
  const problem = stdinProblem(stdin, row) ?? directoryProblem(row.cwd);
  if (stdin === undefined || row.cwd === null || problem !== undefined) {
    return { refused: problem ?? 'its payload is not stored' };
  }
  return {
    row,
    isRecordedCommand: otherArgv === undefined,
    changedScript: otherArgv === undefined ? findChangedScript(row, env) : undefined,
    argv: otherArgv ?? ['/bin/sh', '-c', row.command],
    variables: recordedVariables(row),
    stdin: stdin.bytes,
    cwd: row.cwd,
    isRedacted: isRedacted(stdin, row),
    recorded: outcomeOf(row, payloads),
  };
}

function stdinProblem(stdin: Payload | undefined, row: LogRow): string | undefined {
  if (stdin === undefined) {
    return 'its payload is not stored; hookbus enable --store-raw stores payloads from now on';
  }
  if (stdin.problem !== undefined) return `its payload ${stdin.problem}`;
  if (!stdin.truncated) return undefined;
  return `its stored payload is truncated to ${stdin.bytes.length} of ${row.stdin_bytes} bytes; set HOOKBUS_MAX_BYTES to store more from now on`;
}

function directoryProblem(cwd: string | null): string | undefined {
  if (cwd === null) return 'its working directory is not recorded';
  try {
    if (statSync(cwd).isDirectory()) return undefined;
  } catch {
    // Treat a directory that cannot be read as missing.
  }
  return `its working directory does not exist any more: ${cwd}`;
}

function isRedacted({ bytes }: Payload, row: LogRow): boolean {
  return bytes.length !== row.stdin_bytes || holdsPlaceholder(bytes.toString('latin1'));
}

function outcomeOf(row: LogRow, payloads: readonly Payload[]): HookResult {
  const whole = (stream: Payload['stream']): Buffer | undefined => {
    const payload = payloads.find((candidate) => candidate.stream === stream);
    const isWhole = payload?.truncated === false && payload.problem === undefined;
    return isWhole ? payload.bytes : undefined;
  };
  return {
    decision: row.decision ?? undefined,
    status: row.status,
    exitCode: row.exit_code ?? undefined,
    signal: row.signal ?? undefined,
    stdoutBytes: row.stdout_bytes,
    stderrBytes: row.stderr_bytes,
    stdoutKind: row.stdout_kind,
    stdoutDigest: row.stdout_digest ?? undefined,
    stdout: whole('stdout'),
    stderr: whole('stderr'),
  };
}

/** A finished replay. */
export interface Replayed extends Comparison {
  readonly row: LogRow;
  readonly isRedacted: boolean;
  readonly changedScript: ChangedScript | undefined;
  readonly recorded: HookResult;
  readonly came: HookResult;
  /** The row for the table `replays`, with secrets redacted. */
  readonly record: ReplayRow;
}

/** An execution that cannot be replayed, and why. */
export interface RefusedReplay {
  readonly row: LogRow;
  readonly reason: string;
}

export interface ReplayReport {
  /** Executions were chosen by their ids, not by their hook. */
  readonly isById: boolean;
  readonly replays: readonly Replayed[];
  readonly refused: readonly RefusedReplay[];
}

/** Drops the outputs, because those of thousands of replays would need too much memory. */
export function withoutOutputs(replayed: Replayed): Replayed {
  const nothing = { stdout: undefined, stderr: undefined };
  const { recorded, came } = replayed;
  return { ...replayed, recorded: { ...recorded, ...nothing }, came: { ...came, ...nothing } };
}

/** Compares the outcome of a replay with the recorded one. */
export function toReplayed(
  of: Replayable,
  replayedEnd: End,
  span: { readonly spanId: string; readonly createdAtMs: number },
): Replayed {
  const end = throughShell(of, replayedEnd);
  const came = outcomeOfEnd(end, of.row);
  const comparison = compareReplay(of.recorded, came, redactBytes);
  const { row } = of;
  const { execution } = assemble(
    {
      executionId: row.execution_id,
      correlationId: row.correlation_id,
      hookName: row.hook_name,
      eventType: row.event_type,
      argv: of.argv,
      ...span,
      ...{ pid: 0, pidStart: 0, engine: 'node', engineVersion: '', maxBytes: 0, warnings: [] },
      ...{ storeRaw: false, compress: false, redact: true },
    },
    end,
  );
  const record: ReplayRow = {
    log_id: row.id,
    span_id: span.spanId,
    command: execution.command,
    status: execution.status,
    exit_code: execution.exitCode ?? null,
    signal: execution.signal ?? null,
    error: execution.error ?? null,
    duration_ms: execution.durationMs ?? null,
    stdout_bytes: end.stdoutBytes,
    stderr_bytes: end.stderrBytes,
    stdout_kind: end.stdoutKind,
    stdout_digest: end.stdoutDigest ?? null,
    changed: comparison.changed ? 1 : 0,
    // Other bytes than the hook had may be why it decided otherwise.
    differences: [...(of.isRedacted ? ['payload'] : []), ...comparison.differences].join(','),
    created_at: execution.createdAt,
    decision: came.decision ?? null,
  };
  const { isRedacted, changedScript, recorded } = of;
  return { ...comparison, row, isRedacted, changedScript, recorded, came, record };
}

/** If the command dies from a signal, the shell that runs it exits with 128 plus the signal's number. */
function throughShell({ row, isRecordedCommand }: Replayable, end: End): End {
  const number = constants.signals[row.signal as NodeJS.Signals];
  if (!isRecordedCommand || end.kind !== 'exited' || end.exitCode !== 128 + number) return end;
  const { exitCode: _, ...rest } = end;
  return { ...rest, kind: 'signaled', signal: row.signal ?? '' };
}

function outcomeOfEnd(end: End, { agent, event_type }: LogRow): HookResult {
  const whole = (stream: 'stdout' | 'stderr'): Uint8Array | undefined => {
    const capture = end.captures.find((candidate) => candidate.stream === stream);
    return capture?.truncated === false ? capture.bytes : undefined;
  };
  return {
    decision: answerOf(agentNamed(agent), event_type, end).answer.decision,
    status: statusOf(end),
    exitCode: end.exitCode,
    signal: end.signal,
    stdoutBytes: end.stdoutBytes,
    stderrBytes: end.stderrBytes,
    stdoutKind: end.stdoutKind,
    stdoutDigest: end.stdoutDigest,
    stdout: whole('stdout'),
    stderr: whole('stderr'),
  };
}

/** A newer version may know agents that this one does not. */
const agentNamed = (name: string | null): Agent | undefined =>
  AGENTS.find((agent) => agent === name);
