import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** As `make cross` names them. */
export type System = 'linux-x64' | 'linux-arm64' | 'darwin-x64' | 'darwin-arm64';

/** A compiler for other systems is there, or why not. The first time it is fetched from npm. */
export function findCrossCompiler(): true | string {
  const { status, stderr } = spawnSync(join(ROOT, 'scripts', 'fetch-client.sh'), ['zig'], {
    encoding: 'utf8',
  });
  return status === 0 || stderr.trim().split('\n').at(-1) || 'zig cannot be had';
}

/** Compiles the launcher for a system, with every warning an error. The first time it compiles the C library too. */
export function buildFor(system: System, output: string): { status: number | null; said: string } {
  const { status, stderr } = spawnSync(
    join(ROOT, 'scripts', 'build-launcher.sh'),
    ['--cross', system, output],
    { encoding: 'utf8' },
  );
  return { status, said: stderr };
}
