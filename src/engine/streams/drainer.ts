import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** The parts of Node's stream handle that are used here. */
interface Handle {
  readonly fd?: number;
  readonly readStop?: () => void;
}

/**
 * Starts `cat` from the hook's stream to the caller's. It holds nothing else open, and dies from SIGPIPE when the
 * caller leaves, as the hook's child would. It stays in the process group of that child.
 * @param target the caller's descriptor; with `ignore` the data is read and discarded, and nothing of the caller's
 * stays open
 * @returns false if it could not be started
 */
export function startDrainer(source: Socket, target: 1 | 2 | 'ignore'): Promise<boolean> {
  const handle = (source as unknown as { _handle?: Handle })._handle;
  const sourceFd = handle?.fd ?? -1;
  if (sourceFd < 0) return Promise.resolve(false);
  handle?.readStop?.();
  return new Promise((resolve) => {
    const child = spawn('cat', [], {
      stdio: [sourceFd, target, 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    });
    child.unref();
    child.once('error', () => {
      source.resume();
      resolve(false);
    });
    child.once('spawn', () => resolve(true));
  });
}
