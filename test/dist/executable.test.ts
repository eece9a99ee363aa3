import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/domain/version.ts';
import { hasLauncher, until } from '../support/daemon.ts';
import { recordsIn } from '../support/spooled.ts';
import { aDirectory, aPath, aUser, filesIn, mustRun, ROOT, remove } from './support.ts';

const NAME = `hookbus-${VERSION}-${process.platform}-${process.arch}`;
const PAYLOAD = readFileSync(join(ROOT, 'fixtures/payloads/PreToolUse.Bash.json'), 'utf8');
const WITHOUT = hasLauncher
  ? ''
  : ' (some are skipped: no launcher was built, there being no C compiler)';

describe(`the tarball, without Node${WITHOUT}`, () => {
  let output: string;
  let tree: string;
  const program = () => join(tree, 'hookbus');
  /** Without a launcher, it is what the launcher would start. */
  const commandLine = () => join(tree, hasLauncher ? 'hookbus-cli' : 'hookbus');

  beforeAll(() => {
    output = aDirectory();
    mustRun(join(ROOT, 'scripts/make-dist.sh'), [join(output, 'release')]);
    mkdirSync(join(output, 'opt'));
    mustRun('tar', ['-xzf', join(output, 'release', `${NAME}.tar.gz`), '-C', join(output, 'opt')]);
    tree = join(output, 'opt', NAME);
  }, 120_000);

  afterAll(() => remove(output));

  it('has correct checksums, outside and inside', () => {
    const check = (cwd: string) =>
      mustRun(
        'sh',
        [
          '-c',
          'if command -v sha256sum; then sha256sum -c SHA256SUMS; else shasum -c SHA256SUMS; fi',
        ],
        { cwd },
      );
    expect(check(join(output, 'release'))).toContain(`${NAME}.tar.gz: OK`);
    const files = filesIn(tree).filter(
      (name) =>
        !readdirSync(join(tree), { withFileTypes: true }).some(
          (entry) => entry.isDirectory() && entry.name === name,
        ),
    );
    const inside = check(tree);
    for (const name of [
      'hookbus',
      'README.md',
      'LICENSE',
      'LICENSE-of-parts',
      'docs/cli.md',
      'completions/hookbus.bash',
      'completions/_hookbus',
      'completions/hookbus.fish',
    ]) {
      expect(files).toContain(name);
      expect(inside).toContain(`${name}: OK`);
    }
    expect(readFileSync(join(tree, 'LICENSE-of-parts'), 'utf8')).toMatch(
      /Node\.js.*better-sqlite3.*jsonc-parser.*SQLite/s,
    );
  });

  it('runs a hook unchanged, records it, and leaves nothing else', () => {
    const { run, logs, temporary, home } = aUser(program(), aPath());
    const hook = ['run', '--name', 'guard', '--', 'sh', '-c', 'cat; echo no >&2; exit 2'];
    expect(run(hook, {}, PAYLOAD)).toEqual({ code: 2, stdout: PAYLOAD, stderr: 'no\n' });
    expect(logs()).toMatchObject([
      { hook_name: 'guard', status: 'blocked', event_type: 'PreToolUse' },
    ]);
    expect(run(['status'])).toMatchObject({ code: 0, stderr: '' });
    expect(run(['--version']).stdout).toBe(`hookbus ${VERSION}\n`);
    // The native part of SQLite was a file only while it was loaded.
    expect(readdirSync(temporary)).toEqual([]);
    // The default directory contains only the entry of the state directory in use.
    expect(readdirSync(home)).toEqual(['.local']);
    expect(readdirSync(join(home, '.local/state/hookbus'))).toEqual(['trusted']);
  });

  it('runs a hook in its Node engine too', () => {
    const { run, logs } = aUser(commandLine(), aPath());
    const hook = ['run', '--name', 'guard', '--', 'sh', '-c', 'cat; echo no >&2; exit 2'];
    expect(run(hook, { HOOKBUS_STORE_RAW: '1' }, PAYLOAD)).toEqual({
      code: 2,
      stdout: PAYLOAD,
      stderr: 'no\n',
    });
    expect(logs()).toMatchObject([{ hook_name: 'guard', status: 'blocked' }]);
    expect(run(['run', '--', 'sh', '-c', 'kill -TERM $$']).code).toBe(null);
    expect(run(['run', '--', 'no-such-hook']).code).toBe(127);
    expect(run(hook, { HOOKBUS_ENABLED: '0' }, PAYLOAD).code).toBe(2);
    expect(logs()).toHaveLength(3);
  });

  it('runs a duplicate once without a daemon', () => {
    const { run, logs } = aUser(program(), aPath());
    const hook = ['run', '--name', 'once', '--dedupe', '--', 'sh', '-c', 'cat >/dev/null; echo $$'];
    const payload = PAYLOAD.replace('PreToolUse', 'PostToolUse');
    expect(run(hook, {}, payload).stdout).toMatch(/^\d+\n$/);
    expect(run(hook, {}, payload)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(logs().map(({ status }) => status)).toEqual(['dedupe_skip', 'success']);
  });

  it.skipIf(!hasLauncher)(
    'has its daemon started by the first hook, and by its command',
    async () => {
      const { run, logs, state } = aUser(program(), aPath());
      const auto = { HOOKBUS_DAEMON: 'auto' };
      run(['run', '--name', 'first', '--', 'true'], auto);
      run(['run', '--name', 'second', '--', 'true'], auto);
      const running = () =>
        (JSON.parse(run(['daemon', 'status', '--json'], auto).stdout) as { running: boolean })
          .running;
      await until('the daemon', running);
      await until('an empty spool', () => recordsIn(join(state, 'spool')).length === 0);
      expect(logs()).toHaveLength(2);
      expect(run(['daemon', 'stop'], auto).stdout).toBe('The daemon has stopped.\n');
      expect(run(['daemon', 'start'], auto)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('The daemon is running'),
      });
      expect(run(['daemon', 'restart'], auto).code).toBe(0);
    },
  );

  it('writes its own path into settings, and removes it again', () => {
    const { run, home } = aUser(program(), aPath());
    const file = join(home, '.claude', 'settings.json');
    mkdirSync(join(home, '.claude'));
    const hooks = { Stop: [{ hooks: [{ type: 'command', command: 'sh check.sh' }] }] };
    writeFileSync(file, JSON.stringify({ hooks }, null, 2));
    const before = readFileSync(file, 'utf8');
    expect(run(['install', '--scope', 'user']).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain(`set -- ${program()} run --; `);
    expect(run(['uninstall', '--scope', 'user']).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it.skipIf(!hasLauncher || process.platform !== 'linux')(
    'comes with an npm package that has a launcher for machines like this, which needs no installation',
    () => {
      mustRun('tar', ['-xzf', join(output, 'release', `hookbus-${VERSION}.tgz`), '-C', output]);
      const bin = join(realpathSync(output), 'package', 'bin');
      const launcher = join(bin, `hookbus-linux-${process.arch}`);
      const { run, home, state } = aUser(launcher, aPath('node'));
      const runsInto = (directory: string) => {
        const env = { HOOKBUS_HOME: directory };
        const passed = { code: 0, stdout: PAYLOAD, stderr: '' };
        expect(run(['run', '--', 'cat'], env, PAYLOAD)).toEqual(passed);
        return recordsIn(join(directory, 'spool')).length;
      };
      expect(runsInto(join(home, '.local', 'state', 'hookbus'))).toBe(1);
      // Only Node makes a state directory that is not the default, and hooks do not search PATH for Node.
      expect(runsInto(state)).toBe(0);
      expect(run(['--version']).stdout).toBe(`hookbus ${VERSION}\n`);
      const file = join(home, '.claude', 'settings.json');
      mkdirSync(dirname(file));
      const hooks = { Stop: [{ hooks: [{ type: 'command', command: 'sh check.sh' }] }] };
      writeFileSync(file, JSON.stringify({ hooks }));
      const modules = join(bin, '..', 'node_modules');
      mkdirSync(modules);
      symlinkSync(join(ROOT, 'node_modules/better-sqlite3'), join(modules, 'better-sqlite3'));
      const user = aUser('node', aPath('node'));
      const env = { HOME: home };
      expect(user.run([join(bin, 'hookbus-command'), 'install', '--scope', 'user'], env).code).toBe(
        0,
      );
      expect(readFileSync(file, 'utf8')).toContain(`set -- ${launcher} run --; `);
      expect(runsInto(state)).toBe(1);
    },
  );

  it('links itself only if it can run hooks', () => {
    const { home } = aUser(program(), aPath());
    const bin = join(home, 'bin');
    const install = join(tree, 'install.sh');
    expect(mustRun('sh', [install, bin])).toBe(`install: installed ${bin}/hookbus\n`);
    expect(realpathSync(join(bin, 'hookbus'))).toBe(realpathSync(program()));
    const other = join(home, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'install.sh'), readFileSync(install));
    writeFileSync(join(other, 'hookbus'), '', { mode: 0o755 });
    expect(() => mustRun('sh', [join(other, 'install.sh'), bin])).toThrow('was not changed');
    expect(realpathSync(join(bin, 'hookbus'))).toBe(realpathSync(program()));
    expect(readdirSync(bin)).toEqual(['hookbus']);
  });

  it('works through a link on PATH, and without a directory for temporary files', () => {
    const path = aPath();
    symlinkSync(program(), join(path, 'hookbus'));
    const { run } = aUser('sh', path);
    const missing = { TMPDIR: '/nowhere' };
    expect(run(['-c', 'hookbus run --name linked -- cat'], missing, 'x').stdout).toBe('x');
    expect(run(['-c', 'hookbus logs'], missing)).toMatchObject({ code: 0, stderr: '' });
    expect(run(['-c', 'hookbus logs'], missing).stdout).toContain('linked');
  });
});
