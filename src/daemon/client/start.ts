import { spawn } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { DaemonState } from '../state.ts';
import { askDaemon } from './client.ts';

/** How long a daemon may take to answer after its start; and how often to ask. */
const START_MS = 10_000;
const POLL_MS = 25;

/** Raises the soft limits of time, file size, descriptors and memory to the hard ones, which Node cannot do. */
const UNLIMITED =
  'umask 077; for one in t f n d v; do ulimit -S -$one "$(ulimit -H -$one)"; done 2>/dev/null; exec "$@"';

/** Resets the priority, as far as allowed: the daemon serves every hook, even if a low-priority process starts it. */
function resetPriority(pid: number | undefined): void {
  try {
    if (pid !== undefined && getPriority(pid) !== 0) setPriority(pid, 0);
  } catch {
    // Not permitted, or the process has exited.
  }
}

/**
 * Starts a daemon in the background, in its own session and without inherited descriptors, and waits until it answers.
 * Undefined if it does not.
 * @param program the words that run the daemon: Node, the script and its arguments
 */
export async function startDaemon(
  socketPath: string,
  program: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<DaemonState | undefined> {
  const [command = '', ...parameters] =
    process.platform === 'win32' ? program : ['/bin/sh', '-c', UNLIMITED, 'hookbus', ...program];
  const child = spawn(command, parameters, {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
    env,
    windowsHide: true,
  });
  child.on('error', () => undefined).unref();
  resetPriority(child.pid);
  const until = performance.now() + START_MS;
  let state = await askDaemon(socketPath);
  while (state === undefined && performance.now() < until) {
    await wait(POLL_MS);
    state = await askDaemon(socketPath);
  }
  return state;
}
