import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import type { Environment } from '../../config/settings.ts';

/** Nothing listens there: a client that is asked has nobody to talk to. */
export const NOBODY = 'http://127.0.0.1:9';

/** Of the environment a client sees who and where its user is. */
const KEPT = /^(?:HOME|USER|LOGNAME|LANG|LC_.*|TZ|TMPDIR)$/;

/**
 * It may be a script of Node or of a shell, so it finds these and the system's programs, but none that the user or the
 * project put on PATH. It finds no Git repository, whose settings can name programs.
 */
export function clientEnvironment(env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && KEPT.test(entry[0]),
  );
  const path = [dirname(execPath), '/usr/bin', '/bin'].join(':');
  return { ...Object.fromEntries(kept), PATH: path, GIT_DIR: '/dev/null' };
}

/** Gives a client a directory in which to write what it would write into the user's. */
export async function inScratch<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'hookbus-')));
  const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  const leave = (signal: NodeJS.Signals): void => {
    remove();
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.once(signal, leave);
  try {
    return await work(directory);
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, leave);
    remove();
  }
}

/** A user who does not want to wait leaves nothing behind either. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
