import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wrapCommand } from '../../src/cli/commands/setup/wrap.ts';
import { type Ended, hookbus } from '../support/hookbus.ts';
import { freshState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const SCRIPT = join(import.meta.dirname, '../../bin/hookbus.js');

const wrap = (
  text: string,
  words: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<Ended> => hookbus(['wrap', ...words], env, cwd, undefined, text);

const nested = (event: string, ...commands: readonly string[]) => ({
  hooks: {
    [event]: [{ matcher: '*', hooks: commands.map((command) => ({ type: 'command', command })) }],
  },
});

const LINES = ['/opt/guards/rm.sh', 'python3 /opt/guards/net.py | tee -a /dev/null'];
const CLAUDE = `${JSON.stringify({ ...nested('PreToolUse', ...LINES), model: 'x' }, null, '\t')}\n`;

const OF_AGENTS = {
  claude: JSON.parse(CLAUDE),
  codex: nested('PreToolUse', ...LINES),
  gemini: nested('BeforeTool', ...LINES),
  qwen: nested('PreToolUse', ...LINES),
  droid: nested('PreToolUse', ...LINES),
  auggie: nested('PreToolUse', ...LINES),
  cursor: { version: 1, hooks: { beforeShellExecution: LINES.map((command) => ({ command })) } },
  copilot: {
    version: 1,
    hooks: { preToolUse: LINES.map((bash) => ({ type: 'command', bash })) },
  },
} as const;

describe('wrap', () => {
  it.each(Object.entries(OF_AGENTS))(
    'wraps settings of %s with the usual path, twice the same, and wrapped ones stay',
    async (agent, settings) => {
      const text = JSON.stringify(settings, null, 2);
      const words = ['--agent', agent, '--scope', 'managed'];
      const { stdout, stderr, exitCode } = await wrap(text, words);
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(stdout.split('/usr/local/bin/hookbus run').length - 1).toBe(LINES.length);
      expect(await wrap(text, words)).toMatchObject({ stdout });
      expect(await wrap(stdout, words)).toMatchObject({ stdout });
    },
  );

  it('depends on nothing of this machine', async () => {
    const { home, paths } = freshState();
    const user = temporaryDirectory();
    const env = { HOOKBUS_HOME: home, HOME: user };
    mkdirSync(join(user, '.claude'));
    writeFileSync(join(user, '.claude/settings.json'), CLAUDE);
    const names = await hookbus(['install', '--name', 'rm=other', '--yes'], env, user);
    expect([names.stderr, names.exitCode]).toEqual(['', 0]);
    writeFileSync(join(user, '.claude/settings.json'), CLAUDE);
    expect(readFileSync(join(paths.settings, 'names.json'), 'utf8')).toContain('other');
    const { stdout } = await wrap(CLAUDE, [], env, user);
    expect(stdout).toBe((await wrap(CLAUDE)).stdout);
    expect(stdout).not.toContain('other');
  });

  it('changes only the commands: everything else keeps its bytes', async () => {
    const text = `\ufeff${CLAUDE.replaceAll('\n', '\r\n').trimEnd()}`;
    const { stdout } = await wrap(text);
    const without = (whole: string) => whole.replace(/"command": ".*"(?=\r\n)/g, '');
    expect(without(stdout)).toBe(without(text));
    expect((await wrap('{"hooks": {}}')).stdout).toBe('{"hooks": {}}');
    const bytes = hookbusProcessWith(text);
    expect(bytes).toEqual(Buffer.from(stdout));
  });

  it('runs the hook on a machine without HookBus, and through HookBus on one that has it', async () => {
    const place = join(temporaryDirectory(), 'hookbus');
    const hook = nested('PreToolUse', 'cat; echo "$X" >&2; exit 2');
    const { stdout } = await wrap(JSON.stringify(hook), ['--command', place]);
    const { hooks } = JSON.parse(stdout) as typeof hook;
    const line = hooks['PreToolUse']?.[0]?.hooks[0]?.command ?? '';
    const run = () => {
      const {
        status,
        stdout: out,
        stderr,
      } = spawnSync('/bin/sh', ['-c', line], {
        input: 'payload',
        env: { PATH: '/usr/bin:/bin', X: 'refused' },
        encoding: 'utf8',
      });
      return [status, out, stderr];
    };
    expect(run()).toEqual([2, 'payload', 'refused\n']);
    writeFileSync(place, '');
    chmodSync(place, 0o755);
    expect(run()).toEqual([2, 'payload', 'refused\n']);
    writeFileSync(
      place,
      '#!/bin/sh\necho "through $1"\nwhile [ "$1" != -- ]; do shift; done\nshift; exec "$@"\n',
    );
    expect(run()).toEqual([2, 'through run\npayload', 'refused\n']);
  });

  it('switches recording on with --enable, and moves wrapped hooks to another path', async () => {
    const once = (await wrap(CLAUDE, ['--enable'])).stdout;
    expect(JSON.parse(once).env).toEqual({ HOOKBUS_ENABLED: '1' });
    const moved = (await wrap(once, ['--enable', '--command', '/opt/hookbus'])).stdout;
    expect(moved).toBe(once.replaceAll('/usr/local/bin/hookbus', '/opt/hookbus'));
    const { stdout } = await wrap(CLAUDE, ['--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      agent: 'claude',
      changed: true,
      hooks: [{ hook_name: 'rm', action: 'wrapped' }, { hook_name: 'net' }],
      settings: (await wrap(CLAUDE)).stdout,
    });
  });

  it.each([
    ['{', [], 'the settings on stdin are not valid JSON at line 1, column 2'],
    ['', [], 'the settings on stdin are not valid JSON at line 1, column 1'],
    ['[]', [], 'expected an object'],
    ['{} // no', [], 'not valid JSON'],
    ['{"a": "\ufffd"}', [], 'not valid UTF-8'],
    ['{}', ['--agent', 'cline'], 'the hooks of Cline are files, not settings'],
    ['[[hooks.Stop]]\nmatcher = ""\n', ['--agent', 'codex'], 'wrap does not read TOML'],
    ['{}', ['--agent', 'vi'], '--agent must be one of claude'],
    ['{}', ['--scope', 'user'], '--scope must be one of managed'],
    ['{}', ['--command', 'hookbus'], '--command must be an absolute path'],
    ['{}', ['--command', '/opt/other'], '--command must be an absolute path'],
    ['{}', ['--agent', 'cursor', '--enable'], '--enable does not work for Cursor'],
  ])('refuses %j with %j in one line, and prints nothing', async (text, words, problem) => {
    const { stdout, stderr, exitCode } = await wrap(text, words);
    expect([stdout, exitCode]).toEqual(['', 1]);
    expect(stderr).toContain(problem);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('does not wait for what nobody types', async () => {
    const user = { columns: 80, answers: [] };
    const { stderr, exitCode } = await hookbus(['wrap'], {}, undefined, user);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('hookbus install')]);
  });
});

it.each(wrapCommand.examples)('the example %s works when it is pasted', (line) => {
  const program = `hookbus() { '${process.execPath}' '${SCRIPT}' "$@"; }`;
  const { stdout, stderr } = spawnSync('sh', ['-c', `${program}\n${line}`], { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual(['{"hooks": {}}\n', '']);
});

it.skipIf(!existsSync('/dev/full'))('on a full disk fails in one line', () => {
  const line = `'${process.execPath}' '${SCRIPT}' wrap >/dev/full`;
  const { stderr, status } = spawnSync('sh', ['-c', line], { input: CLAUDE, encoding: 'utf8' });
  expect(stderr).toMatch(/^hookbus: the output cannot be written: ENOSPC.*\n$/);
  expect(status).toBe(1);
});

/** The very bytes that a process writes. */
function hookbusProcessWith(text: string): Buffer {
  return spawnSync(process.execPath, [SCRIPT, 'wrap'], { input: text, env: {} }).stdout;
}
