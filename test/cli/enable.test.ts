import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { hookbus } from '../support/hookbus.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const HOOKS = `{
  "hooks": { "Stop": [{ "hooks": [
    { "type": "command", "command": "./stop.sh" },
    { "type": "http", "url": "http://127.0.0.1:9/x" } ] }] }
}
`;

/** A user in a project, with the settings files that are given. */
function aUser(files: Readonly<Record<string, string>> = {}) {
  const top = temporaryDirectory();
  const [home, project] = [join(top, 'home'), join(top, 'project')];
  for (const directory of [home, join(project, '.git')]) mkdirSync(directory, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  }
  const env = { HOME: home, HOOKBUS_DAEMON: 'off', PATH: '/usr/bin:/bin' };
  const ask = (line: string, answers?: string[]) =>
    hookbus(line.split(' '), env, project, answers && { columns: 80, answers });
  const say = async (line: string): Promise<string> =>
    (await ask(line)).stdout.replace(/\s+/g, ' ').trim();
  return { ask, say, top, read: (path: string) => readFileSync(join(top, path), 'utf8') };
}

const USER = 'home/.claude/settings.json';
const SHARED = 'project/.claude/settings.json';

it('status says how to start, then what is recorded, by which file, and what cannot be', async () => {
  const { ask, say } = aUser({ [USER]: HOOKS });
  const status = (words = ''): Promise<string> => say(`status${words}`);
  expect(await status()).toContain(
    'Recording: off for Claude Code, 0 of 1 hook wrapped; 1 http hook cannot be recorded; this shell: off To record them: hookbus install --enable',
  );
  await ask('install --enable --yes');
  expect(await status()).toContain(
    'Recording: on for Claude Code (~/.claude/settings.json), 1 of 1 hook recorded; 1 http hook cannot be recorded; this shell: off',
  );
  await ask('disable');
  expect(await status()).toContain('1 of 1 hook wrapped');
  expect(await status()).toContain('To switch it on: hookbus enable');
});

it('what is left in a shared file is named with the command that takes it', async () => {
  const { ask, say, read } = aUser({
    [USER]: HOOKS,
    [SHARED]: HOOKS.replace('./stop.sh', '/bin/true'),
  });
  await ask('install --enable --yes');
  const scoped = /hookbus install --scope project/;
  for (const line of ['status', 'enable', 'hooks --offline'])
    expect(await say(line)).toMatch(scoped);
  expect(await say('hooks --offline')).toMatch(
    /hooks of type http start no command, so HookBus cannot record them/,
  );
  await ask('install --scope project --yes');
  expect(read(SHARED)).toContain('hookbus');
  for (const line of ['status', 'hooks --offline']) expect(await say(line)).not.toMatch(scoped);
});

it('enable and disable leave a settings file as it was, to the byte', async () => {
  const { say, read, top } = aUser({ [USER]: HOOKS });
  expect(await say('enable --store-only DENY,error')).toMatch(
    /by ~\/\.claude\/settings\.json, with payloads of deny,error\. .* 1 hook is not wrapped yet/,
  );
  expect(JSON.parse(read(USER)).env).toEqual({
    HOOKBUS_ENABLED: '1',
    HOOKBUS_STORE_RAW: 'deny,error',
  });
  expect(await say('disable --dry-run')).toContain('HOOKBUS_ENABLED');
  expect(await say('disable --store-raw')).toContain('without payloads');
  expect(JSON.parse(read(USER)).env).toEqual({ HOOKBUS_ENABLED: '1' });
  await say('enable --store-raw');
  expect(await say('disable')).toContain('Recording is off for Claude Code');
  expect(read(USER)).toBe(HOOKS);
  await say('enable --scope local');
  await say('disable');
  expect(existsSync(join(top, 'project/.claude/settings.local.json'))).toBe(false);
});

it('the file of the team is changed only by name or by a yes, and counts more', async () => {
  const on = '{ "env": { "HOOKBUS_ENABLED": "1" } }\n';
  const { ask, say, read } = aUser({ [USER]: HOOKS, [SHARED]: on });
  const { stdout } = await ask('disable');
  expect(read(SHARED)).toBe(on);
  expect(stdout).toContain('hookbus disable --settings ');
  expect((await ask('disable', [''])).stderr).toContain('Switch it off there for everybody? [y/N]');
  expect(read(SHARED)).toBe(on);
  await ask('disable', ['y']);
  expect(JSON.parse(read(SHARED)).env).toEqual({ HOOKBUS_ENABLED: '0' });
  expect(await say('enable')).toMatch(/Recording stays off .* which counts more/);
  await say('enable --scope project');
  expect(JSON.parse(read(SHARED)).env).toEqual({ HOOKBUS_ENABLED: '1' });
});

it('says what to type where there is no env block, no hook, or no such word', async () => {
  const { ask } = aUser();
  expect((await ask('enable --agent codex')).stderr).toContain('export HOOKBUS_ENABLED=1');
  expect((await ask('off')).stderr).toContain('`hookbus disable` stops recording');
  expect((await ask('enable --store-only no')).stderr).toContain('a list of deny, ask');
});

it('status --brief says the worst in one line, and nothing if all is well', async () => {
  const { ask, top } = aUser({ [USER]: HOOKS });
  const brief = async () => (await ask('status --brief')).stdout;
  expect(await brief()).toBe('no hook of Claude Code is recorded: hookbus install --enable\n');
  await ask('install --enable --yes');
  expect(await brief()).toBe('');
  await ask('disable');
  expect(await brief()).toBe('recording is off for Claude Code: hookbus enable\n');
  mkdirSync(join(top, 'home/.codex'));
  writeFileSync(join(top, 'home/.codex/hooks.json'), HOOKS);
  expect(await brief()).toBe('recording is off for Claude Code: hookbus enable (and 1 more)\n');
});

const GEMINI = HOOKS.replace('Stop', 'AfterTool');

it('Gemini CLI is switched on by the env of its hooks, and left as it was', async () => {
  const path = 'home/.gemini/settings.json';
  const { ask, say, read } = aUser({ [path]: GEMINI });
  expect((await ask('enable --agent gemini')).stderr).toContain(
    'no hook of Gemini CLI is wrapped there yet. Instead: hookbus install --agent gemini --enable',
  );
  await ask('install --agent gemini --yes');
  expect(await say('status')).toContain('Recording: off for Gemini CLI');
  expect(await say('enable --agent gemini')).toContain(
    'Recording is on for Gemini CLI, by ~/.gemini/settings.json',
  );
  expect(read(path)).toContain('"env": { "HOOKBUS_ENABLED": "1" }');
  expect(await say('status')).toContain('Recording: on for Gemini CLI (~/.gemini/settings.json)');
  const { checks } = JSON.parse((await ask('doctor --json')).stdout);
  expect(checks.find(({ name }: { name: string }) => name === 'recording').summary).toMatch(
    /^on for Gemini CLI, by \/.*settings.json$/,
  );
  expect(await say('disable --agent gemini')).toContain('Recording is off for Gemini CLI');
  await ask('install --agent gemini --enable --yes');
  expect(read(path)).toContain('HOOKBUS_ENABLED');
  await ask('uninstall --agent gemini --yes');
  expect(read(path)).toBe(GEMINI);
});

it('install warns of what Codex does before it asks, and uninstall says nothing of it', async () => {
  const path = 'home/.codex/hooks.json';
  const { ask, read } = aUser({ [path]: HOOKS });
  const warning = 'Codex skips a wrapped hook, without a word, until you trust it again';
  const refused = await ask('install --agent codex', ['n']);
  expect(refused.stdout + refused.stderr).toContain(warning);
  expect(read(path)).toBe(HOOKS);
  await ask('install --agent codex', ['y']);
  expect(read(path)).toContain('hookbus');
  const removed = await ask('uninstall --agent codex', ['y']);
  expect(read(path)).toBe(HOOKS);
  expect(removed.stdout + removed.stderr).not.toContain('Codex skips');
});

it('at a terminal it is asked whose file it is', async () => {
  const { ask, read } = aUser({ 'project/hooks.json': HOOKS });
  const unknown = await ask('install --settings hooks.json', ['what?']);
  expect(unknown.stderr).toContain('may belong to several agents');
  expect(read('project/hooks.json')).toBe(HOOKS);
  await ask('install --settings hooks.json', ['qwen', 'y']);
  expect(read('project/hooks.json')).toContain('hookbus');
  expect((await ask('uninstall --settings hooks.json')).exitCode).toBe(0);
  expect(read('project/hooks.json')).toBe(HOOKS);
});

it('hooks says in one line that the trust of Codex cannot be read', async () => {
  const { say } = aUser({ 'home/.codex/hooks.json': HOOKS, 'home/.codex/config.toml': 'a = [\n' });
  expect(await say('hooks --agent codex')).toMatch(
    /config\.toml cannot be read: .*, so HookBus cannot tell which hooks Codex trusts\. Correct that file\./,
  );
});
