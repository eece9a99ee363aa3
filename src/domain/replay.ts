import { isDeepStrictEqual } from 'node:util';
import type { Status } from './execution.ts';
import type { StdoutKind } from './record.ts';

/** What came of an execution or of its replay, as far as it can be compared. */
export interface Came {
  readonly status: Status;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly stdoutKind: StdoutKind;
  /** Of the first 64 KiB of stdout; undefined where there is none. */
  readonly stdoutDigest: string | undefined;
  /** What was written, where all of it was kept. */
  readonly stdout: Uint8Array | undefined;
  readonly stderr: Uint8Array | undefined;
}

const DIFFERENCES = ['status', 'exit_code', 'signal', 'stdout', 'stderr'] as const;
type Difference = (typeof DIFFERENCES)[number];

/** How a replay differs from what is on record. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /** Whether the agent would have acted otherwise: the hook changed its mind. */
  readonly changed: boolean;
}

/**
 * Compares what an agent acts on: how it ended, what it said on stdout, where that is JSON by its meaning, and of one that
 * blocked why. Other differences on stderr are told and change nothing.
 * @param clean takes secrets out, as was done to what is on record
 */
export function compareReplay(
  recorded: Came,
  replayed: Came,
  clean: (bytes: Uint8Array) => Uint8Array,
): Comparison {
  const stdoutDiffers = !isSameStdout(recorded, replayed, clean);
  const stderrDiffers = !isSameStderr(recorded, replayed, clean);
  const differs: Record<Difference, boolean> = {
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
      differs.status ||
      differs.exit_code ||
      differs.signal ||
      (stdoutDiffers && !meansTheSame(recorded.stdout, replayed.stdout, clean)) ||
      (stderrDiffers && hasBlocked),
  };
}

type Clean = (bytes: Uint8Array) => Uint8Array;

/** What the digest of stdout covers. */
const DIGEST_BYTES = 64 * 1024;

/** By digest and size, which are on record of every execution; beyond what the digest covers, by what is stored. */
function isSameStdout(recorded: Came, replayed: Came, clean: Clean): boolean {
  if (recorded.stdoutDigest !== replayed.stdoutDigest) return false;
  if (recorded.stdoutBytes !== replayed.stdoutBytes) return false;
  if (recorded.stdoutBytes <= DIGEST_BYTES) return true;
  if (recorded.stdout === undefined || replayed.stdout === undefined) return true;
  return isSame(recorded.stdout, replayed.stdout, clean);
}

/** Where it was not stored, by its size. */
function isSameStderr(recorded: Came, replayed: Came, clean: Clean): boolean {
  if (recorded.stderr === undefined || replayed.stderr === undefined) {
    return recorded.stderrBytes === replayed.stderrBytes;
  }
  return isSame(recorded.stderr, replayed.stderr, clean);
}

/** What is stored may have been redacted, or not. */
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

/** An agent reads JSON from an object only. */
function parseObject(bytes: Uint8Array): object | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const PLACEHOLDER = /\[redacted:[\w-]+\]/;

/** Whether a stored text holds what redaction put in place of a secret. */
export function holdsPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text);
}
