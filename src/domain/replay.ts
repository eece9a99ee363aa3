import { isDeepStrictEqual } from 'node:util';
import type { Decision } from './answer/decision.ts';
import type { Status } from './execution.ts';
import type { StdoutKind } from './record.ts';

/** The comparable part of the result of an execution or of its replay. */
export interface HookResult {
  /** By the rules of its agent; undefined if the record does not tell. */
  readonly decision: Decision | undefined;
  readonly status: Status;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly stdoutKind: StdoutKind;
  /** Covers the first 64 KiB of stdout; undefined if stdout is empty. */
  readonly stdoutDigest: string | undefined;
  /** The full output; undefined unless all of it was kept. */
  readonly stdout: Uint8Array | undefined;
  readonly stderr: Uint8Array | undefined;
}

const DIFFERENCES = ['decision', 'status', 'exit_code', 'signal', 'stdout', 'stderr'] as const;
type Difference = (typeof DIFFERENCES)[number];

/** How a replay differs from the recorded execution. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /** Whether the agent would act differently. */
  readonly changed: boolean;
}

/**
 * Compares what an agent acts on: what the hook decided, how it ended, its stdout (JSON by meaning), and its stderr if it blocked both
 * times. Other differences on stderr are reported, but do not count as a change.
 * @param clean removes secrets, as recording does
 */
export function compareReplay(
  recorded: HookResult,
  replayed: HookResult,
  clean: (bytes: Uint8Array) => Uint8Array,
): Comparison {
  const decisionDiffers =
    recorded.decision !== undefined && recorded.decision !== replayed.decision;
  const stdoutDiffers = !isSameStdout(recorded, replayed, clean);
  const stderrDiffers = !isSameStderr(recorded, replayed, clean);
  const differs: Record<Difference, boolean> = {
    decision: decisionDiffers,
    status: recorded.status !== replayed.status,
    exit_code: recorded.exitCode !== replayed.exitCode,
    signal: recorded.signal !== replayed.signal,
    stdout: stdoutDiffers,
    stderr: stderrDiffers,
  };
  const hasBlocked = recorded.status === 'blocked' && replayed.status === 'blocked';
  return {
    differences: DIFFERENCES.filter((difference) => differs[difference]),
    changed:
      differs.decision ||
      differs.status ||
      differs.exit_code ||
      differs.signal ||
      (stdoutDiffers && !meansTheSame(recorded.stdout, replayed.stdout, clean)) ||
      (stderrDiffers && hasBlocked),
  };
}

type Clean = (bytes: Uint8Array) => Uint8Array;

/** The digest of stdout covers this many bytes. */
const DIGEST_BYTES = 64 * 1024;

/** Compares digest and size, which every execution has; for output longer than the digest covers, also the stored output. */
function isSameStdout(recorded: HookResult, replayed: HookResult, clean: Clean): boolean {
  if (recorded.stdoutDigest !== replayed.stdoutDigest) return false;
  if (recorded.stdoutBytes !== replayed.stdoutBytes) return false;
  if (recorded.stdoutBytes <= DIGEST_BYTES) return true;
  if (recorded.stdout === undefined || replayed.stdout === undefined) return true;
  return isSame(recorded.stdout, replayed.stdout, clean);
}

/** Compares only sizes if stderr was not stored. */
function isSameStderr(recorded: HookResult, replayed: HookResult, clean: Clean): boolean {
  if (recorded.stderr === undefined || replayed.stderr === undefined) {
    return recorded.stderrBytes === replayed.stderrBytes;
  }
  return isSame(recorded.stderr, replayed.stderr, clean);
}

/** The stored output may be redacted or not, so it is compared with both forms. */
function isSame(stored: Uint8Array, fresh: Uint8Array, clean: Clean): boolean {
  return Buffer.compare(stored, fresh) === 0 || Buffer.compare(stored, clean(fresh)) === 0;
}

function meansTheSame(
  stored: Uint8Array | undefined,
  fresh: Uint8Array | undefined,
  clean: Clean,
): boolean {
  if (stored === undefined || fresh === undefined) return false;
  const [left, ...rights] = [stored, fresh, clean(fresh)].map(parseObject);
  return left !== undefined && rights.some((right) => isDeepStrictEqual(left, right));
}

/** Agents accept only an object as JSON output. */
function parseObject(bytes: Uint8Array): object | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A guard that refused no longer does. */
export const isRefusalLost = (recorded: HookResult, replayed: HookResult): boolean =>
  recorded.decision === 'deny' && replayed.decision !== 'deny';

const PLACEHOLDER = /\[redacted:[\w-]+\]/;

/** Whether a stored text contains a placeholder of redaction. */
export function holdsPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text);
}
