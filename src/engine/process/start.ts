import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { nowMs } from '../clock.ts';
import type { Channels } from '../streams/channels.ts';
import { commandOf } from './command-of.ts';
import { withInherited } from './inherited-descriptors.ts';
import type { Exit } from './leave.ts';

/** A hook that was started, or the error code that says why it was not. */
export type Started =
  | {
      readonly isRunning: true;
      readonly pid: number;
      /** `nowMs()` just before the start. */
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

/** Starts the hook in the same process group, working directory and environment. */
export async function startHook(options: StartOptions): Promise<Started> {
  const { argv, channels } = options;
  let spawned: Spawned;
  const startedAtMs = nowMs();
  try {
    // For Node an empty name is a programming error; a shell just does not find it.
    if (argv[0] === '') return { isRunning: false, code: 'ENOENT' };
    spawned = spawnHook(options);
  } catch (error) {
    return { isRunning: false, code: codeOf(error) };
  } finally {
    channels.closeChildEnds();
  }
  const { child } = spawned;
  const exit = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(signal === null ? { kind: 'code', code: code ?? 0 } : { kind: 'signal', signal }),
    );
  });
  const { pid } = child;
  if (pid === undefined) return { isRunning: false, code: await spawned.refused };
  const [ownIn, ownOut, ownErr] = channels.own;
  const stdout = ownOut ?? child.stdout;
  const stderr = ownErr ?? child.stderr;
  if (!stdout || !stderr) return { isRunning: false, code: undefined };
  const stdin = ownIn ?? child.stdin ?? undefined;
  return { isRunning: true, pid, startedAtMs, exit, stdin, stdout, stderr };
}

interface Spawned {
  readonly child: ChildProcess;
  /** The error code, if the system refused to start the hook. */
  readonly refused: Promise<string | undefined>;
}

function spawnHook({ argv, env, channels, inherited }: StartOptions): Spawned {
  const { program, parameters, ...how } = commandOf(argv);
  const child = spawn(program, parameters, {
    ...how,
    env,
    stdio: withInherited(channels.childStdio, inherited),
  });
  const refused = new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(codeOf(error)));
  });
  return { child, refused };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
