import { statSync } from 'node:fs';
import { constants } from 'node:os';
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
import type { Database } from '../../store/database.ts';
import type { LogRow } from '../../store/queries/queries.ts';
import type { ReplayRow } from '../../store/replays.ts';
import { findPayloads, type Payload } from '../reading/find-execution.ts';
import { assemble } from '../recording/assemble.ts';
import { findChangedScript } from './replay-places.ts';

/** An execution that can be run once more. */
export interface Replayable {
  readonly row: LogRow;
  readonly argv: readonly string[];
  readonly isRecordedCommand: boolean;
  /** The script, where that is not what ran then. */
  readonly changedScript: string | undefined;
  readonly stdin: Uint8Array;
  readonly cwd: string;
  /** Secrets were taken out of the payload when it was stored: the hook was given other bytes then. */
  readonly isRedacted: boolean;
  readonly recorded: HookResult;
}

/**
 * What it takes to run an execution once more, or why it cannot be.
 * @param otherArgv a command to run in place of the recorded one
 */
export function prepareReplay(
  db: Database,
  row: LogRow,
  otherArgv: readonly string[] | undefined,
): Replayable | { readonly refused: string } {
  if (row.status === 'dedupe_skip' || row.status === 'breaker_skip') {
    return { refused: `its hook was not run (${row.status}), so there is nothing to compare with` };
  }
  if (otherArgv === undefined && holdsPlaceholder(row.command)) {
    return { refused: 'a secret was taken out of its command; give the command behind --' };
  }
  if (otherArgv === undefined && isCutCommand(row.command)) {
    return { refused: 'its command is too long to be on record whole; give the command behind --' };
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
    changedScript: otherArgv === undefined ? findChangedScript(row) : undefined,
    argv: otherArgv ?? ['/bin/sh', '-c', row.command],
    stdin: stdin.bytes,
    cwd: row.cwd,
    isRedacted: isRedacted(stdin, row),
    recorded: cameOf(row, payloads),
  };
}

function stdinProblem(stdin: Payload | undefined, row: LogRow): string | undefined {
  if (stdin === undefined) {
    return 'its payload is not stored; HOOKBUS_STORE_RAW=1 stores those of later ones';
  }
  if (stdin.problem !== undefined) return `its payload ${stdin.problem}`;
  if (!stdin.truncated) return undefined;
  return `its payload was cut at ${stdin.bytes.length} of ${row.stdin_bytes} bytes when it was stored; HOOKBUS_MAX_BYTES is the cap`;
}

function directoryProblem(cwd: string | null): string | undefined {
  if (cwd === null) return 'the directory that it ran in is not on record';
  try {
    if (statSync(cwd).isDirectory()) return undefined;
  } catch {
    // That it cannot be looked at comes to the same.
  }
  return `the directory that it ran in is not there any more: ${cwd}`;
}

function isRedacted({ bytes }: Payload, row: LogRow): boolean {
  return bytes.length !== row.stdin_bytes || holdsPlaceholder(bytes.toString('latin1'));
}

function cameOf(row: LogRow, payloads: readonly Payload[]): HookResult {
  const whole = (stream: Payload['stream']): Buffer | undefined => {
    const payload = payloads.find((candidate) => candidate.stream === stream);
    const isWhole = payload?.truncated === false && payload.problem === undefined;
    return isWhole ? payload.bytes : undefined;
  };
  return {
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

/** A replay that was done. */
export interface Replayed extends Comparison {
  readonly row: LogRow;
  readonly isRedacted: boolean;
  readonly changedScript: string | undefined;
  readonly recorded: HookResult;
  readonly came: HookResult;
  /** For the table `replays`; secrets are taken out of its texts. */
  readonly record: ReplayRow;
}

/** The same with nothing in it of what was written, which of thousands would be too much to hold. */
export function withoutOutputs(replayed: Replayed): Replayed {
  const nothing = { stdout: undefined, stderr: undefined };
  const { recorded, came } = replayed;
  return { ...replayed, recorded: { ...recorded, ...nothing }, came: { ...came, ...nothing } };
}

/** Compares what came of a replay with what is on record. */
export function toReplayed(
  of: Replayable,
  replayedEnd: End,
  span: { readonly spanId: string; readonly createdAtMs: number },
): Replayed {
  const end = throughShell(of, replayedEnd);
  const came = cameOfEnd(end);
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
    differences: comparison.differences.join(','),
    created_at: execution.createdAt,
  };
  const { isRedacted, changedScript, recorded } = of;
  return { ...comparison, row, isRedacted, changedScript, recorded, came, record };
}

/** A shell that runs a command for us exits with 128 and the number of the signal that the command died of. */
function throughShell({ row, isRecordedCommand }: Replayable, end: End): End {
  const number = constants.signals[row.signal as NodeJS.Signals];
  if (!isRecordedCommand || end.kind !== 'exited' || end.exitCode !== 128 + number) return end;
  const { exitCode: _, ...rest } = end;
  return { ...rest, kind: 'signaled', signal: row.signal ?? '' };
}

function cameOfEnd(end: End): HookResult {
  const whole = (stream: 'stdout' | 'stderr'): Uint8Array | undefined => {
    const capture = end.captures.find((candidate) => candidate.stream === stream);
    return capture?.truncated === false ? capture.bytes : undefined;
  };
  return {
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
