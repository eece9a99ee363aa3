import { spawn } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { DaemonState } from '../state.ts';
import { askDaemon } from './client.ts';

/** How long a daemon may take to answer after it was started, in ms; and how often we ask. */
const START_MS = 10_000;
const ASK_MS = 25;

/** Soft limits of time, file size, descriptors and memory go up to the hard ones, which Node cannot do. */
const UNLIMITED =
  'umask 077; for one in t f n d v; do ulimit -S -$one "$(ulimit -H -$one)"; done 2>/dev/null; exec "$@"';

/** It serves everybody, so it is not less than others where whoever starts it is; as far as that is allowed. */
function beEqual(pid: number | undefined): void {
  try {
    if (pid !== undefined && getPriority(pid) !== 0) setPriority(pid, 0);
  } catch {
    // Only a privileged user may, or it is gone.
  }
}

/**
 * Starts a daemon in the background, in a session of its own and with nothing of ours open, and waits until it answers.
 * Undefined where it does not.
 * @param program the words that run it: Node, the script and its arguments
 */
export async function startDaemon(
  socketPath: string,
  program: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<DaemonState | undefined> {
  const [command = '', ...parameters] =
    process.platform === 'win32' ? program : ['/bin/sh', '-c', UNLIMITED, 'hookbus', ...program];
  const child = spawn(command, parameters, { detached: true, stdio: 'ignore', cwd: '/', env });
  child.on('error', () => undefined).unref();
  beEqual(child.pid);
  const until = performance.now() + START_MS;
  let state = await askDaemon(socketPath);
  while (state === undefined && performance.now() < until) {
    await wait(ASK_MS);
    state = await askDaemon(socketPath);
  }
  return state;
}
