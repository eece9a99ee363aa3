import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasLauncher } from '../support/daemon.ts';
import { hookbus } from '../support/hookbus.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const HOOKS =
  '{\n  "hooks": { "Stop": [{ "hooks": [{ "type": "command", "command": "./stop.sh" }] }] }\n}\n';

/** A user of Claude Code with a plugin. */
function aUser(settings = HOOKS) {
  const top = temporaryDirectory();
  const [home, project] = [join(top, 'home'), join(top, 'project')];
  const own = join(home, '.claude', 'settings.json');
  const write = (path: string, content: unknown): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  };
  mkdirSync(join(project, '.git'), { recursive: true });
  write(own, settings);
  const plugin = join(home, '.claude', 'plugins', 'cache', 'shop', 'fmt', '1.0.0');
  write(join(plugin, 'hooks', 'hooks.json'), {
    hooks: {
      PreToolUse: [
        {
          hooks: [
            { type: 'command', command: '$' + '{CLAUDE_PLUGIN_ROOT}/guard.sh' },
            { type: 'command', command: 'exec-form', args: [] },
          ],
        },
      ],
    },
  });
  write(join(home, '.claude', 'plugins', 'installed_plugins.json'), {
    version: 2,
    plugins: { 'fmt@shop': [{ scope: 'user', installPath: plugin, version: '1.0.0' }] },
  });
  write(join(project, '.claude', 'settings.local.json'), { enabledPlugins: { 'fmt@shop': true } });
  const env = { HOME: home, HOOKBUS_DAEMON: 'off', PATH: '/usr/bin:/bin' };
  const copy = join(home, '.claude', 'hookbus', 'hookbus-shell');
  return {
    own,
    project,
    copy,
    link: join(dirname(copy), 'launcher'),
    read: () => readFileSync(own, 'utf8'),
    run: (line: string, more: Record<string, string> = {}, answers?: string[]) =>
      hookbus(line.split(' '), { ...env, ...more }, project, answers && { columns: 100, answers }),
    async check() {
      const { stdout } = await hookbus(['doctor', '--json'], env, project);
      const { checks } = JSON.parse(stdout) as {
        checks: { name: string; findings: { severity: string; what: string }[] }[];
      };
      return checks.find(({ name }) => name === 'all hooks')?.findings;
    },
    async hooks() {
      const { stdout } = await hookbus(['hooks', '--json', '--offline'], env, project);
      const { hooks } = JSON.parse(stdout) as {
        hooks: { hook_name: string; is_recorded: boolean }[];
      };
      return hooks.map(({ hook_name, is_recorded }) => `${hook_name} ${is_recorded}`).sort();
    },
  };
}

describe.skipIf(!hasLauncher)('hookbus install --all-hooks (skipped without a launcher)', () => {
  it('says what it costs and asks, and a no changes nothing', async () => {
    const { run, read, copy } = aUser();
    const { stderr, stdout } = await run('install --all-hooks', {}, ['n']);
    expect(stderr).toMatch(
      /CLAUDE_CODE_SHELL_PREFIX[\s\S]*no guard refuses anything[\s\S]*cloud: "device"[\s\S]*Record every hook\?/,
    );
    expect(stdout).toContain('Nothing was changed.');
    expect([read(), existsSync(copy)]).toEqual([HOOKS, false]);
  });

  it('sets the variable, which hooks and doctor know, and uninstall restores the file to the byte', async () => {
    const { run, read, copy, link, check, hooks } = aUser();
    expect(await check()).toBeUndefined();
    const before = await hooks();
    expect(before).toContain('guard false');
    const { stdout, exitCode } = await run('install --all-hooks --enable --yes');
    expect({ exitCode }).toEqual({ exitCode: 0 });
    expect(stdout.replace(/\s+/g, ' ')).toContain('does not verify hooks marked cloud: "device"');
    expect(JSON.parse(read()).env).toEqual({
      HOOKBUS_ENABLED: '1',
      CLAUDE_CODE_SHELL_PREFIX: copy,
    });
    expect(await hooks()).toEqual(['exec-form false', 'fmt-guard true', 'stop true']);
    expect((await run('status')).stdout).toContain('1 of 1 hook recorded');
    expect(await check()).toEqual([]);
    expect((await run('install --all-hooks --enable --yes')).stdout).toContain(
      'Nothing to change.',
    );
    const undone = await run('uninstall');
    expect(read()).toBe(HOOKS);
    expect(undone.stdout).toContain('rm -r');
    expect([existsSync(copy), existsSync(link)]).toEqual([true, false]);
    expect(await check()).toBeUndefined();
  });

  it('shows the change, and makes none, with --dry-run', async () => {
    const { run, read, copy } = aUser('{}\n');
    const { stdout } = await run('install --all-hooks --dry-run');
    expect(stdout).toMatch(/^\+.*CLAUDE_CODE_SHELL_PREFIX/m);
    expect([read(), existsSync(copy)]).toEqual(['{}\n', false]);
  });

  it('works where no hook is in a file of yours', async () => {
    const { run, read, copy } = aUser('{}\n');
    const { stdout } = await run('install --all-hooks --yes');
    expect(stdout).toContain('hookbus enable');
    expect(JSON.parse(read())).toEqual({ env: { CLAUDE_CODE_SHELL_PREFIX: copy } });
    await run('uninstall');
    expect(read()).toBe('{}\n');
  });

  it.each([
    ['removed', (path: string) => rmSync(path)],
    ['not executable', (path: string) => chmodSync(path, 0o644)],
    ['empty', (path: string) => truncateSync(path)],
  ])('doctor reports a copy that is %s', async (_, spoil) => {
    const { run, copy, check } = aUser();
    await run('install --all-hooks --yes');
    spoil(copy);
    expect(await check()).toMatchObject([{ severity: 'problem' }]);
  });

  it('doctor reports a launcher that is gone, and hooks are unrecorded', async () => {
    const { run, link, check, hooks } = aUser();
    await run('install --all-hooks --yes');
    rmSync(link);
    symlinkSync('/nowhere/hookbus', link);
    expect(await check()).toMatchObject([{ severity: 'advice' }]);
    expect(await hooks()).toContain('guard false');
  });

  it('leaves another program in the variable alone, and changes nothing', async () => {
    const other = '{"env":{"CLAUDE_CODE_SHELL_PREFIX":"/opt/wrap.sh"}}';
    const { run, read, copy } = aUser(other);
    const { stderr, exitCode } = await run('install --all-hooks --yes');
    expect(stderr).toContain('sets CLAUDE_CODE_SHELL_PREFIX to /opt/wrap.sh already');
    expect([exitCode, read(), existsSync(copy)]).toEqual([1, other, false]);
    await run('install --enable --yes');
    await run('uninstall');
    expect(read()).toBe(other);
    const here = aUser();
    const refused = await here.run('install --all-hooks --yes', {
      CLAUDE_CODE_SHELL_PREFIX: '/opt/wrap.sh',
    });
    expect([refused.exitCode, here.read()]).toEqual([1, HOOKS]);
  });

  it('a repository can name no program that hooks or doctor run', async () => {
    const { run, project, check } = aUser();
    await run('install --all-hooks --yes');
    const evil = join(project, 'hookbus', 'hookbus-shell');
    mkdirSync(dirname(evil));
    writeFileSync(evil, `#!/bin/sh\ntouch ${project}/ran\n`, { mode: 0o755 });
    const file = join(project, '.claude', 'settings.json');
    writeFileSync(file, JSON.stringify({ env: { CLAUDE_CODE_SHELL_PREFIX: evil } }));
    expect(await check()).toBeUndefined();
    await run('hooks --offline');
    await run('status');
    expect(existsSync(join(project, 'ran'))).toBe(false);
    expect((await run('install --all-hooks --yes')).stderr).toContain(evil);
  });

  it('uninstall leaves a program that you set since', async () => {
    const { run, read, own, copy } = aUser();
    await run('install --all-hooks --yes');
    writeFileSync(own, read().replace(copy, '/opt/wrap.sh'));
    await run('uninstall');
    expect(JSON.parse(read())).toMatchObject({ env: { CLAUDE_CODE_SHELL_PREFIX: '/opt/wrap.sh' } });
  });

  it('refuses a settings file that is a link, another agent, and a launcher that is missing', async () => {
    const { run, own, read } = aUser();
    renameSync(own, `${own}.real`);
    symlinkSync(`${own}.real`, own);
    const linked = await run('install --all-hooks --yes');
    expect([linked.exitCode, linked.stderr, read()]).toEqual([
      1,
      expect.stringContaining('is a link'),
      HOOKS,
    ]);
    const codex = aUser();
    writeFileSync(join(codex.project, 'hooks.json'), '{}');
    const other = await codex.run('install --all-hooks --yes --agent codex --settings hooks.json');
    expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining('Claude Code')]);
  });
});
