import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../../src/launcher/', import.meta.url));
const DRIVER = fileURLToPath(new URL('../driver.c', import.meta.url));

/** One call of a function of the launcher: its word, and its arguments as bytes. */
export type Call = readonly [word: string, ...args: (string | Uint8Array)[]];

/** Whether there is a C compiler here, or the reason to skip with. */
export const canCompile: true | string =
  (process.platform !== 'win32' && spawnSync('cc', ['--version']).status === 0) ||
  'there is no C compiler';

/** The launcher's functions in a program of their own, under the address and undefined-behaviour sanitizers. */
export function compileDriver() {
  const directory = mkdtempSync(join(tmpdir(), 'hookbus-driver-'));
  const program = join(directory, 'driver');
  const sources = readdirSync(SOURCES).filter((name) => name.endsWith('.c') && name !== 'main.c');
  const plain = ['-std=c11', '-D_POSIX_C_SOURCE=200809L', '-O1', '-g', '-o', program, DRIVER];
  const files = sources.map((name) => join(SOURCES, name));
  const sanitized = spawnSync('cc', [
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
    ...plain,
    ...files,
  ]);
  // A compiler without the sanitizers' libraries still tells right from wrong.
  if (sanitized.status !== 0) execFileSync('cc', [...plain, ...files]);

  return {
    /** Answers many calls, a line each. @throws when the program was stopped, which is what a sanitizer does */
    ask(calls: readonly Call[]): string[] {
      const input = calls
        .map(([word, ...args]) =>
          [word, ...args.map((arg) => Buffer.from(arg as string).toString('hex'))].join(' '),
        )
        .map((line) => `${line}\n`)
        .join('');
      const { stdout, stderr, status } = spawnSync(program, { input, maxBuffer: 1 << 28 });
      if (status !== 0)
        throw new Error(`the driver ended with ${status}: ${stderr.toString().slice(0, 4000)}`);
      return stdout.toString().split('\n').slice(0, -1);
    },
    close: (): void => {
      if (existsSync(directory)) rmSync(directory, { recursive: true });
    },
  };
}

export type Driver = ReturnType<typeof compileDriver>;
