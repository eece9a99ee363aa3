import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { askDaemon } from './client.ts';
import type { DaemonState } from './state.ts';

/** How long a daemon may take to answer after it was started, in ms; and how often we ask. */
const START_MS = 10_000;
const ASK_MS = 25;

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
  const [command = '', ...parameters] = program;
  spawn(command, parameters, { detached: true, stdio: 'ignore', cwd: '/', env })
    .on('error', () => undefined)
    .unref();
  const until = performance.now() + START_MS;
  let state = await askDaemon(socketPath);
  while (state === undefined && performance.now() < until) {
    await wait(ASK_MS);
    state = await askDaemon(socketPath);
  }
  return state;
}
