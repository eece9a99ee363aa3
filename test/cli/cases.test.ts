import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../conformance/support/processes.ts';
import { until } from '../support/daemon.ts';
import { type Ended, hookbus, hookbusProcess } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

interface Result {
  readonly name: string;
  readonly passed: boolean;
  readonly decision: string;
  readonly duration_ms: number;
  readonly context: string | null;
  readonly changed_input: object | null;
  readonly hooks: readonly { hook_name: string; decision: string; exit_code: number | null }[];
  readonly differences: readonly { what: string; expected: string; got: string }[];
  readonly notes: readonly string[];
}
interface Report {
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  readonly results: readonly Result[];
  readonly problems: readonly { path: string; line: number; column: number; reason: string }[];
}

type Json = Readonly<Record<string, unknown>>;
type Hook = string | Json;

const command = (hook: Hook): Json =>
  typeof hook === 'string' ? { type: 'command', command: hook } : { type: 'command', ...hook };

const rm: Json = { event: 'PreToolUse', tool: 'Bash', input: { command: 'rm -rf build' } };

/** A checkout with these files; objects are written as JSON. */
function aProject(files: Readonly<Record<string, string | object>>) {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, '.git'));
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
  const env = { HOME: join(directory, 'home'), SECRET_TOKEN: 'of the developer' };
  return {
    directory,
    run: (words: readonly string[] = [], more = {}): Promise<Ended> =>
      hookbus(['test', ...words], { ...env, ...more }, directory),
    async report(words: readonly string[] = []): Promise<Report> {
      const { stdout, stderr } = await hookbus(['test', '--json', ...words], env, directory);
      expect(stderr).toBe('');
      return JSON.parse(stdout) as Report;
    },
  };
}

/** The same with hooks on PreToolUse for Bash. */
const withHooks = (hooks: readonly Hook[], ...cases: readonly Json[]) =>
  aProject({
    '.claude/settings.json': {
      hooks: { PreToolUse: [{ matcher: 'Bash', hooks: hooks.map(command) }] },
    },
    '.hookbus/cases/all.json': cases,
  });

/** The only result of a project with one case. */
async function resultOf(hooks: readonly Hook[], one: Json): Promise<Result> {
  const { results } = await withHooks(hooks, one).report();
  const [result] = results;
  if (result === undefined || results.length > 1) throw new Error('expected one result');
  return result;
}

it("this repository's hooks pass their cases", async () => {
  const words = ['test', '--settings', 'fixtures/hooks/settings.json'];
  const { stdout, exitCode } = await hookbus(words, { HOME: '/nonexistent' });
  expect({ stdout, exitCode }).toMatchObject({ exitCode: 0 });
});

describe('hooks that people publish', () => {
  const PYTHON = `python3 -c 'import json,sys
d=json.load(sys.stdin)
if "rm -rf" in d["tool_input"].get("command",""):
    print("BLOCKED: dangerous", file=sys.stderr); sys.exit(2)'`;
  const JQ = `jq -r '.tool_input.command' | grep -qE 'rm\\s+-rf' && { echo 'no rm' >&2; exit 2; } || exit 0`;
  const JSON_DENY = `jq -c 'if (.tool_input.command | test("rm -rf")) then {hookSpecificOutput: {hookEventName: "PreToolUse", permissionDecision: "deny", permissionDecisionReason: "use trash"}} else empty end'`;
  it.each([
    ['a guard in Python', PYTHON, 'BLOCKED'],
    ['a pipeline', JQ, 'no rm'],
    ['a decision as JSON', JSON_DENY, 'use trash'],
  ])('refuse and pass: %s', async (_name, line, reason) => {
    const pass = { ...rm, input: { command: 'ls' } };
    const project = withHooks(
      [line],
      { ...rm, expect: { decision: 'deny', reason } },
      { ...pass, expect: 'none' },
      { ...pass, expect: 'deny' },
    );
    const { results } = await project.report();
    expect(results.map(({ passed }) => passed)).toEqual([true, true, false]);
    expect(results[2]?.differences).toEqual([{ what: 'decision', expected: 'deny', got: 'none' }]);
  });

  it('see the environment that the agent gives, and no secret', async () => {
    const { results } = await withHooks(['env | sort >&2; exit 2'], {
      ...rm,
      env: { MODE: 'strict' },
      expect: 'deny',
    }).report();
    const said = JSON.stringify(results);
    expect(said).not.toContain('SECRET_TOKEN');
    for (const name of ['CLAUDE_PROJECT_DIR=', 'CLAUDECODE=1', 'MODE=strict', 'HOOKBUS_ENABLED=0'])
      expect(said).toContain(name);
  });

  it('run side by side; the strictest decision counts, and the changed input of the last to end', async () => {
    const says = (word: string) =>
      `echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"${word}","updatedInput":{"command":"${word}"}}}'`;
    const first = `echo $$ >asks.new; mv asks.new asks; ${says('ask')}`;
    // The hook that stands first ends last, and so must not keep the other from starting.
    const last = `until [ -s asks ]; do sleep 0.02; done; while kill -0 "$(cat asks)" 2>/dev/null; do sleep 0.02; done; ${says('allow')}`;
    const one = { ...rm, directory: 'scratch' };
    expect(await resultOf([last, first], { ...one, expect: 'ask' })).toMatchObject({
      passed: true,
      changed_input: { command: 'allow' },
    });
    expect(await resultOf(['exit 2', says('allow')], { ...one, expect: 'deny' })).toMatchObject({
      passed: true,
      changed_input: null,
    });
  });

  it('run once if they stand there twice', async () => {
    const { hooks } = await resultOf(['exit 2', 'exit 2'], { ...rm, expect: 'deny' });
    expect(hooks).toHaveLength(1);
  });

  it('run unwrapped where hookbus stands before them', async () => {
    const wrapped =
      'set -- /nonexistent/hookbus run --; [ -x "$1" ] || set --; "$@" sh -c "exit 2"';
    expect(await resultOf([wrapped], { ...rm, expect: 'deny' })).toMatchObject({ passed: true });
  });

  it('work in a directory of their own, with files of the case', async () => {
    const one = {
      event: 'PreToolUse',
      tool: 'Bash',
      input: { command: 'x', file_path: 'src/a.txt' },
      files: { 'src/a.txt': 'needle' },
      expect: 'deny',
    };
    const line = `grep -q needle "$(jq -r .tool_input.file_path)" && touch made && exit 2`;
    const project = withHooks([line], one);
    expect(await project.report()).toMatchObject({ passed: 1, failed: 0 });
    expect(existsSync(join(project.directory, 'made'))).toBe(false);
  });
});

describe('a case fails', () => {
  it.each<[string, readonly Hook[], Json, string, RegExp]>([
    [
      'if its hook is missing',
      ['exit 2'],
      { hooks: 'guard', expect: 'deny' },
      'hook',
      /no such hook; on PreToolUse: pre-tool-use-1/,
    ],
    [
      'if its hook is missing, even if none should run',
      [],
      { hooks: 'guard', expect: { fires: [] } },
      'hook',
      /no hook is on PreToolUse\. For a hook of your own: --source user/,
    ],
    [
      'if no hook runs',
      [{ command: 'exit 2', if: 'Bash(ls)' }],
      { expect: 'none' },
      'fires',
      /if "Bash\(ls\)" does not match/,
    ],
    [
      'if a script is missing, although python exits with 2',
      ['python3 ./gone.py'],
      { expect: 'deny' },
      'run',
      /it cannot start: .*gone\.py/,
    ],
    [
      'if a script may not be executed, although another hook refuses',
      [': > guard.sh; ./guard.sh', 'exit 2'],
      { expect: 'deny' },
      'run',
      /it cannot start: .*guard\.sh/,
    ],
    [
      'if a program is missing',
      [{ command: '/gone/program', args: [] }],
      { expect: 'none' },
      'run',
      /not found/,
    ],
    [
      'if options are wrong, although the exit code is 2',
      [`python3 -c 'import argparse; argparse.ArgumentParser(prog="g").parse_args(["--x"])'`],
      { expect: 'deny' },
      'run',
      /unrecognized arguments/,
    ],
    ['if the exit code differs', ['exit 3'], { expect: { exit_code: 2 } }, 'exit code', /^3$/],
    [
      'if an exit code cannot be of one hook',
      ['exit 2', 'exit  2'],
      { expect: { exit_code: 2 } },
      'exit code',
      /2 hooks ran/,
    ],
    ['if it takes too long', ['sleep 0.2'], { expect: { at_most_ms: 100 } }, 'time', /ms$/],
    [
      'if the reason differs',
      ['echo other >&2; exit 2'],
      { expect: { reason: 'this' } },
      'reason',
      /^other$/,
    ],
    ['if other hooks run', ['exit 2'], { expect: { fires: ['a'] } }, 'fires', /^pre-tool-use-1$/],
    [
      'if the input stays as it was',
      ['true'],
      { expect: { input: { command: 'x' } } },
      'input',
      /^unchanged$/,
    ],
  ])('%s', async (_name, hooks, more, what, got) => {
    const { passed, differences } = await resultOf(hooks, { ...rm, ...more });
    expect(passed).toBe(false);
    expect(differences.map((difference) => difference.what)).toContain(what);
    expect(differences.find((difference) => difference.what === what)?.got).toMatch(got);
  });

  it('if the agent ignores the file with the hook', async () => {
    const project = aProject({
      '.claude/settings.json': {
        hooks: { PreToolUse: [{ matcher: ['Bash'], hooks: [command('exit 2')] }] },
      },
      '.hookbus/cases/a.json': { ...rm, expect: { fires: [] } },
    });
    const { failed, problems } = await project.report();
    expect(failed).toBe(1);
    expect(problems[0]).toMatchObject({
      path: join(project.directory, '.claude/settings.json'),
      line: 4,
    });
  });

  it('if its files cannot be written', async () => {
    const files = { a: 'a file', 'a/b': 'and a directory' };
    const result = await resultOf(['exit 2'], { ...rm, files, expect: 'deny' });
    expect(result.differences).toEqual([
      { what: 'case', expected: 'it can be prepared', got: expect.stringContaining('EEXIST') },
    ]);
  });

  it('if a setting disables all hooks', async () => {
    const project = aProject({
      '.claude/settings.json': {
        disableAllHooks: true,
        hooks: { PreToolUse: [{ hooks: [command('exit 2')] }] },
      },
      '.hookbus/cases/a.json': { ...rm, expect: 'deny' },
    });
    const { results } = await project.report();
    expect(results[0]?.differences[0]?.got).toContain('disableAllHooks is true');
  });
});

describe('cases that cannot be read', () => {
  it.each([
    ['{"event": "Stop",\n "expect": none}', 2, 12, 'unknown word'],
    [
      '[{"event": "Stop", "expect": "none"},\n {"event": "Stop", "expct": "none"}]',
      2,
      20,
      'unknown field "expct"',
    ],
    ['{"event": "Stop"}', 1, 1, 'no "expect"'],
    ['{"event": "Stop", "expect": {}}', 1, 29, 'cannot fail'],
    ['{"event": "Stop", "expect": "block"}', 1, 29, 'must be one of: deny, ask'],
    ['{"event": "PreToolUse", "expect": "deny"}', 1, 1, 'no "tool"'],
    ['{"event": "Stop", "expect": "none", "files": {"../x": ""}}', 1, 46, 'scratch directory'],
    ['{"event": "Stop", "expect": "none", "env": {"A": "\\u0000"}}', 1, 44, 'names of variables'],
    ['{"event": "Stop", "expect": "none", "event": "Stop"}', 1, 37, 'twice'],
    ['[]', 1, 1, 'no case'],
    ['', 1, 1, 'expected a value'],
    ['7', 1, 1, 'must be an object'],
    ['['.repeat(20_000), 1, 1, 'nested too deeply'],
  ])('name the place: %s', async (text, line, column, reason) => {
    const { problems } = await aProject({ '.hookbus/cases/x.json': text }).report();
    expect(problems).toEqual([
      expect.objectContaining({ line, column, reason: expect.stringContaining(reason) }),
    ]);
  });

  it('are links out of the directory, pipes, and bytes that are no text', async () => {
    const project = withHooks(['exit 2'], { ...rm, expect: 'deny' });
    const cases = join(project.directory, '.hookbus', 'cases');
    symlinkSync('/etc/passwd', join(cases, 'out.json'));
    symlinkSync('/etc', join(cases, 'etc'));
    symlinkSync('all.json', join(cases, 'same.json'));
    spawnSync('mkfifo', [join(cases, 'pipe.json')]);
    writeFileSync(join(cases, 'bytes.json'), Buffer.from([0x7b, 0xff]));
    const { passed, problems } = await project.report();
    expect(passed).toBe(2);
    expect(problems.map(({ path, reason }) => [path.slice(cases.length + 1), reason])).toEqual([
      ['bytes.json', 'it is not valid UTF-8'],
      ['etc', 'it is a link out of the directory of cases'],
      ['out.json', 'it is a link out of the directory of cases'],
      ['pipe.json', 'it is not a file'],
    ]);
  });

  it('do not exist', async () => {
    for (const words of [[], ['nowhere']]) {
      const { stdout, stderr, exitCode } = await aProject({}).run(words);
      expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
      expect(stderr).toContain('no cases found');
    }
    const project = aProject({ '.hookbus/cases/README.md': 'none yet' });
    expect((await project.run()).stderr).toContain('no cases found');
  });
});

describe('hostile hooks', () => {
  it('that hang end at their own limit, or at ours', async () => {
    const hang = `trap '' TERM; sleep 30; exit 2`;
    const own = await resultOf([{ command: hang, timeout: 0.3 }], { ...rm, expect: 'none' });
    expect(own).toMatchObject({ passed: true });
    expect(own.notes[0]).toContain('timed out after 0.3 s');
    const { results } = await withHooks([hang], { ...rm, expect: 'none' }).report([
      '--timeout',
      '0.3',
    ]);
    expect(results[0]?.differences[0]).toMatchObject({ what: 'run' });
  });

  it('that flood are read to their end, and their start counts', async () => {
    const flood = `yes x | head -c 20000000; exit 2`;
    expect(await resultOf([flood], { ...rm, expect: 'deny' })).toMatchObject({ passed: true });
  });

  it('that leave a child behind do not hold up anybody, and the child is ended', async () => {
    const project = withHooks(['sleep 300 & echo $! >child; exit 2'], { ...rm, expect: 'deny' });
    expect(await project.report()).toMatchObject({ passed: 1 });
    const child = Number(readFileSync(join(project.directory, 'child'), 'utf8'));
    await until('the child to end', () => !isAlive(child));
  });

  it('that signal their group do not reach hookbus', async () => {
    const { passed, hooks } = await resultOf(['kill -9 0'], { ...rm, expect: 'none' });
    expect({ passed, hooks }).toMatchObject({ passed: true, hooks: [{ exit_code: null }] });
  });

  it('that kill hookbus itself do not make it succeed', () => {
    const { directory } = withHooks(['kill -9 $PPID; exit 2'], { ...rm, expect: 'deny' });
    // Killed like this, it cannot remove its scratch directory.
    const env = { HOME: directory, TMPDIR: directory };
    const { exitCode, stdout } = hookbusProcess(['test'], env, directory);
    expect({ exitCode, stdout }).toEqual({ exitCode: null, stdout: '' });
  });

  it('that never read 5 MB, or read them all', async () => {
    const input = { command: 'x'.repeat(5_000_000) };
    const size = `test "$(wc -c)" -gt 5000000 && exit 2`;
    const { results } = await withHooks(
      ['true; exit 2', size],
      { ...rm, input, hooks: 'pre-tool-use-1', expect: 'deny' },
      { ...rm, input, expect: 'deny' },
    ).report();
    expect(results.map(({ passed }) => passed)).toEqual([true, true]);
  });

  it('get a NUL as JSON has it', async () => {
    const line = `jq -e '.tool_input.command == "a\\u0000b"' >/dev/null && exit 2`;
    expect(
      await resultOf([line], { ...rm, input: { command: 'a\0b' }, expect: 'deny' }),
    ).toMatchObject({ passed: true });
  });

  it('cannot control the terminal, the report or the workflow', async () => {
    const hostile = `printf '\\033]0;owned\\007\\033[2J::add-mask::x\\n::set-env name=A::b\\n##[add-mask]y' >&2; exit 2`;
    const project = withHooks([hostile], {
      ...rm,
      name: 'a\n::error::b',
      expect: { reason: 'other' },
    });
    const words = ['--junit', 'reports/junit.xml'];
    const { stdout } = await project.run(words, { GITHUB_ACTIONS: 'true' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    const commands = stdout.split('\n').filter((text) => /^\s*::|##\[/.test(text));
    expect(commands).toEqual([
      expect.stringMatching(/^::error file=\.hookbus\/cases\/all\.json,line=2,/),
    ]);
    const xml = readFileSync(join(project.directory, 'reports/junit.xml'), 'utf8');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(xml).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    expect(
      spawnSync(
        'python3',
        ['-c', 'import sys, xml.dom.minidom as m; m.parseString(sys.stdin.buffer.read())'],
        { input: xml },
      ).status,
    ).toBe(0);
    expect(xml).toContain('failures="1"');
  });
});

describe('other agents', () => {
  it.each<[string, string, object, Json]>([
    [
      'codex',
      '.codex/hooks.json',
      { hooks: { PreToolUse: [{ matcher: '^Bash$', hooks: [command('echo no >&2; exit 2')] }] } },
      rm,
    ],
    [
      'gemini',
      '.gemini/settings.json',
      {
        hooks: {
          BeforeTool: [
            {
              matcher: 'shell',
              hooks: [command('test -d $GEMINI_PROJECT_DIR && echo no >&2 && exit 2')],
            },
          ],
        },
      },
      { event: 'BeforeTool', tool: 'run_shell_command', input: { command: 'x' } },
    ],
    [
      'cursor',
      '.cursor/hooks.json',
      {
        version: 1,
        hooks: {
          beforeShellExecution: [
            {
              matcher: 'rm',
              command: `jq -e '.command == "rm x"' && echo '{"permission": "deny"}' || true`,
            },
          ],
        },
      },
      { event: 'beforeShellExecution', input: { command: 'rm x' } },
    ],
    [
      'copilot',
      '.github/hooks/guard.json',
      {
        version: 1,
        hooks: {
          preToolUse: [
            {
              type: 'command',
              matcher: 'bash',
              bash: `jq -e '.toolName == "bash"' >/dev/null && echo '{"permissionDecision": "deny"}'`,
            },
          ],
        },
      },
      { event: 'preToolUse', tool: 'bash', input: { command: 'x' } },
    ],
  ])('%s: its files, payload and answers', async (agent, file, settings, one) => {
    const expected = agent === 'cursor' ? { fires: ['before-shell-execution-1'] } : 'deny';
    const project = aProject({
      [file]: settings,
      '.hookbus/cases/a.json': { ...one, agent, expect: expected },
    });
    const { results, problems } = await project.report();
    expect({ problems, differences: results[0]?.differences }).toEqual({
      problems: [],
      differences: [],
    });
  });
});

it('shows passed files on a line, differences in full, and the count', async () => {
  const project = withHooks(
    ['echo why >&2; exit 2'],
    { ...rm, expect: 'deny' },
    { ...rm, name: 'allowed', expect: 'allow' },
  );
  writeFileSync(
    join(project.directory, '.hookbus/cases/b.json'),
    JSON.stringify({ ...rm, expect: 'deny' }),
  );
  const { stdout, exitCode } = await project.run();
  const steady = stdout.replaceAll(/\d+(?:\.\d+)? (?:ms|s)\b/g, 'N ms');
  expect(exitCode).toBe(1);
  expect(steady).toBe(`✗ .hookbus/cases/all.json  1 of 2 cases failed  N ms
✓ .hookbus/cases/b.json    1 case  N ms

✗ .hookbus/cases/all.json:10  allowed
  decision   expected  allow
             got       deny
  ran        pre-tool-use-1 (.claude/settings.json:9): deny, exit 2, N ms
    stderr   why

3 cases, 2 passed, 1 failed in N ms
`);
});

describe('explain', () => {
  const project = () =>
    aProject({
      '.claude/settings.json': {
        hooks: {
          PreToolUse: [
            {
              matcher: 'Bash',
              hooks: [
                command('./guard.sh'),
                command({ command: './push.sh', if: 'Bash(git push:*)' }),
              ],
            },
            { matcher: 'Write', hooks: [command('./format.sh')] },
          ],
          Stop: [{ hooks: [command('./stop.sh')] }],
        },
      },
    });
  const explain = async (words: readonly string[], ...scripts: string[]) => {
    const { directory } = project();
    for (const name of scripts) writeFileSync(join(directory, name), '');
    return hookbus(['explain', ...words], { HOME: '/nonexistent' }, directory);
  };

  it('says which hooks run, which may, why the others do not, and where each stands', async () => {
    const { stdout, exitCode } = await explain(['PreToolUse', 'Bash'], 'guard.sh', 'push.sh');
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`Claude Code: PreToolUse Bash

Runs:
HOOK    SOURCE   WHERE                     WHY
guard   project  .claude/settings.json:9   matcher "Bash" matches "Bash"

Cannot tell, so count on it:
HOOK    SOURCE   WHERE                     WHY
push    project  .claude/settings.json:13  if "Bash(git push:*)": no input is given

Does not run:
HOOK    SOURCE   WHERE                     WHY
format  project  .claude/settings.json:23  matcher "Write" does not match "Bash"
`);
  });

  it('puts a long reason below in full, and names a script that does not exist', async () => {
    const long = 'echo '.repeat(11).trim();
    const words = ['PreToolUse', 'Bash', '--input', JSON.stringify({ command: long })];
    const lines = (await explain(words, 'guard.sh')).stdout.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.join('')).not.toContain('…');
    expect((await explain(['Stop'])).stdout).toContain(
      'it has no matcher, but ./stop.sh does not exist',
    );
  });

  it('decides rules by the input', async () => {
    const fires = async (input: object) => {
      const words = ['PreToolUse', 'Bash', '--json', '--agent', 'claude', '--input'];
      const { stdout } = await explain([...words, JSON.stringify(input)]);
      const { agents } = JSON.parse(stdout) as { agents: { hooks: { fires: string }[] }[] };
      return agents[0]?.hooks.map((hook) => hook.fires);
    };
    expect(await fires({ command: 'a && git push' })).toEqual(['yes', 'yes', 'no']);
    expect(await fires({ command: 'git pull' })).toEqual(['yes', 'no', 'no']);
    expect(await fires({ command: 'f() { :; }' })).toEqual(['yes', 'unknown', 'no']);
  });

  it.each([
    [['pretoolus'], 'unknown event "pretoolus". Did you mean "PreToolUse"?'],
    [['Stop', '--agent', 'emacs'], '--agent must be one of claude, codex'],
    [['Stop', '--input', '[]'], '--input must be a JSON object'],
    [[], 'missing argument EVENT'],
  ])('refuses %j', async (words, message) => {
    const { stdout, stderr, exitCode } = await explain(words);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
    expect(stderr).toContain(message);
  });
});

describe('replay --save', () => {
  it('makes cases without secrets that pass on the same hook, and replaces no file', async () => {
    const { home, paths } = freshState();
    const project = withHooks(['./guard.sh', { command: './other.sh' }]);
    const guard = '#!/bin/sh\ngrep -q "rm -rf" && { echo no >&2; exit 2; }; exit 0\n';
    writeFileSync(join(project.directory, 'guard.sh'), guard, { mode: 0o755 });
    const recorded = (input: object, exitCode: number, more = {}) => {
      const payload = {
        session_id: 's',
        cwd: project.directory,
        hook_event_name: 'PreToolUse',
        tool_name: 'Bash',
        tool_input: input,
        ...more,
      };
      const body = Buffer.from(JSON.stringify(payload));
      const execution = anExecution({
        hookName: 'guard',
        eventType: 'PreToolUse',
        status: exitCode === 2 ? 'blocked' : 'success',
        exitCode,
        decision: exitCode === 2 ? 'deny' : 'none',
        cwd: project.directory,
        stdinBytes: body.length,
        stdoutBytes: 0,
      });
      return recordedOf(execution, [
        { stream: 'stdin', encoding: 'identity', truncated: false, body },
      ]);
    };
    const token = `ghp_${'a1B2'.repeat(9)}`;
    writeExecutions(paths.database, [
      recorded(
        { command: `rm -rf build # ${token}`, file_path: join(project.directory, 'a.txt') },
        2,
      ),
      recorded({ command: 'ls' }, 0, { permission_mode: 'plan' }),
      recorded({ command: 'ls' }, 0),
    ]);
    const words = ['replay', '1', '2', '3', '--save', '.hookbus/cases/saved'];
    const save = () => hookbus(words, { HOOKBUS_HOME: home }, project.directory);
    const { stdout, stderr, exitCode } = await save();
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toContain('3 cases saved');
    const directory = join(project.directory, '.hookbus/cases/saved');
    const names = readdirSync(directory).sort();
    expect(names).toEqual([
      'guard-deny-bash-rm-rf-build-redacted-github-token.json',
      'guard-none-bash-ls-2.json',
      'guard-none-bash-ls.json',
    ]);
    const text = readFileSync(join(directory, names[0] ?? ''), 'utf8');
    expect(text).not.toContain(token);
    expect(JSON.parse(text)).toMatchObject({
      event: 'PreToolUse',
      tool: 'Bash',
      input: { file_path: 'a.txt' },
      hooks: 'guard',
      expect: 'deny',
    });
    expect(
      JSON.parse(readFileSync(join(directory, 'guard-none-bash-ls.json'), 'utf8')),
    ).toMatchObject({ payload: { permission_mode: 'plan' } });
    expect(await project.report([directory])).toMatchObject({ passed: 3, failed: 0 });
    writeFileSync(join(directory, 'guard-none-bash-ls.json'), 'mine');
    const again = (await save()).stdout;
    expect(again).toContain('2 executions of calls that have a case already: ');
    expect(again).toContain('1 case saved');
    expect(readFileSync(join(directory, names[0] ?? ''), 'utf8')).toBe(text);
    expect(readFileSync(join(directory, 'guard-none-bash-ls.json'), 'utf8')).toBe('mine');
    expect(readdirSync(directory).sort()).toEqual([...names, 'guard-none-bash-ls-3.json'].sort());
  });

  it('refuses what it cannot know, and a command', async () => {
    const { home, paths } = freshState();
    writeExecutions(paths.database, [recordedOf(anExecution({}))]);
    const directory = temporaryDirectory();
    const save = (...words: string[]) =>
      hookbus(['replay', '1', '--save', 'cases', ...words], { HOOKBUS_HOME: home }, directory);
    const { stdout, exitCode } = await save();
    expect(exitCode).toBe(1);
    expect(stdout).toContain('its payload is not stored');
    expect((await save('--', 'true')).stderr).toContain('--save runs nothing');
  });
});
