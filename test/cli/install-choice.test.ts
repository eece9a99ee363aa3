import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hookbus } from '../support/hookbus.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const OWN = 'home/.claude/settings.json';
const SHARED = 'project/.claude/settings.json';

const settings = (...commands: string[]) => ({
  hooks: { Stop: [{ hooks: commands.map((command) => ({ type: 'command', command })) }] },
});

/** All files below a directory, with their texts. */
const filesOf = (top: string): Map<string, string> =>
  new Map(
    readdirSync(top, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [path, readFileSync(path, 'utf8')]),
  );

/** A home and a project with these files. */
function stage(files: Readonly<Record<string, unknown>>) {
  const top = temporaryDirectory();
  mkdirSync(join(top, 'project/.git'), { recursive: true });
  mkdirSync(join(top, 'home/.claude'), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(top, name)), { recursive: true });
    writeFileSync(join(top, name), `${JSON.stringify(content, null, 2)}\n`);
  }
  const run = async (...words: string[]) => {
    const variables = { PATH: '/usr/bin:/bin', HOME: join(top, 'home') };
    const { stdout, stderr, exitCode } = await hookbus(words, variables, join(top, 'project'));
    const shown = (text: string): string => text.replaceAll(top, '/top').replace(/\s+/g, ' ');
    return { stdout: shown(stdout), stderr: shown(stderr), exitCode };
  };
  const read = (name: string): string => readFileSync(join(top, name), 'utf8');
  return { top, run, read };
}

it('uninstall names the variables that it removed where no hook had a prefix', async () => {
  const { run, top } = stage({ [OWN]: settings(), [SHARED]: settings('./team.sh') });
  const before = filesOf(top);
  await run('install', '--scope', 'project', '--enable', '--store-raw');
  await run('uninstall', '--scope', 'project');
  const words = ['uninstall', '--scope', 'user'];
  const named = 'HOOKBUS_ENABLED and HOOKBUS_STORE_RAW';
  expect((await run(...words, '--dry-run')).stdout).toContain(
    `${named} would be removed from 1 file.`,
  );
  expect((await run(...words)).stdout).toContain(`${named} were removed from 1 file.`);
  const after = filesOf(top);
  for (const [path, text] of before) expect(after.get(path)).toBe(text);

  await run('install', '--scope', 'project', '--store-raw');
  await run('uninstall', '--scope', 'project');
  expect((await run(...words)).stdout).toContain('HOOKBUS_STORE_RAW was removed from 1 file.');
});

it('install --enable --dry-run writes nothing where only the project has hooks', async () => {
  for (const files of [{}, { [OWN]: settings() }]) {
    const { run, top } = stage({ ...files, [SHARED]: settings('./team.sh') });
    const before = filesOf(top);
    const { stdout } = await run('install', '--scope', 'project', '--enable', '--dry-run');
    expect(stdout).toContain('HOOKBUS_ENABLED would be added to 1 file.');
    expect(filesOf(top)).toEqual(before);
  }
});

describe('a file that a team shares', () => {
  const files = { [OWN]: settings('./own.sh'), [SHARED]: settings('./team.sh') };

  it.each<string[]>([[], ['--yes'], ['--enable'], ['--dry-run'], ['--json']])(
    'is left alone by install %s, with the line that wraps it',
    async (...words) => {
      const { run, read } = stage(files);
      const before = read(SHARED);
      const { stdout, exitCode } = await run('install', ...words);
      expect(exitCode).toBe(0);
      expect(stdout).toContain('/top/project/.claude/settings.json is shared with the project');
      expect(stdout).toContain('hookbus install --scope project');
      expect(read(SHARED)).toBe(before);
      expect(read(OWN).includes('hookbus')).toBe(words[0] !== '--dry-run');
      await run('install', '--scope', 'project');
      expect(read(SHARED)).toContain('hookbus');
      expect((await run('uninstall')).exitCode).toBe(0);
      expect(read(SHARED)).toBe(before);
    },
  );

  it('gets no HOOKBUS_ENABLED without --enable-shared; the user’s own file gets it', async () => {
    const { run, read, top } = stage({ [SHARED]: settings('./team.sh') });
    const before = read(SHARED);
    const { stdout } = await run('install', '--scope', 'project', '--enable', '--store-raw=deny');
    expect(stdout).toContain('install --scope project --enable-shared');
    expect(stdout).toContain('Recording is on.');
    expect(read(SHARED)).toContain('hookbus');
    expect(read(SHARED)).not.toContain('HOOKBUS_ENABLED');
    const env = { HOOKBUS_ENABLED: '1', HOOKBUS_STORE_RAW: 'deny' };
    expect(JSON.parse(read(OWN))).toEqual({ env });
    await run('install', '--scope', 'project', '--enable-shared');
    expect(JSON.parse(read(SHARED)).env).toEqual({ HOOKBUS_ENABLED: '1' });
    await run('uninstall');
    expect(read(SHARED)).toBe(before);
    expect(existsSync(join(top, OWN))).toBe(false);
  });

  it('that came wrapped is not unwrapped without a question', async () => {
    const { run, read, top } = stage(files);
    await run('install', '--scope', 'project');
    const wrapped = read(SHARED);
    const other = stage({ [OWN]: settings('./own.sh') });
    mkdirSync(join(other.top, 'project/.claude'), { recursive: true });
    writeFileSync(join(other.top, SHARED), wrapped);
    await other.run('install');
    const { stdout } = await other.run('uninstall', '--yes');
    expect(stdout).toContain('hookbus uninstall --scope project');
    expect(other.read(SHARED)).toBe(wrapped);
    expect(other.read(OWN)).toBe(readFileSync(join(top, OWN), 'utf8'));
  });
});

it('without hooks, install says where to add one', async () => {
  for (const words of [[], ['--enable'], ['--dry-run']]) {
    const { run, read } = stage({ [OWN]: { model: 'opus' } });
    const { stdout } = await run('install', ...words);
    expect(stdout).toContain(
      'There are no hooks in this file yet. Add one in Claude Code (/hooks), then run this again.',
    );
    expect(stdout).not.toContain('--enable');
    expect(read(OWN)).not.toContain('HOOKBUS');
  }
});

it('says what comes next, and uninstall what is left', async () => {
  const { run, top } = stage({ [OWN]: settings('./own.sh') });
  const { stdout } = await run('install', '--enable');
  for (const next of ['may need a restart', 'hookbus logs --follow', 'hookbus status'])
    expect(stdout).toContain(next);
  for (const words of [[], ['--all']]) {
    const { stdout } = await run('uninstall', ...words);
    expect(stdout).toContain('hookbus daemon stop; rm -r /top/home/.local/state/hookbus');
  }
  expect(existsSync(join(top, 'home/.local/state/hookbus'))).toBe(true);
});

describe('--name', () => {
  const files = { [OWN]: settings('jq .a | cat', 'cat | wc -l', './guard.sh') };

  it('renames a hook before and after it is wrapped, and the name stays', async () => {
    const { run, read } = stage(files);
    const before = read(OWN);
    await run('install', '--name', 'stop-1=first', '--name', 'guard=keep.out');
    expect(read(OWN).match(/--name [\w.-]+/g)).toEqual([
      '--name first',
      '--name stop-2',
      '--name keep.out',
    ]);
    const { stdout } = await run('install', '--name', 'first=counts');
    expect(stdout).toContain('counts was first: earlier runs stay under the old name');
    await run('install');
    expect(read(OWN)).toContain('--name counts --');
    await run('uninstall');
    expect(read(OWN)).toBe(before);
    await run('install');
    expect(read(OWN)).toContain('--name counts --');
  });

  it.each([
    ['nosuch=x', 'there is no hook named "nosuch"; the names are stop-1, stop-2, guard'],
    ['gaurd=x', 'Did you mean "guard"?'],
    ['guard', '--name must be OLD=NEW, got "guard"'],
    ['guard=', 'a name has 1 to 80 letters'],
    ['guard=--x', 'a name has 1 to 80 letters'],
    ['guard=a b', 'a name has 1 to 80 letters'],
    ['guard=Stop-1', 'another hook is named "stop-1"'],
  ])('%s is refused, and nothing is written', async (text, message) => {
    const { run, read } = stage(files);
    const before = read(OWN);
    const { stderr, exitCode } = await run('install', '--name', text);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
    expect(read(OWN)).toBe(before);
  });

  it('a name that is switched off is refused, so that no hook is off unasked', async () => {
    const { run, read } = stage(files);
    await run('install');
    const before = read(OWN);
    await run('off', 'guard2', '--command', './guard.sh', '--for', '1h', '--yes');
    const { stderr, exitCode } = await run('install', '--name', 'guard=guard2');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('"guard2" is switched off; to switch it on first: hookbus on guard2');
    expect(read(OWN)).toBe(before);
    await run('on', 'guard2');
    await run('install', '--name', 'guard=guard2');
    expect(read(OWN)).toContain('--name guard2 --');
  });
});
