import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentName, Scope } from '../../src/agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../src/agents/settings/settings-files.ts';
import { changeSettings, type InstallRequest } from '../../src/app/install/install.ts';
import { switchRecording } from '../../src/app/install/switch-recording.ts';
import { statePaths } from '../../src/config/home/paths.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const PROGRAM = ['/opt/hookbus/bin/hookbus'];
const ON = { HOOKBUS_ENABLED: '1' } as const;

/** A settings file of an agent, and functions that change it. */
function aFile(name: AgentName, text: string, scope: Scope = 'user') {
  const directory = temporaryDirectory();
  const path = join(directory, 'settings.json');
  writeFileSync(path, text);
  const common = {
    agent: AGENT_SETTINGS[name],
    files: [{ path, scope }],
    isDryRun: false,
    paths: statePaths(join(directory, 'state')),
    env: {},
    now: Date.now,
  };
  const change = (work: InstallRequest['work'], more: Partial<InstallRequest> = {}) =>
    changeSettings({
      ...common,
      work,
      otherFiles: [],
      program: PROGRAM,
      isChosen: () => true,
      sets: () => ({}),
      ...more,
    });
  return {
    directory,
    install: (more: Partial<InstallRequest> = {}) => change('install', more),
    enable: () => change('install', { sets: () => ON }),
    uninstall: (more: Partial<InstallRequest> = {}) => change('uninstall', more),
    turn: (value: string | null) =>
      switchRecording({ ...common, values: { HOOKBUS_ENABLED: value } })[0],
    text: () => readFileSync(path, 'utf8'),
    json: () => JSON.parse(readFileSync(path, 'utf8')),
  };
}

const entry = (command: string, more: object = {}) => ({
  hooks: [{ type: 'command', command, ...more }],
});
const withHooks = (hooks: object) => `${JSON.stringify({ model: 'x', hooks }, null, 2)}\n`;

const LINES = ['python3 /x/guard.py', 'jq -r .x | xargs ls', "echo 'a b' >&2; exit 2", '~/g.sh -v'];

/** Settings of each agent as their authors write them, with what only some of them allow. */
const SAMPLES: readonly (readonly [AgentName, string])[] = [
  ['qwen', withHooks({ PreToolUse: [entry('./a.sh', { timeout: 10, env: { A: '1' } })] })],
  ['qwen', `// mine\n${withHooks({ Stop: LINES.map((line) => entry(line)) })}`],
  ['gemini', withHooks({ BeforeTool: LINES.map((line) => entry(line, { timeout: 5000 })) })],
  ['gemini', '{"hooks":{"AfterTool":[{"hooks":[{"command":"./a.sh","type":"command"} ]}]}}'],
  ['gemini', withHooks({ BeforeTool: [entry('./a.sh'), entry('./a.sh'), entry('./b.sh')] })],
  ['droid', JSON.stringify({ PreToolUse: LINES.map((line) => entry(line)), hooksDisabled: false })],
  ['droid', withHooks({ PostToolUse: [{ matcher: 'Execute', ...entry('./a.sh') }] })],
  ['auggie', withHooks({ PreToolUse: LINES.map((line) => entry(line)) })],
  ['auggie', withHooks({ Stop: [entry('/usr/bin/node', { args: ['a.mjs', '--x'] })] })],
  [
    'copilot',
    JSON.stringify({
      version: 1,
      hooks: {
        preToolUse: [
          { type: 'command', bash: './a.sh', powershell: './a.ps1', timeoutSec: 5 },
          { bash: "jq '.x' | cat", env: { HOOKBUS_ENABLED: '1' } },
          { command: './c.sh', env: {} },
          { exec: 'node', args: ['x.mjs'], timeout: 3 },
        ],
        PreToolUse: [{ matcher: 'Bash', ...entry('./d.sh') }],
      },
    }),
  ],
];

describe.each(SAMPLES)('%s: %s', (agent, text) => {
  it.each(['user', 'project'] as const)('is restored to the byte in scope %s', (scope) => {
    const file = aFile(agent, text, scope);
    const [report] = file.install();
    expect(report?.hooks.filter(({ action }) => action === 'wrapped').length).toBeGreaterThan(0);
    const wrapped = file.text();
    file.install();
    expect(file.text()).toBe(wrapped);
    file.uninstall();
    expect(file.text()).toBe(text);
  });

  it('is restored with recording switched on, off, and on again', () => {
    const file = aFile(agent, text);
    file.enable();
    file.enable();
    if (AGENT_SETTINGS[agent].hasHookEnv) {
      expect(file.turn(null)?.isEnabled).toBe(false);
      expect(file.turn('1')?.isEnabled).toBe(true);
    }
    file.uninstall();
    expect(file.text()).toBe(text);
  });
});

it('a hook carries the switch in its own env', () => {
  const file = aFile('gemini', withHooks({ BeforeTool: [entry('./a.sh', { env: { A: '1' } })] }));
  expect(file.enable()[0]?.isEnabled).toBe(true);
  expect(file.json().hooks.BeforeTool[0].hooks[0].env).toEqual({ A: '1', HOOKBUS_ENABLED: '1' });
  file.turn(null);
  expect(file.json().hooks.BeforeTool[0].hooks[0].env).toEqual({ A: '1' });
});

it('a hook that stays wrapped keeps its switch', () => {
  const file = aFile('qwen', withHooks({ Stop: [entry('./a.sh'), entry('./b.sh')] }));
  file.enable();
  file.uninstall({ isChosen: (name) => name === 'a' });
  const [a, b] = file.json().hooks.Stop.map((one: { hooks: object[] }) => one.hooks[0]);
  expect(a).toEqual({ type: 'command', command: './a.sh' });
  expect(b.env).toEqual(ON);
});

it('a switch that a person wrote is set to 0, and comes back', () => {
  const text = withHooks({ Stop: [entry('./a.sh', { env: { HOOKBUS_ENABLED: '1' } })] });
  const file = aFile('qwen', text);
  file.install();
  file.turn(null);
  expect(file.json().hooks.Stop[0].hooks[0].env).toEqual({ HOOKBUS_ENABLED: '0' });
});

it('the line of a Copilot event without a name in the payload says which event it is', () => {
  const file = aFile(
    'copilot',
    JSON.stringify({ hooks: { preToolUse: [{ bash: './a.sh' }], PreToolUse: [entry('./a.sh')] } }),
  );
  file.install();
  const { preToolUse, PreToolUse } = file.json().hooks;
  expect(preToolUse[0].bash).toContain(' run --event preToolUse --; ');
  expect(PreToolUse[0].hooks[0].command).toContain(' run --; ');
});

describe('Auggie', () => {
  const actionOf = (command: string, args?: readonly string[]) =>
    aFile('auggie', withHooks({ Stop: [entry(command, args && { args })] })).install()[0]?.hooks[0]
      ?.action;

  it.each([
    'python3 /x/guard.py --strict',
    '/x/guard.sh "a b" \'c d\'',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Auggie replaces it.
    '${HOME}/guard.sh',
    '~/guard.sh --x',
    '[ -f x ] && exit 2',
    'echo no >&2; exit 2',
    '/x/guard.sh "$AUGMENT_PROJECT_DIR"',
  ])('wraps %s', (line) => expect(actionOf(line)).toBe('wrapped'));

  it.each([
    ['a tilde that no shell sees', 'python3 ~/guard.py'],
    ['a pattern that no shell sees', 'ls *.py'],
    ['a quote within a word', 'guard.sh a"b c"'],
    ['an assignment that no shell sees', 'A=1 guard.sh'],
    ['a comment that no shell sees', 'guard.sh # x'],
    ['a builtin', 'exec guard.sh'],
    ['an escape', 'guard.sh a\\ b'],
    ['braces', 'guard.sh {a,b}'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Auggie replaces it.
    ['a value that it writes into quotes', 'cd "${HOME}" && exit 2'],
  ])('leaves %s alone: %s', (_what, line) => expect(actionOf(line)).toBe('left'));

  it('leaves a program alone whose tilde it hands to a shell', () => {
    expect(actionOf('~/guard.sh', ['a b'])).toBe('left');
    expect(actionOf('/x/guard.sh', ['a b'])).toBe('wrapped');
  });

  /** As Auggie 0.36.0 starts a command. */
  function started(text: string): readonly string[] {
    if (text.startsWith('~') || /[|&;><$`]/.test(text)) return ['bash', '-c', text];
    const words = text.matchAll(/"([^"]*(?:\\.[^"]*)*)"|'([^']*(?:\\.[^']*)*)'|(\S+)/g);
    return [...words].map(([, double, single, bare]) => double ?? single ?? bare ?? '');
  }

  it.each(['set', 'missing'])('runs a wrapped hook as a bare one: hookbus is %s', (state) => {
    const directory = temporaryDirectory();
    const guard = join(directory, 'guard.sh');
    writeFileSync(guard, '#!/bin/sh\nprintf "%s|" "$@"; exit 2\n');
    chmodSync(guard, 0o755);
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    const program = join(bin, 'hookbus');
    if (state === 'set') {
      writeFileSync(program, '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n');
      chmodSync(program, 0o755);
    }
    const lines = [
      guard,
      `${guard} "a b" 'c d' e`,
      `${guard} x | cat; exit 2`,
      `cd /; ${guard} $PWD`,
    ];
    const file = aFile('auggie', withHooks({ PreToolUse: lines.map((line) => entry(line)) }));
    file.install({ program: [program] });
    lines.forEach((line, at) => {
      const wrapped: string = file.json().hooks.PreToolUse[at].hooks[0].command;
      const [bare, after] = [line, wrapped].map((text) => {
        const [first = '', ...rest] = started(text);
        const { status, stdout } = spawnSync(first, rest, { encoding: 'utf8' });
        return { status, stdout };
      });
      expect(wrapped).toContain(program);
      expect(after).toEqual(bare);
      expect(after?.status).toBe(2);
    });
  });
});

describe('time limits', () => {
  const limitOf = (agent: AgentName, more: object) =>
    aFile(agent, withHooks({ Stop: [entry('./a.sh', more)] })).install()[0]?.hooks[0]?.limitMs;

  it('Qwen Code counts seconds, and large numbers as ms', () => {
    expect(limitOf('qwen', { timeout: 10 })).toBe(10_000);
    expect(limitOf('qwen', { timeout: 5000 })).toBe(5000);
  });
  it('Copilot reads timeoutSec, else timeout', () => {
    expect(limitOf('copilot', { timeout: 3 })).toBe(3000);
    expect(limitOf('copilot', { timeout: 3, timeoutSec: 5 })).toBe(5000);
  });
  it('Auggie counts ms, Droid seconds', () => {
    expect(limitOf('auggie', { timeout: 3000 })).toBe(3000);
    expect(limitOf('droid', { timeout: 3 })).toBe(3000);
  });
});
