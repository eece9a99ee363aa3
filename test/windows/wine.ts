import { spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

const wine = spawnSync('sh', ['-c', 'command -v wine'], { encoding: 'utf8' });
const node =
  wine.status === 0
    ? spawnSync(join(ROOT, 'scripts', 'fetch-client.sh'), ['node-win'], { encoding: 'utf8' })
    : undefined;

/** Why there is no Windows to try; undefined if there is one. */
export const WHY_NO_WINDOWS =
  node === undefined
    ? 'there is no wine; on Debian: apt-get install wine64 wine'
    : node.status === 0
      ? undefined
      : node.stderr.trim();

export interface EndedOnWindows {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly text: string;
}

interface How {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
}

/** Far more than any of it takes. */
const HANGS_MS = 300_000;

const BARE = { PATH: process.env['PATH'] ?? '', WINEDEBUG: '-all', WINEARCH: 'win64' };

/** A Windows of its own with Node.js and this HookBus on drive C. */
export function aWindows() {
  const top = mkdtempSync(join(tmpdir(), 'hookbus-wine-'));
  const drive = join(top, 'prefix', 'drive_c');
  const env = {
    ...BARE,
    HOME: top,
    TMPDIR: top,
    WINEPREFIX: join(top, 'prefix'),
    // Without these it offers to download what Node does not need.
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
    WINEPATH: 'C:\\Program Files\\nodejs',
    NODE_SKIP_PLATFORM_CHECK: '1',
    HOOKBUS_DAEMON: 'off',
  };
  /** The streams are files: wine passes a pipe on only in part. */
  const start = (words: readonly string[], { input = '', env: more = {} }: How = {}) => {
    const path = (name: string): string => join(top, name);
    writeFileSync(path('stdin'), input);
    const stdio = [
      openSync(path('stdin'), 'r'),
      openSync(path('stdout'), 'w'),
      openSync(path('stderr'), 'w'),
    ];
    const { status } = spawnSync('wine', words, {
      stdio,
      cwd: drive,
      env: { ...env, ...more },
      timeout: HANGS_MS,
    });
    for (const stream of stdio) closeSync(stream);
    const [stdout, stderr] = [readFileSync(path('stdout')), readFileSync(path('stderr'))];
    return { exitCode: status, stdout, stderr, text: stdout.toString() + stderr.toString() };
  };
  const file = (...names: string[]): string => {
    const path = join(drive, ...names);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  };
  mkdirSync(drive, { recursive: true });
  start(['wineboot', '--init']);
  linkOrCopy(node?.stdout.trim() ?? '', file('Program Files', 'nodejs', 'node.exe'));
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(ROOT, part), file('my & hookbus', part), { recursive: true });
  rmSync(file('my & hookbus', 'bin', 'hookbus'), { force: true });
  const user = readdirSync(join(drive, 'users')).find((name) => name !== 'Public');
  return {
    file,
    /** A file in the directory of the user. */
    own: (...names: string[]): string => file('users', user ?? '', ...names),
    start,
    hookbus: (words: readonly string[], how?: How): EndedOnWindows =>
      start([NODE, SCRIPT, ...words], how),
    end: () => {
      spawnSync('wineserver', ['-k', '-w'], { env });
      rmSync(top, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export const NODE = 'C:\\Program Files\\nodejs\\node.exe';
export const SCRIPT = 'C:\\my & hookbus\\bin\\hookbus.js';

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
}
