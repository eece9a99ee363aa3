import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** What of Node's stream is ours to use: its descriptor, and that it stops reading at once. */
interface Handle {
  readonly fd?: number;
  readonly readStop?: () => void;
}

/**
 * Starts `cat` from the hook's stream to the caller's: it holds nothing else open, and dies by SIGPIPE when the caller
 * leaves, as the hook's child would. It stays in our process group, where that child is.
 * @param target the caller's descriptor; with `ignore` what comes is read and goes nowhere, and nothing of the caller's
 * is held open
 * @returns false where it could not be started
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
