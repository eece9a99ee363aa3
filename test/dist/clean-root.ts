import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Done, mustRun, ROOT, remove } from './support.ts';

/** True if a test can have a root of its own, otherwise the reason. */
export const canHaveRoot: true | string =
  (process.platform === 'linux' &&
    process.arch === 'x64' &&
    process.getuid?.() === 0 &&
    spawnSync('unshare', ['--mount', 'true']).status === 0) ||
  'only root on Linux x64 can make a root directory for tests, where mount namespaces are allowed';

const PROGRAMS = ['sh', 'cat', 'env', 'sleep', 'mkdir'];
const USER = 1000;
export const USER_HOME = '/home/dev';

// Mounts end with the namespace, so with the last process in it.
const ENTER = `root=$1 user=$2; shift 2
mount --make-rprivate / && mount --bind /proc "$root/proc" && mount --bind /dev "$root/dev" || exit 1
exec chroot --userspec="$user" "$root" "$@"`;

/**
 * A root directory with a shell, Node 22 and npm, and nothing else: no compiler, no checkout, no package.
 * @param registry the only place from which npm can get packages
 */
export function makeRoot(registry: string) {
  const root = mkdtempSync('/var/tmp/hookbus-root-');
  chmodSync(root, 0o755);
  for (const directory of ['proc', 'dev', 'etc', 'tmp', 'root', 'usr/bin', 'usr/local/bin'])
    mkdirSync(join(root, directory), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  symlinkSync('usr/bin', join(root, 'bin'));
  writeFileSync(
    join(root, 'etc/passwd'),
    `root:x:0:0::/root:/bin/sh\ndev:x:${USER}:${USER}::${USER_HOME}:/bin/sh\n`,
  );
  for (const program of PROGRAMS)
    copyProgram(root, mustRun('sh', ['-c', `command -v ${program}`]).trim(), 'usr/bin');
  const node = join(mustRun(join(ROOT, 'scripts/fetch-node.sh'), ['linux-x64']).trim(), 'bin/node');
  copyProgram(root, node, 'usr/local/bin');
  const npm = join(mustRun('npm', ['root', '-g']).trim(), 'npm');
  cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  for (const name of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/local/bin', name));
  mkdirSync(join(root, USER_HOME), { recursive: true });
  mustRun('chown', [`${USER}:${USER}`, join(root, USER_HOME)]);

  /** Runs a program inside. */
  const run = async (
    who: 'root' | 'dev',
    words: readonly string[],
    more: Readonly<Record<string, string>> = {},
    input = '',
  ): Promise<Done> => {
    const id = who === 'root' ? 0 : USER;
    const home = who === 'root' ? '/root' : USER_HOME;
    const env = { PATH: '/usr/local/bin:/usr/bin', HOME: home, npm_config_registry: registry };
    const enter = ['--mount', 'sh', '-c', ENTER, 'sh', root, `${id}:${id}`];
    const child = spawn('unshare', [
      ...enter,
      'env',
      '-i',
      '-C',
      home,
      ...assign({ ...env, ...more }),
      ...words,
    ]);
    const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      return () => Buffer.concat(chunks).toString();
    }) as [() => string, () => string];
    child.stdin.on('error', () => undefined).end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout: stdout(), stderr: stderr() };
  };
  const path = (name: string) => join(root, name);
  return { run, path, remove: () => remove(root) };
}

const assign = (env: Readonly<Record<string, string>>) =>
  Object.entries(env).map(([name, value]) => `${name}=${value}`);

/** Copies a program and the libraries that it loads. */
function copyProgram(root: string, program: string, place: string): void {
  const name = program.slice(program.lastIndexOf('/') + 1);
  cpSync(program, join(root, place, name), { dereference: true });
  for (const library of mustRun('ldd', [program]).match(/\/\S+/g) ?? []) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    cpSync(library, join(root, library), { dereference: true });
  }
}
