import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { socketPath, statePaths } from '../../src/config/home/paths.ts';
import { askDaemon, stopDaemon } from '../../src/daemon/client/client.ts';
import { processesOf } from './daemons-left.ts';
import { makeState } from './state.ts';
import { type AtEnd, temporaryDirectory } from './temporary.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const CLI = join(ROOT, 'bin', 'hookbus.js');
/** The launcher, if a C compiler was available to build it. */
export const LAUNCHER = process.env['HOOKBUS_LAUNCHER_BIN'] ?? join(ROOT, 'bin', 'hookbus');
export const hasLauncher = existsSync(LAUNCHER);

/** Waits until `look` returns something. @throws after the deadline */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 120_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`expected ${what} within ${deadlineMs} ms`);
    await wait(5);
  }
}

/**
 * A state directory for one test. Its daemon, if any, is gone when the test has finished.
 * @param inside words before the daemon's command, such as those that enter a namespace
 */
export function aState(
  home: string = temporaryDirectory(),
  inside: readonly string[] = [],
  atEnd: AtEnd = onTestFinished,
) {
  makeState(home);
  const paths = { ...statePaths(home), socket: socketPath(home) };
  const env = { PATH: process.env['PATH'], HOOKBUS_ENABLED: '1', HOOKBUS_HOME: home };
  atEnd(async () => {
    // A launcher may have started a daemon that does not answer yet; it stops once it does.
    await until('the daemon to leave', async () => {
      if (await askDaemon(paths.socket)) await stopDaemon(paths.socket);
      return processesOf(home).length === 0;
    });
  });

  return {
    home,
    paths,
    env,
    ask: () => askDaemon(paths.socket),
    stop: () => stopDaemon(paths.socket),
    rows<T>(sql: string): T[] {
      if (!existsSync(paths.database)) return [];
      const db = new Sqlite(paths.database, { readonly: true, timeout: 2000 });
      try {
        return db.prepare(sql).all() as T[];
      } catch {
        // The first process to open the database is still making the tables.
        return [];
      } finally {
        db.close();
      }
    },
    /** Starts a daemon in the foreground of a separate process; resolves once it answers. */
    async daemon(...options: string[]): Promise<ChildProcess> {
      const [program = '', ...words] = [...inside, execPath, CLI, 'daemon', 'run', ...options];
      const child = spawn(program, words, { env, stdio: 'ignore' });
      atEnd(() => void child.kill('SIGKILL'));
      await until(
        'the daemon to answer',
        async () => (await askDaemon(paths.socket))?.pid === child.pid,
      );
      return child;
    },
  };
}

/** How a process ended, with its output. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
}

/** Runs a program with this stdin. */
export function start(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  input: string | Uint8Array = '',
  cwd = process.cwd(),
): { child: ChildProcess; ended: Promise<Ended> } {
  const [program = '', ...parameters] = command;
  const child = spawn(program, parameters, {
    cwd,
    env: env as NodeJS.ProcessEnv,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  let stdout = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout }));
  });
  return { child, ended };
}

/** Calls `work` for each number below `count`, at most `width` at a time. */
export async function inPool(
  count: number,
  width: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}
