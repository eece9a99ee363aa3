import { spawnSync } from 'node:child_process';
import {
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
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

/** Starts a program as an agent does: wine gives Node no pipes of Linux, so both ends are of Windows. */
const START = `
const { readFileSync, rmSync, writeFileSync } = require('node:fs');
const { words: [program, ...words], env } = JSON.parse(readFileSync('C:\\\\job.json'));
rmSync('C:\\\\ended.json', { force: true });
const { status, stdout, stderr } = require('node:child_process').spawnSync(program, words, {
  input: readFileSync('C:\\\\given'),
  env: { ...process.env, ...env },
  maxBuffer: 64 * 1024 * 1024,
});
writeFileSync('C:\\\\stdout', stdout ?? '');
writeFileSync('C:\\\\stderr', stderr ?? '');
writeFileSync('C:\\\\ended.json', JSON.stringify({ status }));
`;

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
    HOOKBUS_DAEMON: 'off',
  };
  const start = (words: readonly string[], given: How = {}) => {
    writeFileSync(file('given'), given.input ?? '');
    writeFileSync(file('job.json'), JSON.stringify({ words, env: given.env ?? {} }));
    wine([NODE, 'C:\\start.js']);
    const { status } = JSON.parse(readFileSync(file('ended.json'), 'utf8'));
    const [stdout, stderr] = [readFileSync(file('stdout')), readFileSync(file('stderr'))];
    const text = stdout.toString() + stderr.toString();
    return { exitCode: status as number | null, stdout, stderr, text };
  };
  const wine = (words: readonly string[]) =>
    spawnSync('wine', words, { stdio: 'ignore', cwd: drive, env, timeout: HANGS_MS });
  const file = (...names: string[]): string => {
    const path = join(drive, ...names);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  };
  mkdirSync(drive, { recursive: true });
  wine(['wineboot', '--init']);
  // Node.js does not start on older ones.
  wine(['winecfg', '-v', 'win10']);
  writeFileSync(file('start.js'), START);
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
