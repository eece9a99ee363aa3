import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary.ts';
import { findClaude } from './support/claude.ts';

const CLAUDE = findClaude();
const WHY = typeof CLAUDE === 'string' ? ` (skipped: ${CLAUDE})` : '';
if (WHY !== '') process.stderr.write(`the real Claude Code’s list of hooks is not tested${WHY}\n`);

const HOOKBUS = join(import.meta.dirname, '..', '..', 'bin', 'hookbus.js');

/** Puts the files of $1 under /etc/claude-code, for the program and its children alone. */
const WITH_POLICY = `cp -a /etc "$1/etc" 2>/dev/null
mkdir -p "$1/etc/claude-code" && cp "$1"/policy/* "$1/etc/claude-code/" &&
mount --bind "$1/etc" /etc && shift && exec "$@"`;

/** A project and a home in which everything that could be started leaves a file behind. */
function aMachine() {
  const top = temporaryDirectory();
  const [home, project, temporary] = [join(top, 'home'), join(top, 'project'), join(top, 'tmp')];
  const write = (path: string, content: unknown): string => {
    const file = join(top, path);
    mkdirSync(dirname(file), { recursive: true });
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(file, text, { mode: 0o755 });
    return file;
  };
  const started = (name: string): string => `touch ${top}/started-${name}`;
  const program = (name: string): string => write(`bin/${name}`, `#!/bin/sh\n${started(name)}\n`);
  mkdirSync(home);
  mkdirSync(temporary);
  spawnSync('git', ['init', '-q', project]);
  spawnSync('git', ['-C', project, 'config', 'core.fsmonitor', program('git')]);
  write('project/.mcp.json', { mcpServers: { p: { command: program('mcp'), args: [] } } });
  const ask = (client: string, isolation: readonly string[], ...words: string[]) => {
    const clients = write('clients/claude', `#!/bin/sh\nexec ${client} "$@"\n`);
    const [command = '', ...before] = isolation;
    const { stdout, stderr } = spawnSync(
      command,
      [...before, execPath, HOOKBUS, 'hooks', '--json', '--all', '--agent', 'claude', ...words],
      {
        cwd: project,
        encoding: 'utf8',
        env: {
          HOME: home,
          TMPDIR: temporary,
          CLAUDE_CODE_TMPDIR: temporary,
          PATH: `${dirname(clients)}:/usr/bin:/bin`,
          HOOKBUS_HOME: join(top, 'state'),
          HOOKBUS_DAEMON: 'off',
        },
      },
    );
    expect(stderr).toBe('');
    return JSON.parse(stdout) as {
      readonly hooks: readonly Record<string, unknown>[];
      readonly files: readonly Record<string, unknown>[];
      readonly notes: readonly string[];
    };
  };
  return { top, write, program, started, ask };
}

const on = (event: string, ...lines: string[]) => ({
  [event]: [{ hooks: lines.map((command) => ({ type: 'command', command })) }],
});

/** Everything below a directory, with its content. */
function contentOf(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory, { recursive: true })
      .map((name) => join(directory, String(name)))
      .filter((path) => statSync(path).isFile())
      .map((path) => [path, readFileSync(path, 'utf8')]),
  );
}

describe.skipIf(typeof CLAUDE === 'string')(`the list of the real Claude Code${WHY}`, () => {
  const { client, isolation } = typeof CLAUDE === 'string' ? { client: '', isolation: [] } : CLAUDE;

  it('has hooks of files and plugins, and nothing of the project is started for it', () => {
    const { top, write, program, started, ask } = aMachine();
    const events = ['SessionStart', 'SessionEnd', 'Setup', 'InstructionsLoaded', 'ConfigChange'];
    const hooks = (name: string) =>
      Object.assign({}, ...events.map((event) => on(event, started(`${name}-${event}`))));
    write('project/.claude/settings.json', {
      hooks: hooks('project'),
      apiKeyHelper: program('key'),
      statusLine: { type: 'command', command: program('status') },
      otelHeadersHelper: program('headers'),
      awsAuthRefresh: program('aws'),
      enableAllProjectMcpServers: true,
      env: { CLAUDE_CODE_SHELL_PREFIX: program('prefix'), CLAUDE_CODE_SIMPLE: '0' },
    });
    write('project/.claude/settings.local.json', { hooks: hooks('local') });
    write('project/bunfig.toml', 'preload = ["./preload.js"]\n');
    write('project/.env', 'BUN_OPTIONS=--preload=./preload.js\n');
    write('project/preload.js', `require('node:fs').writeFileSync('${top}/started-preload', '')`);
    for (const place of ['shop/fmt', 'fmt']) {
      write(`${place}/.claude-plugin/plugin.json`, { name: 'fmt', version: '1.0.0' });
      write(`${place}/hooks/hooks.json`, { hooks: { ...hooks('plugin'), ...on('Stop', 'fmt') } });
      write(`${place}/.mcp.json`, { mcpServers: { q: { command: program('plugin-mcp') } } });
    }
    const plugin = { name: 'fmt', source: './fmt', version: '1.0.0' };
    const at = '2026-01-01T00:00:00.000Z';
    write('shop/.claude-plugin/marketplace.json', {
      name: 'shop',
      owner: { name: 'x' },
      plugins: [plugin],
    });
    write('home/.claude/plugins/known_marketplaces.json', {
      shop: {
        source: { source: 'directory', path: join(top, 'shop') },
        installLocation: join(top, 'shop'),
        lastUpdated: at,
      },
    });
    write('home/.claude/plugins/installed_plugins.json', {
      version: 2,
      plugins: {
        'fmt@shop': [
          {
            scope: 'user',
            installPath: join(top, 'fmt'),
            version: '1.0.0',
            installedAt: at,
            lastUpdated: at,
          },
        ],
      },
    });
    write('home/.claude/settings.json', {
      enabledPlugins: { 'fmt@shop': true },
      hooks: hooks('user'),
    });
    write(
      'home/.claude/skills/deploy/SKILL.md',
      '---\nname: deploy\ndescription: d\nhooks:\n  PreToolUse:\n    - hooks:\n        - type: command\n          command: ./skill.sh\n---\n',
    );
    const before = contentOf(join(top, 'home'));
    const report = ask(client, isolation);
    expect(readdirSync(top).filter((name) => name.startsWith('started'))).toEqual([]);
    expect(contentOf(join(top, 'home'))).toEqual(before);
    expect(report.notes).toEqual([]);
    const running = report.hooks.filter(({ runs_here }) => runs_here);
    const count = (source: string) => running.filter((hook) => hook['source'] === source).length;
    expect(['user', 'project', 'local', 'plugin', 'skill'].map(count)).toEqual([5, 5, 5, 6, 1]);
    expect(running).toHaveLength(report.hooks.length);
  });

  it('lacks what one bad entry voids, as the files alone tell too', () => {
    const { write, ask } = aMachine();
    const bad = [{ matcher: ['Bash'], hooks: [{ type: 'command', command: 'a' }] }];
    write('project/.claude/settings.json', { hooks: { PreToolUse: bad, ...on('Stop', 'b') } });
    write('project/.claude/settings.local.json', {
      hooks: { PostToolUse: bad, ...on('Stop', 'c') },
    });
    write('home/.claude/settings.json', { model: 1, hooks: { ...on('Stop', 'd') } });
    const states = ({ hooks }: ReturnType<typeof ask>) =>
      Object.fromEntries(
        hooks.map(({ command, source, runs_here }) => [`${source} ${command}`, runs_here]),
      );
    const byFiles = { 'project a': false, 'project b': false, 'local a': false, 'local c': true };
    expect(states(ask(client, isolation))).toEqual({ ...byFiles, 'user d': false });
    // That a model is not a number is Claude Code's to know.
    expect(states(ask(client, isolation, '--offline'))).toEqual({ ...byFiles, 'user d': true });
  });

  it('lacks events that this version does not have', () => {
    const { write, ask } = aMachine();
    write('project/.claude/settings.json', {
      hooks: { ...on('PreToolUze', 'a'), ...on('Stop', 'b') },
    });
    expect(ask(client, isolation).hooks).toMatchObject([
      { command: 'a', concern: 'voided', reason: 'Claude Code has no event PreToolUze' },
      { command: 'b', runs_here: true },
    ]);
  });

  it('shows an administrator’s locks, whose hooks do not run either', ({ skip }) => {
    const { top, write, started, ask } = aMachine();
    const words = [...isolation, 'unshare', '-m', 'sh', '-c', WITH_POLICY, 'sh', top];
    const policy = (settings: object) => write('policy/managed-settings.json', settings);
    const start = on('SessionStart', started('managed'));
    const hooks = { ...start, ...on('SessionEnd', started('managed-end')) };
    write('project/.claude/settings.json', { hooks: on('Stop', 'a') });
    policy({ disableAllHooks: false, hooks });
    const [command = '', ...more] = words;
    if (spawnSync(command, [...more, 'true']).status !== 0) skip('no mount namespace here');
    const sources = ({ hooks: all }: ReturnType<typeof ask>) =>
      all.map(({ source, concern }) => `${source} ${concern}`);
    expect(sources(ask(client, words))).toContain('project not_recorded');
    policy({ allowManagedHooksOnly: true, hooks });
    expect(sources(ask(client, words))).toContain('project policy');
    policy({ strictPluginOnlyCustomization: true, hooks });
    expect(sources(ask(client, words))).toContain('project policy');
    policy({ disableAllHooks: true });
    expect(sources(ask(client, words))).toEqual(['project policy']);
    expect(readdirSync(top).filter((name) => name.startsWith('started'))).toEqual([]);
  });
});
