import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../../../src/domain/version.ts';
import { copyParts, isOpenToAll } from '../../support/open-to-all.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Every source of the launcher. */
export const SOURCES = readdirSync(join(ROOT, 'src', 'launcher'))
  .filter((name) => name.endsWith('.c'))
  .map((name) => join(ROOT, 'src', 'launcher', name));

/** The compiler flags of the build, without warnings and optimization. */
export const FLAGS = [
  '-std=c11',
  '-D_POSIX_C_SOURCE=200809L',
  `-DHOOKBUS_VERSION="${VERSION}"`,
  `-DHOOKBUS_NODE="${process.execPath}"`,
];

/** The sanitizers' defaults would change limits that a hook inherits. */
const OPTIONS = `
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "disable_coredump=0"; }
`;

/** A directory that looks like the repository to a launcher in it, and the path for that launcher. */
export function directoryForLauncher(kind: string): { directory: string; program: string } {
  const directory = mkdtempSync(join(tmpdir(), `hookbus-${kind}-`));
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  // Some tests run it as another user, who may not reach this checkout.
  chmodSync(directory, 0o755);
  if (isOpenToAll(join(ROOT, 'dist', 'main.cjs'))) {
    for (const name of ['hookbus.js', 'package.json'])
      copyFileSync(join(ROOT, 'bin', name), join(bin, name));
    for (const name of ['dist', 'node_modules'])
      symlinkSync(join(ROOT, name), join(directory, name));
  } else {
    copyParts(directory);
  }
  return { directory, program: join(bin, 'hookbus') };
}

/**
 * Compiles the launcher with the address and undefined-behaviour sanitizers. An error ends it with a report on stderr,
 * which no test expects.
 * @returns the directory and the program, or the reason why there is none
 */
export function buildSanitized(): { directory: string; program: string } | string {
  const { directory, program } = directoryForLauncher('sanitized');
  const options = join(directory, 'options.c');
  writeFileSync(options, OPTIONS);
  const { status, error, stderr } = spawnSync(
    process.env['CC'] ?? 'cc',
    ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-O1', '-g', ...FLAGS]
      .concat(['-o', program, options])
      .concat(SOURCES),
    { encoding: 'utf8' },
  );
  if (error !== undefined) return 'there is no C compiler';
  if (status !== 0) return `the compiler has no sanitizers: ${stderr.split('\n')[0]}`;
  // Some containers forbid what the sanitizers need to run.
  const trial = spawnSync(program, ['run', '--', 'true'], { env: {}, encoding: 'utf8' });
  return trial.status === 0 ? { directory, program } : `it does not run here: ${trial.stderr}`;
}
