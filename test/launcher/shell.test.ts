import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownedHookName } from '../../src/domain/hook/owned-name.ts';
import { decodeRecord } from '../../src/protocol/record.ts';
import {
  end,
  hasLauncher,
  LAUNCHER,
  openPlace,
  type Place,
  spooled,
  titleOf,
} from './support/launcher.ts';

const HOOK = {
  AI_AGENT: 'claude-code_2-1-330_harness',
  CLAUDE_PROJECT_DIR: '/',
  CLAUDE_CODE_CHILD_SESSION: '1',
  CLAUDE_PID: '1',
};
const CALL = {
  AI_AGENT: 'claude-code_2-1-330_agent',
  CLAUDE_CODE_CHILD_SESSION: '1',
  CLAUDE_PID: '1',
};
const SERVER = { AI_AGENT: 'claude-code_2-1-330_harness', CLAUDE_PROJECT_DIR: '/' };

const PAYLOAD = '{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Bash"}\n';

/** Claude Code's own way of writing one word. */
const quoted = (text: string): string =>
  /^[A-Za-z0-9_./:=@+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;

/** A copy with its link, and what Claude Code starts with it. */
function aShell() {
  const place = openPlace();
  const [directory, launcher] = [place.path('shell'), place.path('hookbus')];
  const [copy, link] = [join(directory, 'hookbus-shell'), join(directory, 'launcher')];
  mkdirSync(directory);
  copyFileSync(LAUNCHER, copy);
  copyFileSync(LAUNCHER, launcher);
  symlinkSync(launcher, link);
  const start = (words: readonly string[], env: Readonly<Record<string, string>>, input = '') =>
    end(words[0] ?? '', words.slice(1), {
      input,
      cwd: place.directory,
      env: place.env(env),
    });
  const both = (
    line: string,
    env: Readonly<Record<string, string>>,
    input: string,
    sh: string,
  ) => ({
    bare: start([sh, '-c', line], env, input),
    prefixed: start([sh, '-c', `${quoted(copy)} ${quoted(line)}`], env, input),
  });
  return {
    place,
    copy,
    launcher,
    link,
    start,
    /** A hook, bare and prefixed. */
    hook: (line: string, env: Readonly<Record<string, string>> = {}, input = PAYLOAD) =>
      both(line, { ...HOOK, ...env }, input, '/bin/sh'),
    /** A call of the Bash tool. */
    call: (line: string, shell = '/bin/bash') => both(line, { ...CALL, SHELL: shell }, '', shell),
    server: (words: readonly string[], input = '') => ({
      bare: start(words, SERVER, input),
      prefixed: start([copy, words.map(quoted).join(' ')], SERVER, input),
    }),
  };
}

const recordsOf = (place: Place) => spooled(place).map(({ bytes }) => decodeRecord(bytes));

const LINES = [
  'cat',
  'exit 2',
  'echo no >&2; exit 2',
  'printf \'{"decision":"block"}\'',
  'echo "it\'s" \'a "b"\' `echo c` $(echo d) $HOME; exit 7',
  'cat >/dev/null | true && false || exit 3',
  'missing-program',
  '/etc/passwd',
  '',
  ' ',
  '# nothing',
  'sh -c "kill -TERM \\$\\$"',
  'printf "\\0\\377"',
  'for i in 1 2; do echo $i; done\nexit 4',
  '(exit 5)',
  'exec 3>&1; echo x >&3',
  'read line; echo "$line"; cat >&2; exit 2',
  "'unclosed",
  'ulimit -n; umask; pwd; echo $#',
];

describe.skipIf(hasLauncher !== true)(titleOf('hookbus-shell', hasLauncher), () => {
  it('runs any line of a hook with the same bytes and the same status, and records it', () => {
    const { place, hook } = aShell();
    for (const line of LINES) {
      const { bare, prefixed } = hook(line);
      expect({ line, ...prefixed }).toEqual({ line, ...bare });
    }
    const seen = recordsOf(place).map(({ begin }) => begin.argv.at(-1));
    expect(seen.sort()).toEqual([...LINES].sort());
    expect(new Set(recordsOf(place).map(({ begin }) => begin.eventType))).toEqual(
      new Set(['PreToolUse']),
    );
  });

  it.each([
    ['missing', ({ launcher }: ReturnType<typeof aShell>) => rmSync(launcher)],
    ['not executable', ({ launcher }: ReturnType<typeof aShell>) => chmodSync(launcher, 0o644)],
    ['empty', ({ launcher }: ReturnType<typeof aShell>) => truncateSync(launcher)],
    ['without a link', ({ link }: ReturnType<typeof aShell>) => rmSync(link)],
  ])(
    'keeps every refusal, call and server where the launcher is %s',
    (_, spoil) => {
      const shell = aShell();
      spoil(shell);
      for (const line of LINES) {
        const { bare, prefixed } = shell.hook(line);
        expect({ line, ...prefixed }).toEqual({ line, ...bare });
      }
      const call = shell.call('echo $0 "$BASH_VERSION"; exit 3');
      expect(call.prefixed).toEqual(call.bare);
      const server = shell.server(['/bin/sh', '-c', 'cat; exit 6'], 'hello');
      expect(server.prefixed).toEqual(server.bare);
      expect(recordsOf(shell.place)).toEqual([]);
    },
    60_000,
  );

  it('becomes the shell of a tool call, and records nothing', () => {
    const { place, call } = aShell();
    const which = 'echo $0 $BASH_VERSION';
    for (const [line, shell] of [...LINES.map((one) => [one, '/bin/bash']), [which, '/bin/sh']]) {
      const { bare, prefixed } = call(line ?? '', shell);
      expect({ line, ...prefixed }).toEqual({ line, ...bare });
    }
    expect(recordsOf(place)).toEqual([]);
  });

  it('becomes a server, without a shell, and records nothing', () => {
    const { place, server } = aShell();
    const show = 'printf "%s|" "$0" "$@"; ps -o args= -p $$; cat; exit 6';
    for (const words of [[], ['a b', "it's", '', '$HOME', '*', '"', '\\', '-x', 'ü\n']]) {
      const { bare, prefixed } = server(['sh', '-c', show, ...words], 'hello');
      expect(prefixed).toEqual(bare);
    }
    expect(recordsOf(place)).toEqual([]);
  });

  it('becomes the line at once where HookBus is off', () => {
    const { place, hook } = aShell();
    for (const value of ['', '0', 'false', 'off']) {
      const { bare, prefixed } = hook('echo no >&2; exit 2', { HOOKBUS_ENABLED: value });
      expect(prefixed).toEqual(bare);
    }
    expect(recordsOf(place)).toEqual([]);
  });

  it('leaves a wrapped hook to its own prefix, so that it is recorded once', () => {
    const { place, hook, launcher } = aShell();
    const lines = [
      `set -- ${launcher} run --name own --; [ -f "$1" ] && [ -x "$1" ] && [ -s "$1" ] || set --; "$@" cat`,
      `'${launcher}' run --name own -- cat`,
    ];
    for (const line of lines) hook(line);
    // Bare and prefixed, each once.
    expect(recordsOf(place).map(({ begin }) => begin.hookName)).toEqual(Array(4).fill('own'));
  });

  it('does not record what the agent starts like a hook without an event, such as its status line', () => {
    const { place, hook } = aShell();
    const { bare, prefixed } = hook('cat; exit 1', {}, '{"session_id":"s","model":{}}\n');
    expect(prefixed).toEqual(bare);
    expect(recordsOf(place)).toEqual([]);
  });

  it('names a hook after its plugin or skill, and its script', () => {
    const { place, copy, start } = aShell();
    const cache = '/home/me/.claude/plugins/cache/shop/fmt/1.0.0';
    const lines = [
      '"$' + '{CLAUDE_PLUGIN_ROOT}/hooks/run-hook.cmd" session-start',
      'python3 -m pkg $' + '{CLAUDE_PLUGIN_ROOT}/guard_rm.py --strict',
      "node -e 'process.exit(2)'",
      'A=1 env -i bash ./x/y.test.sh | tee "a b.js"',
      'grüße:ä.sh',
      '',
      "'unclosed",
      `echo ${'ü'.repeat(100)}.sh`,
      `x${'ü'.repeat(100)}`,
      'C:\\hooks\\guard.exe',
      '///',
      '.bashrc',
      'a=b',
      '-c x.py',
    ];
    const owners: [string, Record<string, string>][] = [
      ['fmt', { CLAUDE_PLUGIN_ROOT: cache, CLAUDE_PLUGIN_DATA: '/d' }],
      ['deploy', { CLAUDE_PLUGIN_ROOT: '/home/me/.claude/skills/deploy/' }],
      ['my:plug', { CLAUDE_PLUGIN_ROOT: '/home/me/my:plug', CLAUDE_PLUGIN_DATA: '/d' }],
    ];
    const tried = lines.map((line, at) => [line, owners[at % owners.length] ?? ['', {}]] as const);
    for (const [line, [, env]] of tried) start([copy, line], { ...HOOK, ...env }, PAYLOAD);
    const names = recordsOf(place).map(({ begin }) => begin.hookName);
    const expected = tried.map(([line, [owner]]) => ownedHookName(owner, line));
    expect(names.sort()).toEqual(expected.sort());
    expect(names).toContain('fmt-run-hook');
    expect(names).toContain('deploy-guard_rm');
    expect(names.filter((name) => name.includes(':'))).toEqual([]);
  });

  it('runs nothing that a variable names in place of the launcher', () => {
    const { place, copy, start } = aShell();
    const evil = place.path('evil');
    const env = { ...HOOK, SHELL: evil, HOOKBUS: evil, PATH: `${place.directory}:/usr/bin:/bin` };
    const { code, stderr } = start([copy, 'echo no >&2; exit 2'], env, PAYLOAD);
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'no\n' });
  });
});
