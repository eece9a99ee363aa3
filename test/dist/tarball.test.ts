import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/domain/version.ts';
import { readCodeSignature } from '../launcher/support/code-signature.ts';
import { findCrossCompiler } from '../launcher/support/cross.ts';
import { titleOf } from '../launcher/support/launcher.ts';
import { readProgramFile } from '../launcher/support/program-file.ts';
import { until } from '../support/daemon.ts';
import { recordsIn } from '../support/spooled.ts';
import { aDirectory, aPath, aUser, filesIn, mustRun, ROOT, remove } from './support.ts';

const SYSTEM = `${process.platform}-${process.arch}`;
const NAME = `hookbus-${VERSION}-${SYSTEM}`;
const PAYLOAD = readFileSync(join(ROOT, 'fixtures/payloads/PreToolUse.Bash.json'), 'utf8');
const canCross = findCrossCompiler();
const isPacked = canCross === true && ['x64', 'arm64'].includes(process.arch);

describe.skipIf(!isPacked)(titleOf('the tarball, without Node', canCross), () => {
  let output: string;
  let tree: string;
  const program = () => join(tree, 'bin/hookbus');
  /** The words before `run` for the Node engine. */
  const engine = () => [join(tree, 'bin/hookbus.js')];

  beforeAll(() => {
    output = aDirectory();
    mustRun(join(ROOT, 'scripts/make-dist.sh'), [join(output, 'release'), SYSTEM, 'darwin-arm64']);
    mkdirSync(join(output, 'opt'));
    mustRun('tar', ['-xzf', join(output, 'release', `${NAME}.tar.gz`), '-C', join(output, 'opt')]);
    tree = join(output, 'opt', NAME);
  }, 600_000);

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
      'bin/hookbus',
      'bin/hookbus-node',
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
      /Node\.js.*musl.*zig.*jsonc-parser.*SQLite/s,
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
    expect(readdirSync(temporary)).toEqual([]);
    // The default directory contains only the entry of the state directory in use.
    expect(readdirSync(home)).toEqual(['.local']);
    expect(readdirSync(join(home, '.local/state/hookbus'))).toEqual(['trusted']);
  });

  it('runs a hook in its Node engine too', () => {
    const { run, logs } = aUser(join(tree, 'bin/hookbus-node'), aPath());
    const at = (words: readonly string[], env = {}) => run([...engine(), ...words], env, PAYLOAD);
    const hook = ['run', '--name', 'guard', '--', 'sh', '-c', 'cat; echo no >&2; exit 2'];
    expect(at(hook, { HOOKBUS_STORE_RAW: '1' })).toEqual({
      code: 2,
      stdout: PAYLOAD,
      stderr: 'no\n',
    });
    const rows = () => JSON.parse(at(['logs', '--json']).stdout) as ReturnType<typeof logs>;
    expect(rows()).toMatchObject([{ hook_name: 'guard', status: 'blocked' }]);
    expect(at(['run', '--', 'sh', '-c', 'kill -TERM $$']).code).toBe(null);
    expect(at(['run', '--', 'no-such-hook']).code).toBe(127);
    expect(at(hook, { HOOKBUS_ENABLED: '0' }).code).toBe(2);
    expect(rows()).toHaveLength(3);
  });

  it('runs a duplicate once without a daemon', () => {
    const { run, logs } = aUser(program(), aPath());
    const hook = ['run', '--name', 'once', '--dedupe', '--', 'sh', '-c', 'cat >/dev/null; echo $$'];
    const payload = PAYLOAD.replace('PreToolUse', 'PostToolUse');
    expect(run(hook, {}, payload).stdout).toMatch(/^\d+\n$/);
    expect(run(hook, {}, payload)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(logs().map(({ status }) => status)).toEqual(['dedupe_skip', 'success']);
  });

  it('has its daemon started by the first hook, and by its command', async () => {
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
  });

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

  it('is made for another system too, with its Node as it was signed', () => {
    const name = `hookbus-${VERSION}-darwin-arm64`;
    mustRun('tar', ['-xzf', join(output, 'release', `${name}.tar.gz`), '-C', output]);
    const at = (file: string) => join(output, name, 'bin', file);
    expect(readProgramFile(at('hookbus'))).toMatchObject({ machine: 'arm64' });
    expect(readCodeSignature(at('hookbus'))).toMatchObject({ isAdHoc: true, isValid: true });
    expect(readCodeSignature(at('hookbus-node'))).toMatchObject({ isAdHoc: false, isValid: true });
  });

  it('links itself only if it can run hooks', () => {
    const { home } = aUser(program(), aPath());
    const bin = join(home, 'bin');
    const install = join(tree, 'install.sh');
    expect(mustRun('sh', [install, bin])).toBe(`install: installed ${bin}/hookbus\n`);
    expect(realpathSync(join(bin, 'hookbus'))).toBe(realpathSync(program()));
    const other = join(home, 'other');
    mkdirSync(join(other, 'bin'), { recursive: true });
    writeFileSync(join(other, 'install.sh'), readFileSync(install));
    writeFileSync(join(other, 'bin/hookbus'), '', { mode: 0o755 });
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
