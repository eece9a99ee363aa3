import { spawnSync } from 'node:child_process';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../bin/hookbus.js', import.meta.url));

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/**
 * Runs a `hookbus` command as a person would, in a separate process with nothing else in its environment.
 * `make build` makes the program.
 */
export function hookbus(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): Ended {
  const { stdout, stderr, status } = spawnSync(execPath, [ENTRY, ...words], {
    encoding: 'utf8',
    cwd,
    env: { PATH: process.env['PATH'], TZ: 'UTC', ...env },
    maxBuffer: 256 * 1024 * 1024,
  });
  return { stdout, stderr, exitCode: status };
}

/** The same in a terminal with this many columns; returns the output, including escape sequences. */
export function hookbusInTerminal(
  words: readonly string[],
  columns: number,
  env: Readonly<Record<string, string>> = {},
  typed: { readonly cwd?: string; readonly input?: string } = {},
): string {
  const line = [execPath, ENTRY, ...words].map((word) => `'${word}'`).join(' ');
  const { stdout } = spawnSync(
    'script',
    ['-qec', `stty cols ${columns} rows 50; exec ${line}`, '/dev/null'],
    {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], TZ: 'UTC', TERM: 'xterm', ...env },
      stdio: [typed.input === undefined ? 'ignore' : 'pipe', 'pipe', 'inherit'],
      ...typed,
    },
  );
  return stdout.replaceAll('\r\n', '\n');
}
