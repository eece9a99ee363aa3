import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/domain/version.ts';
import { hasLauncher } from '../support/daemon.ts';
import { withCertificates } from '../support/plain-node.ts';
import { recordsIn } from '../support/spooled.ts';
import { aDirectory, aPath, aUser, filesIn, mustRun, ROOT, remove } from './support.ts';

const PAYLOAD = readFileSync(join(ROOT, 'fixtures/payloads/PreToolUse.Bash.json'), 'utf8');
const HOOK = ['run', '--name', 'guard', '--', 'sh', '-c', 'cat; exit 2'];
const NATIVE = 'build/Release/better_sqlite3.node';
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
/** Then nothing is missing; packages.test.ts shows that. */
const nodeHasSqlite = major > 22 || (major === 22 && minor >= 13);

/** Node, and the programs that npm needs on PATH. */
const pathWithNode = () => aPath('node', 'ps');

describe('the npm package', () => {
  let root: string;
  let archive: string;
  const prefix = () => join(root, 'prefix');
  const modules = () => join(prefix(), 'lib', 'node_modules', 'hookbus');
  const program = () => join(prefix(), 'bin', 'hookbus');
  const npm = (...words: string[]) =>
    mustRun(
      'npm',
      [...words, '--global', '--prefix', prefix(), '--no-audit', '--no-fund', '--prefer-offline'],
      { env: withCertificates() },
    );

  beforeAll(() => {
    root = aDirectory();
    mustRun('scripts/pack-npm.sh', [root], { cwd: ROOT });
    archive = join(root, readdirSync(root).find((name) => name.endsWith('.tgz')) ?? '');
    // For users whose npm runs no scripts of packages.
    npm('install', '--ignore-scripts', archive);
  });

  afterAll(() => remove(root));

  it('contains everything to run and build the launcher, and nothing of the tests', () => {
    const files = mustRun('tar', ['-tzf', archive])
      .trim()
      .split('\n')
      .map((name) => name.replace('package/', ''));
    for (const name of [
      'bin/hookbus.js',
      'dist/run.cjs',
      'dist/redaction.cjs',
      'dist/decisions.cjs',
      'dist/wide-text.cjs',
      'dist/main.cjs',
      'dist/index.js',
      'src/launcher/main.c',
      'docs/cli.md',
      'LICENSE',
      'LICENSE-of-parts',
      'SECURITY.md',
      'README.md',
      'CHANGELOG.md',
    ])
      expect(files).toContain(name);
    expect(
      files.filter((name) =>
        /^(?:test|fixtures|bench|node_modules|release|tmp)\/|\.(?:test\.ts|cache)$|^bin\/hookbus$|^src\/.*\.ts$/.test(
          name,
        ),
      ),
    ).toEqual([]);
  });

  it('lists exactly the packages that come with it, and the licence of each that it contains', () => {
    const fileOf = (name: string) => mustRun('tar', ['-xzOf', archive, `package/${name}`]);
    const manifest = JSON.parse(fileOf('package.json')) as Record<string, Record<string, string>>;
    expect(manifest['dependencies']).toBeUndefined();
    const pinned = manifest['optionalDependencies'] ?? {};
    expect(Object.keys(pinned).length).toBeGreaterThan(20);
    expect(pinned).toHaveProperty('better-sqlite3');
    // What is installed is what package.json names: nothing else, in no other version.
    const installed = filesIn(join(modules(), 'node_modules'))
      .filter((name) => /(?:^|\/node_modules\/)[^/]+\/package\.json$/.test(name))
      .map((name) => {
        const text = readFileSync(join(modules(), 'node_modules', name), 'utf8');
        return [dirname(name), (JSON.parse(text) as { version: string }).version];
      });
    expect(Object.fromEntries(installed)).toEqual(pinned);
    const licences = fileOf('LICENSE-of-parts');
    for (const name of [
      'prom-client',
      '@opentelemetry/api',
      'jsonc-parser',
      'uplot',
      'better-sqlite3',
      'SQLite',
    ])
      expect(licences).toMatch(new RegExp(`^${name}\\b`, 'm'));
    expect(licences).toContain('Apache License');
  });

  describe('where install scripts are refused', () => {
    it('runs hooks, and keeps their records', () => {
      const { run, state } = aUser(program(), pathWithNode());
      expect(run(HOOK, {}, PAYLOAD)).toEqual({ code: 2, stdout: PAYLOAD, stderr: '' });
      expect(
        recordsIn(join(state, 'spool')).filter(({ name }) => name.endsWith('.rec')),
      ).toHaveLength(1);
    });

    it.skipIf(nodeHasSqlite)('names in one line what is missing and how to get it', () => {
      const { run } = aUser(program(), pathWithNode());
      run(HOOK, {}, PAYLOAD);
      const { code, stdout, stderr } = run(['logs']);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(
        /^hookbus: the native part of better-sqlite3 is missing.* Run `npm rebuild .*\n$/,
      );
    });

    it.skipIf(nodeHasSqlite)('reports in its status that SQLite is missing', () => {
      const { run } = aUser(program(), pathWithNode());
      run(HOOK, {}, PAYLOAD);
      const { code, stdout } = run(['status']);
      expect(code).toBe(0);
      expect(stdout).toContain('the native part of better-sqlite3 is missing');
      expect(stdout.replace(/\s+/g, ' ')).toContain('`npm rebuild -g better-sqlite3`');
    });

    it('has no launcher, so settings get Node and the script', () => {
      const { run, home } = aUser(program(), pathWithNode());
      const file = join(home, '.claude', 'settings.json');
      mkdirSync(dirname(file));
      const hooks = { Stop: [{ hooks: [{ type: 'command', command: 'sh check.sh' }] }] };
      writeFileSync(file, JSON.stringify({ hooks }));
      expect(run(['install', '--scope', 'user'])).toMatchObject({ code: 0, stderr: '' });
      const script = join(realpathSync(modules()), 'bin', 'hookbus-command');
      expect(readFileSync(file, 'utf8')).toContain(`${script} run --; `);
    });
  });

  describe.skipIf(!hasLauncher)(
    `where install scripts run${hasLauncher ? '' : ' (skipped: there is no C compiler)'}`,
    () => {
      it('has the launcher on PATH', () => {
        // Compiling it takes minutes, and it is here already.
        const native = join(modules(), 'node_modules', 'better-sqlite3', NATIVE);
        mkdirSync(dirname(native), { recursive: true });
        copyFileSync(join(ROOT, 'node_modules', 'better-sqlite3', NATIVE), native);
        npm('rebuild', 'hookbus', '--ignore-scripts=false', '--foreground-scripts');
        expect(realpathSync(program())).toBe(
          join(realpathSync(modules()), 'bin', `hookbus-${VERSION}`),
        );
        expect(readFileSync(program()).subarray(0, 4).toString('latin1')).toBe('\x7fELF');
        expect(lstatSync(join(modules(), 'bin', 'hookbus-command')).isSymbolicLink()).toBe(true);
        expect(readlinkSync(join(modules(), 'bin', 'hookbus-command'))).toBe('hookbus');
      });

      it('records a hook', () => {
        const { run, logs, temporary } = aUser(program(), pathWithNode());
        expect(run(HOOK, {}, PAYLOAD)).toEqual({ code: 2, stdout: PAYLOAD, stderr: '' });
        expect(logs()).toMatchObject([{ hook_name: 'guard', status: 'blocked' }]);
        expect(readdirSync(temporary)).toEqual([]);
      });

      it('has a code cache of its bundles for the current Node', () => {
        expect(filesIn(join(modules(), 'dist'))).toEqual(
          expect.arrayContaining(['run.cache', 'main.cache']),
        );
      });

      it('leaves guards working when npm removes it without running any script', () => {
        const { run, home, state } = aUser(program(), pathWithNode());
        const file = join(home, '.claude', 'settings.json');
        mkdirSync(dirname(file));
        const hook = (more: object) => ({ type: 'command', timeout: 5, ...more });
        const refuse = 'cat; echo no >&2; exit 2';
        const hooks = [
          hook({ command: refuse }),
          hook({ command: `sh -c "${refuse}"` }),
          hook({ command: 'sh', args: ['-c', refuse] }),
        ];
        writeFileSync(file, JSON.stringify({ hooks: { PreToolUse: [{ hooks }] } }));
        expect(run(['install', '--scope', 'user']).code).toBe(0);
        const { PreToolUse } = JSON.parse(readFileSync(file, 'utf8')).hooks as {
          PreToolUse: { hooks: { command: string; args?: string[] }[] }[];
        };
        const asWritten = () =>
          (PreToolUse[0]?.hooks ?? []).map(({ command, args }) => {
            const [name, words] =
              args === undefined ? ['/bin/sh', ['-c', command]] : [command, args];
            const env = { PATH: '/usr/bin:/bin', HOOKBUS_ENABLED: '1', HOOKBUS_DAEMON: 'off' };
            const { status, stdout, stderr } = spawnSync(name, words, {
              input: PAYLOAD,
              encoding: 'utf8',
              env: { ...env, HOME: home, HOOKBUS_HOME: state },
            });
            return { status, stdout, stderr };
          });
        const refused = { status: 2, stdout: PAYLOAD, stderr: 'no\n' };
        expect(asWritten()).toEqual([refused, refused, refused]);
        expect(recordsIn(join(state, 'spool'))).toHaveLength(3);
        npm('uninstall', 'hookbus');
        expect(existsSync(program())).toBe(false);
        expect(asWritten()).toEqual([refused, refused, refused]);
        expect(recordsIn(join(state, 'spool'))).toHaveLength(3);
      });
    },
  );
});

describe('make install', () => {
  it('copies a checkout to a prefix, where it works; make uninstall removes every file', () => {
    const root = aDirectory();
    const destination = join(root, 'stage');
    const place = [`PREFIX=/opt/hookbus`, `DESTDIR=${destination}`];
    try {
      mustRun('make', ['-s', 'install', ...place], { cwd: ROOT, env: { MAKEFLAGS: '' } });
      const prefix = join(destination, 'opt/hookbus');
      expect(readdirSync(join(prefix, 'share')).sort()).toEqual(['bash-completion', 'fish', 'zsh']);
      expect(readFileSync(join(prefix, 'lib/hookbus/LICENSE-of-parts'), 'utf8')).toContain(
        'jsonc-parser',
      );
      const { run, logs } = aUser(join(prefix, 'bin/hookbus'), aPath('node'));
      expect(run(HOOK, {}, PAYLOAD)).toEqual({ code: 2, stdout: PAYLOAD, stderr: '' });
      expect(logs()).toMatchObject([{ hook_name: 'guard', status: 'blocked' }]);
      const engine = aUser(execPath, aPath('node'));
      const script = join(prefix, 'lib/hookbus/bin/hookbus.js');
      expect(engine.run([script, ...HOOK], {}, PAYLOAD).code).toBe(2);
      expect(engine.run([script, 'logs']).stdout).toContain('guard');
      // Again, over the existing installation.
      mustRun('make', ['-s', 'install', ...place], { cwd: ROOT, env: { MAKEFLAGS: '' } });
      expect(logs()).toHaveLength(1);
      mustRun('make', ['-s', 'uninstall', ...place], { cwd: ROOT, env: { MAKEFLAGS: '' } });
      const left = filesIn(prefix).filter((name) => name.includes('hookbus'));
      expect(left).toEqual([]);
    } finally {
      remove(root);
    }
  });

  it('removes the prefix from settings before make uninstall removes the files, or removes nothing', () => {
    const root = aDirectory();
    const place = [`PREFIX=${join(root, 'prefix')}`];
    const home = join(root, 'home');
    const env = { MAKEFLAGS: '', HOME: home, HOOKBUS_HOME: join(root, 'state') };
    const make = (work: string) =>
      spawnSync('make', ['-s', work, ...place], {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, ...env },
      });
    try {
      const file = join(home, '.claude', 'settings.json');
      mkdirSync(dirname(file), { recursive: true });
      const hooks = { Stop: [{ hooks: [{ type: 'command', command: 'sh check.sh' }] }] };
      writeFileSync(file, JSON.stringify({ hooks }));
      expect(make('install').status).toBe(0);
      const program = join(root, 'prefix/bin/hookbus');
      mustRun(program, ['install', '--scope', 'user'], { cwd: home, env });
      const wrapped = readFileSync(file, 'utf8');
      // A launcher that an update installs has the same name in settings.
      expect(wrapped).toContain(
        join(
          realpathSync(root),
          'prefix/lib/hookbus/bin',
          hasLauncher ? 'hookbus run' : 'hookbus.js run',
        ),
      );
      writeFileSync(file, '{');
      const refused = make('uninstall');
      expect(refused.status).not.toBe(0);
      expect(refused.stderr).toContain('nothing was removed');
      expect(existsSync(program)).toBe(true);
      writeFileSync(file, wrapped);
      expect(make('uninstall').status).toBe(0);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ hooks });
      expect(existsSync(program)).toBe(false);
    } finally {
      remove(root);
    }
  });
});
