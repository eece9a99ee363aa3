import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentName } from '../../../src/agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../../src/agents/settings/settings-files.ts';
import { configuredHooks } from '../../../src/app/hooks/configured-hooks.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** A user's home, a project and the system's own files. */
function aMachine() {
  const top = temporaryDirectory();
  const [home, project, systemRoot] = ['home', 'project', 'system'].map((name) => join(top, name));
  const places = {
    home: home ?? '',
    cwd: project ?? '',
    projectRoot: project ?? '',
    agentHome: {},
    systemRoot: systemRoot ?? '',
  };
  const write = (path: string, content: unknown): string => {
    const file = join(top, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };
  mkdirSync(join(top, 'project', '.git'), { recursive: true });
  const read = (agent: AgentName) => configuredHooks(AGENT_SETTINGS[agent], places);
  /** One line for each hook: source, event, matcher, command, and what keeps it from running. */
  const lines = (agent: AgentName = 'claude'): string[] =>
    read(agent).hooks.map(({ source, owner, event, matcher, command, type, off }) =>
      [source, owner, event, matcher, command || type, off && `(${off.why})`]
        .filter((word) => word !== undefined)
        .join(' '),
    );
  return { top, write, read, lines, places };
}

const command = (line: string) => ({ type: 'command', command: line });
const on = (event: string, line: string, matcher?: string) => ({
  [event]: [{ ...(matcher === undefined ? {} : { matcher }), hooks: [command(line)] }],
});

describe('the hooks of Claude Code', () => {
  it('come from every source that files tell', () => {
    const { write, lines, top } = aMachine();
    write('system/etc/claude-code/managed-settings.json', { hooks: on('Stop', 'm') });
    write('system/etc/claude-code/managed-settings.d/10.json', { hooks: on('Stop', 'd') });
    write('home/.claude/remote-settings.json', { hooks: on('Stop', 'r') });
    write('home/.claude/settings.json', {
      hooks: on('Stop', 'u'),
      enabledPlugins: { 'fmt@shop': true, 'off@shop': false },
    });
    write('project/.claude/settings.json', { hooks: on('PreToolUse', 'p', 'Bash') });
    write('project/.claude/settings.local.json', { hooks: on('PreToolUse', 'l', 'Edit|Write') });
    const plugins = ['fmt', 'off', 'unnamed'].map((name) => [
      `${name}@shop`,
      [{ scope: 'user', installPath: join(top, name) }],
    ]);
    write('home/.claude/plugins/installed_plugins.json', {
      version: 2,
      plugins: Object.fromEntries(plugins),
    });
    for (const name of ['fmt', 'off', 'unnamed']) {
      write(`${name}/hooks/hooks.json`, { description: 'x', hooks: on('Stop', `${name} std`) });
    }
    write('fmt/.claude-plugin/plugin.json', {
      name: 'fmt',
      hooks: ['./more.json', '../../home/.claude/settings.json', on('Stop', 'fmt inline')],
    });
    write('fmt/more.json', { hooks: on('Stop', 'fmt more') });
    write(
      'home/.claude/skills/deploy/SKILL.md',
      '---\nname: deploy\nhooks:\n  PreToolUse:\n    - matcher: Bash\n      hooks:\n        - type: command\n          command: "./s.sh"\n---\nText\n',
    );
    write(
      'project/.claude/agents/review.md',
      '---\r\nhooks:\r\n  Stop: [{hooks: [{type: command, command: a.sh}]}]\r\n---\r\n',
    );
    // The client reads such a value as text. It is the usual way to write it.
    write(
      'project/.claude/commands/plan.md',
      '---\nargument-hint: [goal] [notes]\ndescription: Plan: *all* of it\n' +
        'hooks:\n  Stop: [{hooks: [{type: command, command: c.sh}]}]\n---\n',
    );
    expect(lines()).toEqual([
      'managed Stop r',
      'managed Stop m',
      'managed Stop d',
      'user Stop u',
      'project PreToolUse Bash p',
      'local PreToolUse Edit|Write l',
      'plugin fmt Stop fmt std',
      'plugin fmt Stop fmt more',
      'plugin fmt Stop fmt inline',
      'skill deploy PreToolUse Bash ./s.sh',
      'skill plan Stop c.sh',
      'agent review SubagentStop a.sh',
    ]);
  });

  it('have what a run needs: fields, line, and name and command without HookBus', () => {
    const { write, read } = aMachine();
    const path = write(
      'project/.claude/settings.json',
      `{
  "hooks": {
    "PreToolUse": [{ "hooks": [
      { "type": "command", "if": "Bash(git *)", "timeout": 5, "async": true,
        "command": "hookbus run --name rm -- python3 guard_rm.py" },
      { "type": "command", "command": "node", "args": ["a b.mjs"] },
      { "type": "prompt", "prompt": "ok?" }
    ] }]
  }
}`,
    );
    const { hooks } = read('claude');
    const at = { agent: 'claude', source: 'project', path, event: 'PreToolUse', off: undefined };
    expect(hooks).toMatchObject([
      {
        ...at,
        line: 5,
        kind: 'line',
        condition: 'Bash(git *)',
        limitMs: 5000,
        isAsync: true,
        original: 'python3 guard_rm.py',
        hookName: 'rm',
        isRecorded: true,
      },
      {
        ...at,
        line: 6,
        kind: 'program',
        command: 'node',
        args: ['a b.mjs'],
        hookName: 'a b',
        limitMs: 600_000,
        isRecorded: false,
      },
      { ...at, line: 7, kind: 'other', type: 'prompt', command: '', hookName: '' },
    ]);
  });

  it.each([
    ['a matcher that is a list', { PreToolUse: [{ matcher: ['Bash'], hooks: [command('a')] }] }],
    ['a hook without a list around it', { PreToolUse: [command('a')] }],
    ['a hook without a type', { PreToolUse: [{ hooks: [{ command: 'a' }] }] }],
    ['an unknown type', { PermissionRequest: [{ hooks: [{ type: 'script', command: 'a' }] }] }],
    ['a limit in quotes', { PreToolUse: [{ hooks: [{ ...command('a'), timeout: '5' }] }] }],
    ['an event that is no list', { PreToolUse: { hooks: [command('a')] } }],
  ])('do not run at all in a file with %s', (_, hooks) => {
    const { write, lines, read } = aMachine();
    const path = write('project/.claude/settings.json', {
      hooks: { ...hooks, ...on('Stop', 'b') },
    });
    expect(lines()).toContain('project Stop b (voided)');
    expect(read('claude').problems).toMatchObject([{ path, line: 1, kind: 'entry' }]);
  });

  it('that are wrong on other events do not keep the rest of the file from running', () => {
    const { write, lines } = aMachine();
    const entry = { matcher: ['x'], hooks: [command('a')] };
    const hooks = [{ command: 'untyped' }, command('c')];
    write('project/.claude/settings.json', {
      hooks: { PostToolUse: [entry], Stop: [{ hooks }], ...on('PreToolUse', 'b') },
    });
    expect(lines()).toEqual([
      'project PostToolUse a (voided)',
      'project Stop  (voided)',
      'project Stop c',
      'project PreToolUse b',
    ]);
  });

  it('are recognized in a file that is not JSON, with its line', () => {
    const { write, lines, read } = aMachine();
    write(
      'project/.claude/settings.json',
      `{\n  // guards\n  "hooks": ${JSON.stringify(on('Stop', 'a'))}\n}`,
    );
    expect(lines()).toEqual(['project Stop a (voided)']);
    expect(read('claude').problems).toMatchObject([{ line: 2, kind: 'unreadable', hooks: 1 }]);
  });

  it('follow disableAllHooks by the rank of the files, and never an administrator’s', () => {
    const { write, lines } = aMachine();
    write('system/etc/claude-code/managed-settings.json', { hooks: on('Stop', 'm') });
    write('home/.claude/settings.json', { hooks: on('Stop', 'u') });
    write('project/.claude/settings.json', { disableAllHooks: true });
    expect(lines()).toEqual(['managed Stop m', 'user Stop u (disabled)']);
    write('project/.claude/settings.local.json', { disableAllHooks: false });
    expect(lines()).toEqual(['managed Stop m', 'user Stop u']);
  });

  it('follow an administrator’s locks', () => {
    const { write, lines } = aMachine();
    const managed = 'system/etc/claude-code/managed-settings.json';
    write('home/.claude/settings.json', { hooks: on('Stop', 'u') });
    write(managed, { hooks: on('Stop', 'm'), allowManagedHooksOnly: true });
    expect(lines()).toEqual(['managed Stop m', 'user Stop u (policy)']);
    write(managed, { hooks: on('Stop', 'm'), disableAllHooks: true });
    expect(lines()).toEqual(['managed Stop m (policy)', 'user Stop u (policy)']);
  });
});

describe('the hooks of other agents', () => {
  it('of Codex are found in JSON and TOML, with their lines', () => {
    const { write, lines, read } = aMachine();
    write('project/.codex/hooks.json', { hooks: on('Stop', 'j') });
    write(
      'home/.codex/config.toml',
      'model = "x"\n[[hooks.PreToolUse]]\nmatcher = "^Bash$"\n[[hooks.PreToolUse.hooks]]\ntype = "command"\ncommand = \'python3 "g.py"\'\n[hooks.state."k"]\ntrusted_hash = "h"\n',
    );
    expect(lines('codex')).toEqual(['user PreToolUse ^Bash$ python3 "g.py"', 'project Stop j']);
    expect(read('codex').hooks[0]).toMatchObject({ line: 6, hookName: 'g' });
  });

  it('of Gemini CLI follow hooksConfig, by name or by command', () => {
    const { write, lines, read } = aMachine();
    const hooks = [
      { ...command('a.sh'), name: 'guard', timeout: 600 },
      command('b.sh'),
      command('c.sh'),
    ];
    const settings = { hooks: { BeforeTool: [{ hooks }] } };
    write('project/.gemini/settings.json', settings);
    write('home/.gemini/settings.json', { hooksConfig: { disabled: ['guard', 'b.sh'] } });
    expect(lines('gemini')).toEqual([
      'project BeforeTool a.sh (disabled)',
      'project BeforeTool b.sh (disabled)',
      'project BeforeTool c.sh',
    ]);
    expect(read('gemini').hooks.map(({ limitMs }) => limitMs)).toEqual([600, 60_000, 60_000]);
    write('home/.gemini/settings.json', { hooksConfig: { enabled: false } });
    expect(read('gemini').hooks.every(({ off }) => off?.why === 'disabled')).toBe(true);
  });

  it('of Gemini CLI do not run if they stand directly under their event, or are no command', () => {
    const { write, lines, read } = aMachine();
    const entries = [command('flat.sh'), { hooks: [{ type: 'shell' }, command('c.sh')] }];
    write('project/.gemini/settings.json', { hooks: { BeforeTool: entries } });
    expect(lines('gemini')).toEqual([
      'project BeforeTool flat.sh (voided)',
      'project BeforeTool shell (voided)',
      'project BeforeTool c.sh',
    ]);
    expect(read('gemini').problems.map(({ reason }) => reason)).toEqual([
      'an entry of BeforeTool has no "hooks" list',
      'a hook on BeforeTool has no "type": "command"',
    ]);
  });

  it('of Copilot CLI follow disableAllHooks of their own file, and of the repository’s settings', () => {
    const { write, lines } = aMachine();
    const hooks = (line: string) => ({ preToolUse: [{ bash: line }] });
    write('system/etc/github-copilot/policy.d/a.json', { version: 1, hooks: hooks('m') });
    write('project/.github/hooks/a.json', { disableAllHooks: true, hooks: hooks('a') });
    write('project/.github/hooks/b.json', { disableAllHooks: false, hooks: hooks('b') });
    expect(lines('copilot')).toEqual([
      'managed preToolUse m',
      'project preToolUse a (disabled)',
      'project preToolUse b',
    ]);
    write('project/.github/copilot/settings.json', { disableAllHooks: true });
    expect(lines('copilot')).toEqual([
      'managed preToolUse m',
      'project preToolUse a (disabled)',
      'project preToolUse b (disabled)',
    ]);
  });

  it('of Copilot CLI and Cursor are found', () => {
    const { write, lines } = aMachine();
    write('project/.github/hooks/a.json', {
      version: 1,
      hooks: { preToolUse: [{ type: 'command', bash: 'g.sh' }] },
    });
    write('home/.copilot/settings.json', { hooks: { agentStop: [{ command: 's.sh' }] } });
    write('home/.cursor/hooks.json', { version: 1, hooks: { stop: [{ command: 'x.sh' }] } });
    expect(lines('copilot')).toEqual(['user agentStop s.sh', 'project preToolUse g.sh']);
    expect(lines('cursor')).toEqual(['user stop x.sh']);
  });
});

describe('files that anybody may have written', () => {
  it('are not waited for, and cost a line each', () => {
    const { top, write, read } = aMachine();
    write('project/.claude/settings.local.json', `{"hooks": ${'['.repeat(200_000)}`);
    write('project/.claude/settings.json', `{"x": "${'a'.repeat(5_000_000)}"}`);
    for (const name of ['pipe', 'dangling', 'device', 'bomb', 'broken', 'bytes']) {
      mkdirSync(join(top, 'project/.claude/skills', name), { recursive: true });
    }
    const skill = (name: string): string => join(top, 'project/.claude/skills', name, 'SKILL.md');
    spawnSync('mkfifo', [skill('pipe')]);
    symlinkSync('/nowhere', skill('dangling'));
    symlinkSync('/dev/zero', skill('device'));
    const levels = 'bcdefghijk'.split('').map((to, at) => {
      const from = 'abcdefghij'[at];
      return `${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(', ')}]`;
    });
    writeFileSync(skill('bomb'), `---\na: &a [x]\n${levels.join('\n')}\nhooks: *k\n---\n`);
    writeFileSync(skill('broken'), '---\nhooks:\n  Stop: [\n---\n');
    writeFileSync(skill('bytes'), Buffer.from([0x2d, 0x2d, 0x2d, 0xff]));
    const { hooks, problems } = read('claude');
    expect(hooks).toEqual([]);
    expect(problems.map(({ reason }) => reason)).toEqual([
      'it is larger than 4 MB',
      expect.stringContaining('nested too deeply'),
      expect.stringContaining('too many values'),
      expect.any(String),
      'it is not valid UTF-8',
    ]);
  });

  it('that may not be read cost a line', ({ skip }) => {
    if (process.getuid?.() === 0) skip('root reads everything');
    const { write, read } = aMachine();
    chmodSync(write('project/.claude/settings.json', '{}'), 0);
    expect(read('claude').problems).toHaveLength(1);
  });
});
