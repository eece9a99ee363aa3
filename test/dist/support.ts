import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { socketPath } from '../../src/config/home/paths.ts';
import { stopDaemon } from '../../src/daemon/client/client.ts';
import { until } from '../support/daemon.ts';
import { processesOf } from '../support/daemons-left.ts';
import { temporaryDirectory } from '../support/temporary.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

/** A directory for all tests of a file; the caller removes it. */
export function aDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'hookbus-dist-'));
}

/** Runs a program to its end. @throws with all its output if it fails */
export function mustRun(
  command: string,
  words: readonly string[],
  options: { cwd?: string; env?: Record<string, string | undefined> } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    encoding: 'utf8',
    ...options,
    env: { ...process.env, ...options.env },
  });
  if (status === 0) return stdout;
  throw new Error(
    `${command} ${words.join(' ')} ended with ${status}: ${error ?? ''}${stdout}${stderr}`,
  );
}

/** The programs that hooks need on PATH, without Node. */
const TOOLS = ['sh', 'cat', 'env', 'sleep'];

/** A PATH with these and other named programs, as links to their real places. */
export function aPath(...programs: readonly string[]): string {
  const path = join(temporaryDirectory(), 'bin');
  mkdirSync(path);
  for (const tool of [...TOOLS, ...programs]) {
    const place = mustRun('sh', ['-c', `command -v ${tool}`]).trim();
    symlinkSync(place, join(path, tool));
  }
  return path;
}

export interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty home, and a function that runs an installed `hookbus` from there without anything of this checkout in its environment. */
export function aUser(program: string, path: string) {
  const root = temporaryDirectory();
  const [home, state, temporary] = ['home', 'state', 'tmp'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [home, temporary]) mkdirSync(directory);
  const env = {
    PATH: path,
    HOME: home,
    TMPDIR: temporary,
    HOOKBUS_HOME: state,
    HOOKBUS_ENABLED: '1',
    HOOKBUS_DAEMON: 'off',
  };
  onTestFinished(async () => {
    await until('the daemon to leave', async () => {
      await stopDaemon(socketPath(state));
      return processesOf(state).length === 0;
    });
  });
  const run = (words: readonly string[], more: Record<string, string> = {}, input = ''): Done => {
    const { status, stdout, stderr } = spawnSync(program, words, {
      cwd: home,
      env: { ...env, ...more },
      input,
      encoding: 'utf8',
    });
    return { code: status, stdout, stderr };
  };
  return {
    home,
    state,
    temporary,
    env,
    run,
    /** All recorded executions, latest first. */
    logs(): { hook_name: string; exit_code: number; status: string }[] {
      const { code, stdout, stderr } = run(['logs', '--json']);
      if (code !== 0) throw new Error(`hookbus logs ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as ReturnType<typeof this.logs>;
    },
  };
}

/** All files below a directory, as relative paths. */
export function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' });
}

export const remove = (directory: string): void =>
  rmSync(directory, { recursive: true, force: true });
