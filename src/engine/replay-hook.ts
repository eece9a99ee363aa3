import { constants, setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { createMeter, type Meter, stdoutFields } from '../app/recording/meter.ts';
import { type Environment, hookEnvironment } from '../config/settings.ts';
import { formatTraceParent } from '../domain/correlation.ts';
import type { End, StreamName } from '../domain/record.ts';
import { nowMs } from './clock.ts';
import { startFailure } from './process/leave.ts';
import { startTimeLimit } from './time-limit.ts';

/** After the hook has exited, streams that background children hold open are abandoned after this silence. */
const LINGER_MS = 100;

/** More output of a hook that nobody watches is a flood, which would keep this process from its other work. */
const MAX_BACKGROUND_BYTES = 8 * 1024 * 1024;

export interface ReplayParts {
  readonly argv: readonly string[];
  readonly stdin: Uint8Array;
  readonly cwd: string;
  readonly eventType: string;
  readonly env: Environment;
  /** The agent's variables that the hook had; they count before those of `env`. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly correlationId: string;
  readonly spanId: string;
  readonly timeoutSeconds: number;
  /**
   * Nobody watches: the hook gives way to every other process, cannot signal this one's group, and ends when it writes
   * more than any answer has.
   */
  readonly inBackground?: boolean;
  /** Ends the hook early, as if its time had run out. */
  readonly abort?: AbortSignal;
  /** How much of each output to keep. */
  readonly keepBytes: number;
  /** The hook leads a session, as under an agent, and what is left of its group is ended afterwards. */
  readonly leadsSession?: boolean;
}

/** The process groups of hooks that run now. */
const groups = new Set<number>();

/** Ends the hooks that lead a session: a signal from the terminal does not reach them. */
export function endSessions(): void {
  for (const leader of groups) endGroup(leader);
}

function endGroup(leader: number): void {
  groups.delete(leader);
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}

/**
 * Runs a hook again like `hookbus run`, but without a record: with this input, in this directory, and in the given
 * environment plus the agent's recorded variables and those of a run. HOOKBUS_ENABLED=0 makes sure that a command that
 * is itself wrapped, or uses the library, records nothing and checks neither a key nor a gate.
 */
export async function replayHook(parts: ReplayParts): Promise<End> {
  const meters = {
    stdout: createMeter('stdout', parts.keepBytes),
    stderr: createMeter('stderr', parts.keepBytes),
  };
  const startedAtMs = nowMs();
  const ended = await runOnce(parts, meters);
  return {
    ...ended,
    ...(ended.kind === 'not_started' ? {} : { durationMs: ended.endedAtMs - startedAtMs }),
    stdinBytes: parts.stdin.length,
    stderrBytes: meters.stderr.total(),
    ...stdoutFields(meters.stdout, parts.eventType),
    stderrTail: meters.stderr.tail(),
    captures: [meters.stdout.capture(), meters.stderr.capture()],
  };
}

type Ended = Pick<End, 'kind' | 'exitCode' | 'signal' | 'reason'> & { readonly endedAtMs: number };

const TIMEOUT_EXIT_CODE = 124;

async function runOnce(
  parts: ReplayParts,
  meters: Readonly<Record<Exclude<StreamName, 'stdin'>, Meter>>,
): Promise<Ended> {
  const [program = '', ...parameters] = parts.argv;
  // For Node an empty name is a programming error; a shell just does not find it.
  if (program === '') return refused(program, 'ENOENT');
  const ownsGroup = parts.leadsSession === true || parts.inBackground === true;
  const child = execa(program, parameters, {
    cwd: parts.cwd,
    env: hookEnvironment(variablesOf(parts), parts.env),
    extendEnv: false,
    input: parts.stdin,
    // The meters count and cap the output, so that an endless one needs no memory.
    buffer: false,
    reject: false,
    verbose: 'none',
    encoding: 'buffer',
    detached: ownsGroup,
  });
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const { pid } = child;
  if (pid === undefined) return refused(program, (await child).code);
  if (ownsGroup) groups.add(pid);
  const { spanId, timeoutSeconds: seconds } = parts;
  if (parts.inBackground === true) lowerPriority(pid);
  const limit = startTimeLimit({ seconds, hookPid: pid, spanId, inherited: [] });
  const end = (): void => limit.expire();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Uint8Array) => {
      meters[stream].push(chunk);
      if (parts.inBackground === true && meters[stream].total() > MAX_BACKGROUND_BYTES) end();
    });
  }
  parts.abort?.addEventListener('abort', end);
  const { code, signal } = await exit;
  const endedAtMs = nowMs();
  const hasTimedOut = await limit.finish();
  parts.abort?.removeEventListener('abort', end);
  await waitForQuiet(child, () => meters.stdout.total() + meters.stderr.total());
  child.stdout.destroy();
  child.stderr.destroy();
  if (groups.has(pid)) endGroup(pid);
  if (hasTimedOut) {
    const reason = `timed out after ${seconds} s`;
    return { kind: 'timeout', exitCode: TIMEOUT_EXIT_CODE, reason, endedAtMs };
  }
  return signal === null
    ? { kind: 'exited', exitCode: code ?? 0, endedAtMs }
    : { kind: 'signaled', signal, endedAtMs };
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has exited already.
  }
}

/** Waits until the streams have ended, or nothing has arrived for `LINGER_MS`. */
async function waitForQuiet(ended: PromiseLike<unknown>, total: () => number): Promise<void> {
  const hasEnded = ended.then(() => true);
  for (let before = -1; before !== total(); ) {
    before = total();
    if (await Promise.race([hasEnded, wait(LINGER_MS, false)])) return;
  }
}

function refused(program: string, code: string | undefined): Ended {
  const { exitCode, message } = startFailure(program, code);
  return { kind: 'not_started', exitCode, reason: message, endedAtMs: nowMs() };
}

function variablesOf({ variables, correlationId, spanId }: ReplayParts): Record<string, string> {
  return {
    ...variables,
    HOOKBUS_CORRELATION_ID: correlationId,
    TRACEPARENT: formatTraceParent({ traceId: correlationId, spanId, flags: '01' }),
    HOOKBUS_ENABLED: '0',
  };
}
