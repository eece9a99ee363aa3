import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The names that `make cross` uses. */
export type System = 'linux-x64' | 'linux-arm64' | 'darwin-x64' | 'darwin-arm64';

/** True if there is a cross-compiler, otherwise the reason. The first call downloads it from npm. */
export function findCrossCompiler(): true | string {
  const { status, stderr } = spawnSync(join(ROOT, 'scripts', 'fetch-client.sh'), ['zig'], {
    encoding: 'utf8',
  });
  return status === 0 || stderr.trim().split('\n').at(-1) || 'zig is not available';
}

/** Compiles the launcher for a system; warnings are errors. The first call also compiles the C library. */
export function buildFor(system: System, output: string): { status: number | null; said: string } {
  const { status, stderr } = spawnSync(
    join(ROOT, 'scripts', 'build-launcher.sh'),
    ['--cross', system, output],
    { encoding: 'utf8' },
  );
  return { status, said: stderr };
}
