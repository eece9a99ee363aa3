import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import type { Channels } from './channels.ts';
import { withInherited } from './inherited-descriptors.ts';
import type { Exit } from './leave.ts';

/** A hook that was started, or the system's word for why it was not. */
export type Started =
  | {
      readonly isRunning: true;
      readonly pid: number;
      /** By `performance.now()`, once the system had started it. */
      readonly startedAtMs: number;
      readonly exit: Promise<Exit>;
      readonly stdin: Writable | undefined;
      readonly stdout: Readable;
      readonly stderr: Readable;
    }
  | { readonly isRunning: false; readonly code: string | undefined };

export interface StartOptions {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly channels: Channels;
  readonly inherited: readonly number[];
}

/** Starts the hook in our process group, working directory and environment. */
export async function startHook({
  argv,
  env,
  channels,
  inherited,
}: StartOptions): Promise<Started> {
  const [program = '', ...parameters] = argv;
  const stdio = withInherited(channels.childStdio, inherited);
  let child: ChildProcess;
  try {
    child = spawnHook(program, parameters, env, stdio);
  } catch (error) {
    return { isRunning: false, code: program === '' ? 'ENOENT' : codeOf(error) };
  } finally {
    channels.closeChildEnds();
  }
  const startedAtMs = performance.now();
  const exit = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(signal === null ? { kind: 'code', code: code ?? 0 } : { kind: 'signal', signal }),
    );
  });
  if (child.pid === undefined) {
    return {
      isRunning: false,
      code: await new Promise((resolve) => child.once('error', (e) => resolve(codeOf(e)))),
    };
  }
  child.on('error', () => undefined);
  const [ownIn, ownOut, ownErr] = channels.own;
  const stdout = ownOut ?? child.stdout;
  const stderr = ownErr ?? child.stderr;
  if (!stdout || !stderr) return { isRunning: false, code: undefined };
  return {
    isRunning: true,
    pid: child.pid,
    startedAtMs,
    exit,
    stdin: ownIn ?? child.stdin ?? undefined,
    stdout,
    stderr,
  };
}

type Stdio = (number | 'pipe' | 'ignore')[];

function spawnHook(
  program: string,
  parameters: string[],
  env: NodeJS.ProcessEnv,
  stdio: Stdio,
): ChildProcess {
  try {
    process.cwd();
  } catch {
    // The working directory was deleted. execa insists on one; the system does not.
    return spawn(program, parameters, { env, stdio });
  }
  const child = execa(program, parameters, {
    env,
    extendEnv: false,
    // Streaming, capping and the end are ours; execa must neither buffer, nor judge, nor print.
    stdio: stdio as ['pipe', 'pipe', 'pipe'],
    buffer: false,
    reject: false,
    cleanup: false,
    verbose: 'none',
    stripFinalNewline: false,
    encoding: 'buffer',
  });
  return child as unknown as ChildProcess;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
