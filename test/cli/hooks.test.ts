import { chmodSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { DoctorReport } from '../../src/app/doctor/finding.ts';
import { columnsOf } from '../../src/cli/output/text.ts';
import { statePaths } from '../../src/config/home/paths.ts';
import type { Execution } from '../../src/domain/execution.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { makeState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const HOUR_MS = 3_600_000;

function aMachine() {
  const top = temporaryDirectory();
  const [home, project, bin] = [join(top, 'home'), join(top, 'shop'), join(top, 'bin')];
  for (const path of [home, bin, join(project, '.git')]) mkdirSync(path, { recursive: true });
  const state = join(home, 'state');
  makeState(state, { HOME: home });
  const env = { PATH: '/usr/bin:/bin', HOME: home, HOOKBUS_HOME: state, HOOKBUS_DAEMON: 'off' };
  const write = (path: string, content: unknown): string => {
    const file = join(top, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    // Long before anything that was recorded.
    utimesSync(file, new Date(0), new Date(0));
    return file;
  };
  const record = (...changes: Partial<Execution>[]): void =>
    writeExecutions(
      statePaths(state).database,
      changes.map((change) => recordedOf(anExecution({ createdAt: ago(1), ...change }))),
    );
  const ask = async (...words: string[]) => {
    const { stdout, stderr } = await hookbus(words, env, project);
    expect(stderr).toBe('');
    return stdout;
  };
  const list = async (...words: string[]) => JSON.parse(await ask('hooks', '--json', ...words));
  const findings = async (name: string): Promise<string[]> => {
    const { checks } = JSON.parse(await ask('doctor', '--json')) as DoctorReport;
    return checks
      .filter((check) => check.name === name)
      .flatMap((check) => check.findings.map(({ severity, what }) => `${severity}: ${what}`));
  };
  const client = (script: string, name = 'claude'): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
    env.PATH = `${bin}:/usr/bin:/bin`;
  };
  return { top, project, env, write, record, ask, list, findings, client };
}

const ago = (hours: number): string => new Date(Date.now() - hours * HOUR_MS).toISOString();
const command = (line: string, more: object = {}) => ({ type: 'command', command: line, ...more });
const on = (event: string, matcher: string, ...hooks: object[]) => ({
  [event]: [{ matcher, hooks }],
});
const recorded = (line: string): string => `/opt/hookbus/bin/hookbus run -- ${line}`;

/** What a client answers that lists these hooks. */
const listing = (hooks: object[], more: object = {}): string =>
  JSON.stringify({
    type: 'control_response',
    response: { subtype: 'success', response: { hooks, policy: {}, ...more } },
  });
const says = (answer: string): string => `read request; echo '${answer}'; cat >/dev/null`;

describe('hooks', () => {
  it('shows the dead ones first, with the reason and the place, within 100 columns', async () => {
    const { top, project, write, record, ask } = aMachine();
    write('shop/guard_rm.py', '');
    write('home/.claude/settings.json', {
      hooks: on('PostToolUse', 'Edit|Write', command(recorded('prettier-all'))),
    });
    write('shop/.claude/settings.json', {
      hooks: on('PreToolUse', 'Bash', command(recorded('python3 guard_rm.py')), command('lint-it')),
    });
    write('shop/.claude/settings.local.json', {
      hooks: on('Stop', '', command(recorded('sh ./gone.sh'))),
    });
    const call = { toolName: 'Bash', cwd: project, sessionId: 's', agent: 'claude' } as const;
    record(
      ...Array.from({ length: 6 }, (_, at) => ({
        ...call,
        hookName: 'other',
        toolUseId: `t${at}`,
      })),
      { hookName: 'prettier-all', eventType: 'PostToolUse', decision: 'none' },
      { hookName: 'prettier-all', eventType: 'PostToolUse', status: 'error', exitCode: 1 },
      { hookName: 'prettier-all', eventType: 'PostToolUse', createdAt: ago(24 * 9) },
    );
    const lines = (await ask('hooks')).split('\n');
    expect(lines.slice(0, -2).map((line) => line.replaceAll(top, ''))).toEqual([
      '4 hooks of Claude Code in /shop: 2 need a look, 3 recorded.',
      'The numbers are those of the last 7 days.',
      '',
      'STATE       HOOK          RUNS ON                 SOURCE   LAST RUN    RUNS  FAILED',
      'missing     gone          Stop                    local    never          0       0',
      '      ./gone.sh does not exist  .claude/settings.local.json:1',
      'silent      guard_rm      PreToolUse Bash         project  never          0       0',
      '      never ran: 0 runs in 1 session, 6 Bash calls  .claude/settings.json:1',
      'unrecorded  lint-it       PreToolUse Bash         project  –              –       –',
      'ok          prettier-all  PostToolUse Edit|Write  user     1 hour ago     2       1',
      '',
    ]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('says how to record hooks, if install can', async () => {
    const { write, ask } = aMachine();
    const agent = '---\nhooks:\n  Stop: [{hooks: [{type: command, command: a}]}]\n---\n';
    write('shop/.claude/agents/review.md', agent);
    write('shop/.claude/settings.json', { hooks: on('Stop', '', command('b'), command('c')) });
    write('shop/.gemini/settings.json', { hooks: on('AfterAgent', '', command('d')) });
    expect((await ask('hooks')).split('\n').filter((line) => line.startsWith('- '))).toEqual([
      '- 2 hooks are not recorded: type hookbus install.',
      '- 1 hook is not recorded: type hookbus install --agent gemini.',
      '- 1 hook of agents is not recorded: hookbus install changes only settings files.',
      '- 1 more, without a command or of skills and agents: type hookbus hooks --all.',
    ]);
  });

  it('counts refusals, and of a project’s hook only what happened in it', async () => {
    const { project, write, record, list } = aMachine();
    write('shop/.claude/settings.json', {
      hooks: on('PreToolUse', 'Bash', command(recorded('guard'))),
    });
    const run = { hookName: 'guard', cwd: join(project, 'src') } as const;
    record(
      { ...run, decision: 'deny' },
      { ...run, status: 'blocked', exitCode: 2, decision: 'deny', createdAt: ago(2) },
      { ...run, agent: 'codex', decision: 'deny' },
      { ...run, cwd: '/elsewhere', decision: 'deny' },
      { ...run, cwd: `${project}-other`, decision: 'deny' },
      { ...run, status: 'dedupe_skip' },
    );
    expect((await list()).hooks).toMatchObject([
      { hook_name: 'guard', runs: 2, denied: 2, failed: 0, concern: null, runs_here: true },
    ]);
  });

  it('has the refusals of a guard before and after its script changed', async () => {
    const { project, write, record, list, ask } = aMachine();
    write('shop/.claude/settings.json', {
      hooks: on('PreToolUse', 'Bash', command(recorded('quiet')), command(recorded('alive'))),
    });
    const [before, after] = ['a'.repeat(64), 'b'.repeat(64)];
    const refusal = { cwd: project, project, agent: 'claude', decision: 'deny' } as const;
    for (const hookName of ['quiet', 'alive'])
      record(
        { ...refusal, hookName, scriptDigest: before, createdAt: ago(4) },
        { ...refusal, hookName, scriptDigest: before, createdAt: ago(3) },
        { ...refusal, hookName, scriptDigest: after, decision: 'none', createdAt: ago(2) },
      );
    record({ ...refusal, hookName: 'alive', scriptDigest: after });
    // What happened in Codex, or elsewhere, says nothing about these.
    record({ ...refusal, hookName: 'quiet', agent: 'codex', command: 'x', scriptDigest: after });
    record({ ...refusal, hookName: 'quiet', project: '/elsewhere', scriptDigest: after });
    const { hooks } = await list();
    expect(hooks).toMatchObject([
      { hook_name: 'quiet', concern: 'changed' },
      { hook_name: 'alive', concern: null },
    ]);
    expect(hooks[1].script_change).toMatchObject({
      ...{ digest_before: before, digest: after },
      ...{ denied_before: 2, denied_since: 1, runs_since: 2 },
    });
    const text = await ask('hooks');
    expect(text).toContain('      its script changed: 2 refusals before, 0 in 1 run since  ');
    expect(text).toContain('      its script changed: 2 refusals before, 1 in 2 runs since  ');
  });

  it('says that only capital letters keep a matcher from the names of tools', async () => {
    const { project, write, record, ask, findings } = aMachine();
    write('shop/.claude/settings.json', {
      hooks: {
        PreToolUse: ['bash', 'edit|write', 'Nothing'].map((matcher) => ({
          matcher,
          hooks: [command(recorded(`on-${matcher.slice(0, 4)}`))],
        })),
      },
    });
    const call = { toolName: 'Bash', cwd: project, sessionId: 's', agent: 'claude' } as const;
    record(...['1', '2', '3', '4', '5'].map((id) => ({ ...call, hookName: 'o', toolUseId: id })));
    const text = await ask('hooks');
    expect(text).toContain('never ran, its matcher says "bash": 0 runs in 1 session, 5 Bash calls');
    expect(text.match(/never ran/g)).toHaveLength(1);
    expect(await findings('silent hooks')).toHaveLength(1);
  });

  it('says what install can do about hooks that are not recorded', async () => {
    const { project, env, write, ask, client } = aMachine();
    write('home/.claude/settings.json', { hooks: on('Stop', '', command('a')) });
    write('shop/.gemini/settings.json', { hooks: on('AfterAgent', '', command('b')) });
    const own = { event: 'Stop', type: 'command', text: 'a', source: 'userSettings' };
    const plugin = { ...own, text: 'c', source: 'pluginHook', pluginName: 'p@m' };
    client(says(listing([own, plugin])));
    const text = await ask('hooks');
    for (const columns of [80, 100]) {
      const { stdout } = await hookbus(['hooks'], env, project, { columns });
      expect(
        Math.max(...stripVTControlCharacters(stdout).split('\n').map(columnsOf)),
      ).toBeLessThanOrEqual(columns);
    }
    for (const line of [
      '- 1 hook is not recorded: type hookbus install.',
      '- 1 hook is not recorded: type hookbus install --agent gemini.',
      '- 1 hook of plugins is not recorded: hookbus install changes only settings files.',
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('does not call a hook silent without evidence', async () => {
    const { project, write, record, list } = aMachine();
    const hooks = [
      ['PreToolUse', 'Write', command(recorded('on-write'))],
      ['PreToolUse', 'Bash', command(recorded('conditional'), { if: 'Bash(git *)' })],
      ['SessionStart', 'resume', command(recorded('on-resume'))],
    ] as const;
    write('shop/.claude/settings.json', {
      hooks: Object.fromEntries(
        ['PreToolUse', 'SessionStart'].map((event) => [
          event,
          hooks
            .filter(([own]) => own === event)
            .map(([, matcher, hook]) => ({ matcher, hooks: [hook] })),
        ]),
      ),
    });
    const call = { hookName: 'other', toolName: 'Bash', cwd: project } as const;
    const calls = (more: Partial<Execution>) =>
      Array.from({ length: 9 }, (_, at) => ({
        ...call,
        toolUseId: `${more.sessionId}${at}`,
        ...more,
      }));
    record(...calls({ sessionId: 's' }), ...calls({ sessionId: 's', eventType: 'SessionStart' }));
    expect((await list()).hooks.map(({ concern }: { concern: unknown }) => concern)).toEqual([
      null,
      null,
      null,
    ]);
    // This session began before its file was written.
    const changed = write('shop/.claude/settings.json', {
      hooks: on('PreToolUse', 'Bash', command(recorded('new'))),
    });
    utimesSync(changed, new Date(), new Date(Date.now() - HOUR_MS / 2));
    record(...calls({ sessionId: 's', createdAt: ago(0.1) }));
    expect((await list()).hooks).toMatchObject([{ concern: null }]);
    record(...calls({ sessionId: 'later', createdAt: ago(0.1) }));
    expect((await list()).hooks).toMatchObject([{ concern: 'never_ran' }]);
  });

  it('escapes what a repository writes, and fits long names', async () => {
    const { write, ask } = aMachine();
    const evil = `\u001b[2J\u202e${'x'.repeat(300)}`;
    write('shop/.claude/settings.json', {
      hooks: { [evil]: [{ matcher: evil, hooks: [command(`./${evil}.sh`), { type: evil }] }] },
    });
    const lines = (await ask('hooks', '--all')).split('\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not reach a terminal.
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('says that there are none, and takes one agent', async () => {
    const { write, ask, list } = aMachine();
    expect(await ask('hooks')).toMatch(/^No agent has hooks in .*shop\.\n$/);
    write('shop/.gemini/settings.json', { hooks: on('BeforeTool', '', command('g')) });
    write('shop/.cursor/hooks.json', { hooks: { stop: [{ command: 'c' }] } });
    expect((await list('--agent', 'gemini')).hooks).toMatchObject([{ agent: 'gemini' }]);
  });
});

describe('what Claude Code says', () => {
  it('counts: hooks of plugins, locks, and files that it leaves out', async () => {
    const { write, list, client } = aMachine();
    const path = write('shop/.claude/settings.json', { hooks: on('Stop', '', command('a')) });
    write('home/.claude/settings.json', { hooks: on('Stop', '', command('b')) });
    const error = { file: path, path: 'model', message: 'Expected string — and more' };
    const hooks = [
      {
        event: 'Stop',
        matcher: '',
        source: 'pluginHook',
        pluginName: 'p@m',
        type: 'command',
        commandText: 'c',
      },
    ];
    client(says(listing(hooks, { errors: [error] })));
    expect((await list()).hooks).toMatchObject([
      { command: 'b', concern: 'voided', reason: 'Claude Code does not list it' },
      { command: 'a', concern: 'voided', reason: 'model: Expected string' },
      { command: 'c', source: 'plugin', owner: 'p', path: null, runs_here: true },
    ]);
    client(says(listing([], { policy: { managedOnly: true, policyHookCount: 2 } })));
    const locked = await list();
    expect(locked.hooks).toMatchObject([{ concern: 'policy' }, { concern: 'policy' }]);
    expect(locked.notes).toEqual([expect.stringContaining('2 more hooks')]);
    expect((await list('--offline')).hooks).toMatchObject([
      { command: 'b', concern: 'not_recorded' },
      { command: 'a', concern: 'not_recorded' },
    ]);
  });

  it.each([
    ['exits', 'exit 1', 'ended with exit code 1'],
    [
      'answers something else',
      says('{"type":"control_response","response":{}}'),
      'does not understand',
    ],
    ['answers nonsense', 'echo {; echo', 'ended with exit code 0'],
  ])('costs a line if it %s', async (_, script, reason) => {
    const { write, list, ask, client } = aMachine();
    write('shop/.claude/settings.json', { hooks: on('Stop', '', command('a')) });
    client(script);
    const { hooks, notes } = await list();
    expect(hooks).toMatchObject([{ command: 'a', runs_here: true }]);
    expect(notes).toEqual([expect.stringContaining(reason)]);
    expect(await ask('hooks')).toContain(`- Claude Code was asked for its hooks`);
  });

  it('is asked in the project, with a directory of its own that is gone afterwards', async () => {
    const { top, project, write, list, client } = aMachine();
    write('shop/.claude/settings.json', { hooks: on('Stop', '', command('a')) });
    write('home/.claude/settings.json', '{}');
    client(
      `{ pwd; echo "$CLAUDE_CONFIG_DIR"; ls "$CLAUDE_CONFIG_DIR"; echo "$@"; env; } >${top}/seen; ${says(listing([]))}`,
    );
    await list();
    const [cwd, scratch = '', settings, words, ...env] = readFileSync(
      join(top, 'seen'),
      'utf8',
    ).split('\n');
    expect([cwd, settings]).toEqual([project, 'settings.json']);
    expect(existsSync(scratch)).toBe(false);
    expect(words).toContain('--bare --strict-mcp-config');
    expect(env.filter((line) => line.startsWith('HOOKBUS'))).toEqual([]);
  });

  it('is not asked if the project or the administrator would have something started', async () => {
    const { top, write, list, client } = aMachine();
    const touch = `touch ${top}/started`;
    write('shop/.claude/settings.json', { hooks: on('Stop', '', command('a')) });
    client(touch);
    write('home/.claude/remote-settings.json', { enabledPlugins: { 'p@m': true } });
    expect((await list()).notes).toEqual([expect.stringContaining('your administrator enables')]);
    expect(existsSync(join(top, 'started'))).toBe(false);
  });
});

describe('what Codex trusts', () => {
  it('is what it answers, else what its settings list', async () => {
    const { top, project, write, ask, list, client } = aMachine();
    const file = write('home/.codex/hooks.json', {
      hooks: on('PreToolUse', '', command('a'), command('b'), command('c')),
    });
    write('shop/.codex/hooks.json', { hooks: on('Stop', '', command('d')) });
    const trusted = [`[hooks.state."${file}:pre_tool_use:0:0"]`, 'trusted_hash = "sha256:x"'];
    const config = [
      '[secrets]',
      'key = "hidden"',
      '[projects."/elsewhere"]',
      'trust_level = "trusted"',
    ];
    write('home/.codex/config.toml', [...config, ...trusted].join('\n'));
    const concerns = async () =>
      Object.fromEntries(
        (await list('--agent', 'codex')).hooks.map(
          ({ command: line, concern }: Record<string, string>) => [line, concern],
        ),
      );
    const rest = { a: 'not_recorded', b: 'untrusted', c: 'untrusted' };
    expect(await concerns()).toEqual({ ...rest, d: 'untrusted' });
    expect(await ask('hooks', '--agent', 'codex')).toContain('Codex does not trust this project');
    const state = (place: number, trustStatus: string, enabled = true) =>
      `{"key":"'"$CODEX_HOME"'/hooks.json:pre_tool_use:0:${place}","enabled":${enabled},"trustStatus":"${trustStatus}"}`;
    const hooks = [state(0, 'modified'), state(1, 'trusted'), state(2, 'trusted', false)];
    const answer = `{"id":2,"result":{"data":[{"hooks":[${hooks}]}]}}`;
    client(
      `cat "$CODEX_HOME/config.toml" >${top}/config; read one; read two; read three; echo '${answer}'; cat`,
      'codex',
    );
    expect(await concerns()).toEqual({
      ...{ a: 'untrusted', b: 'not_recorded', c: 'disabled', d: 'voided' },
    });
    const seen = readFileSync(join(top, 'config'), 'utf8');
    expect(seen).toContain(':pre_tool_use:0:0');
    expect(seen).not.toContain('hidden');
    expect(existsSync(join(project, '.codex'))).toBe(true);
  });
});

describe('doctor', () => {
  it('reports what keeps hooks from running, one finding for each cause', async () => {
    const { top, write, findings } = aMachine();
    write('shop/.claude/settings.json', {
      hooks: {
        ...on('PreToolUse', 'Bash', command('a'), command('b')),
        PermissionRequest: [command('c')],
      },
    });
    write('home/.claude/settings.json', {
      disableAllHooks: true,
      hooks: on('Stop', '', command('d')),
    });
    const found = (await findings('configured')).map((what) => what.replaceAll(top, ''));
    expect(found).toEqual([
      expect.stringMatching(
        /^problem: \/shop\/\.claude\/settings\.json:1: 3 hooks do not run, 3 of them on events that a hook can block: a hook stands directly/,
      ),
      'advice: /home/.claude/settings.json:1: d on Stop is disabled: disableAllHooks is true',
    ]);
  });

  it('reports limits in another agent’s unit, and no other', async () => {
    const { write, findings } = aMachine();
    write('shop/.gemini/settings.json', {
      hooks: on(
        'BeforeTool',
        '',
        command('g', { timeout: 600 }),
        command('h', { timeout: 5000 }),
        command('i'),
      ),
    });
    write('shop/.claude/settings.json', {
      hooks: on(
        'Stop',
        '',
        command('c', { timeout: 60000 }),
        command('d', { timeout: 3600 }),
        command('e'),
      ),
    });
    expect((await findings('time units')).map((what) => what.replace(/^.*json:1: /, ''))).toEqual([
      'c on Stop has "timeout": 60000, which is 16 h 40 min',
      'g on BeforeTool has "timeout": 600, which is 600 ms',
    ]);
  });

  it('reports scripts that do not exist, if it is sure', async () => {
    const { write, findings } = aMachine();
    write('shop/there.sh', '');
    write('home/bin/own.sh', '');
    const lines = [
      'python3 "$CLAUDE_PROJECT_DIR"/gone.py',
      '"$CLAUDE_PROJECT_DIR/there.sh"',
      '~/bin/own.sh --fast',
      '/nowhere/abs --x',
      'sh ./there.sh',
      'bash -x gone2.sh',
      'cd sub && ./gone3.sh',
      'python3 "$SOMEWHERE"/gone4.py',
      'cat ./gone5.sh',
      'test -f gone6.sh',
      'uv run "$CLAUDE_PROJECT_DIR"/gone7.py',
      'uv run --script $CLAUDE_PROJECT_DIR/gone8.py --fast',
      'uv run --with requests gone9.py',
      'uv run "$CLAUDE_PROJECT_DIR/there.sh"',
      '/usr/bin/env python3 $CLAUDE_PROJECT_DIR/gone10.py',
      'env MODE=strict node "$CLAUDE_PROJECT_DIR/gone11.mjs"',
      'bash "$CLAUDE_PROJECT_DIR"/gone12',
      'node "$CLAUDE_PROJECT_DIR"/folder',
      'npx tsx $CLAUDE_PROJECT_DIR/gone13.ts',
    ];
    write('shop/.claude/settings.json', {
      hooks: on('Stop', '', ...lines.map((line) => command(line))),
    });
    // A hook of the user runs in every project.
    write('home/.claude/settings.json', { hooks: on('Stop', '', command('sh ./elsewhere.sh')) });
    expect((await findings('scripts')).map((what) => what.replace(/^.*start: /, ''))).toEqual([
      '$CLAUDE_PROJECT_DIR/gone.py does not exist',
      '/nowhere/abs does not exist',
      '$CLAUDE_PROJECT_DIR/gone7.py does not exist',
      '$CLAUDE_PROJECT_DIR/gone8.py does not exist',
      '$CLAUDE_PROJECT_DIR/gone10.py does not exist',
      '$CLAUDE_PROJECT_DIR/gone11.mjs does not exist',
      '$CLAUDE_PROJECT_DIR/gone12 does not exist',
      '$CLAUDE_PROJECT_DIR/gone13.ts does not exist',
    ]);
  });

  it('reports a guard that never ran while its tools did', async () => {
    const { project, write, record, findings } = aMachine();
    write('shop/.claude/settings.json', {
      hooks: on('PreToolUse', 'Bash', command(recorded('guard_rm'))),
    });
    record(
      ...Array.from({ length: 12 }, (_, at) => ({
        ...{ hookName: 'after', eventType: 'PostToolUse', toolName: 'Bash', cwd: project },
        ...{ sessionId: `s${at % 4}`, toolUseId: `t${at}` },
      })),
    );
    expect((await findings('silent hooks')).map((what) => what.replace(/ \(.*/, ''))).toEqual([
      'problem: guard_rm on PreToolUse Bash: 0 runs in 4 sessions, 12 Bash calls',
    ]);
  });
});
