import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../../src/launcher/', import.meta.url));
const DRIVER = fileURLToPath(new URL('../driver.c', import.meta.url));

/** One call of a launcher function: the driver's word for it, and the arguments as bytes. */
export type Call = readonly [word: string, ...args: (string | Uint8Array)[]];

/** True if there is a C compiler, otherwise the reason to skip. */
export const canCompile: true | string =
  (process.platform !== 'win32' && spawnSync('cc', ['--version']).status === 0) ||
  'there is no C compiler';

/** Compiles driver.c and the launcher's functions, with the address and undefined-behaviour sanitizers if possible. */
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
  // Without the sanitizers' libraries, the tests still compare results.
  if (sanitized.status !== 0) execFileSync('cc', [...plain, ...files]);

  return {
    /** The results of the calls, one line each. @throws if the program fails, for example because a sanitizer stopped it */
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
