import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hookFileText } from '../../src/domain/hook/hook-file.ts';
import { hookbus } from '../support/hookbus.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const REFUSES = `#!/bin/sh\ncat >/dev/null\n. "$(dirname "$0")/lib"\nrefuse\n`;
const LIB = `refuse() { echo '{"cancel": true}'; exit 3; }\n`;
const PAYLOAD =
  '{"hookName":"tool_call","taskId":"t","tool_call":{"id":"c","name":"run_commands","input":{}}}';

/** A home and a project with hook files of Cline. */
function stage(files: Readonly<Record<string, string>>) {
  const top = temporaryDirectory();
  const [home, project] = [join(top, 'home'), join(top, 'project')];
  mkdirSync(join(project, '.git'), { recursive: true });
  const hooks = join(home, '.cline', 'hooks');
  mkdirSync(hooks, { recursive: true });
  writeFileSync(join(hooks, 'lib'), LIB);
  for (const [name, text] of Object.entries(files)) {
    const path = name.includes('/') ? join(top, name) : join(hooks, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  }
  const env = { PATH: '/usr/bin:/bin', HOME: home, HOOKBUS_DAEMON: 'off' };
  const run = (line: string, more: Readonly<Record<string, string>> = {}) =>
    hookbus(line.split(' '), { ...env, ...more }, project);
  return {
    top,
    hooks,
    run,
    json: async (line: string) => JSON.parse((await run(`${line} --json`)).stdout),
    /** As the command line of Cline starts a file with this first line. */
    start: (path: string, more: Readonly<Record<string, string>> = {}) =>
      spawnSync('sh', [path], { input: PAYLOAD, encoding: 'utf8', env: { ...env, ...more } }),
    names: () => readdirSync(hooks).sort(),
    read: (name: string) => readFileSync(join(hooks, name), 'utf8'),
  };
}

describe('install --agent cline', () => {
  it('puts a program in the place of a hook, and uninstall restores the bytes', async () => {
    const { run, json, hooks, names, read, start } = stage({ PreToolUse: REFUSES });
    chmodSync(join(hooks, 'PreToolUse'), 0o750);
    const bare = start(join(hooks, 'PreToolUse'));
    const { stdout } = await run('install --agent cline --yes');
    expect(stdout).toContain('Wrapped 1 hook in 1 file.');
    expect(names()).toEqual(['PreToolUse', 'hookbus-PreToolUse', 'lib']);
    expect(read('hookbus-PreToolUse')).toBe(REFUSES);
    expect(statSync(join(hooks, 'PreToolUse')).mode & 0o777).toBe(0o750);

    const wrapped = start(join(hooks, 'PreToolUse'), { HOOKBUS_ENABLED: '1' });
    expect([wrapped.status, wrapped.stdout]).toEqual([bare.status, bare.stdout]);
    expect([bare.status, bare.stdout]).toEqual([3, '{"cancel": true}\n']);
    const [row] = await json('logs');
    expect(row).toMatchObject({
      ...{ hook_name: 'cline-pre-tool-use', event_type: 'tool_call', decision: 'deny' },
      agent: 'cline',
    });
    const [hook] = (await json('hooks --agent cline')).hooks;
    expect(hook).toMatchObject({ hook_name: 'cline-pre-tool-use', is_recorded: true, runs: 1 });
    expect(hook).toMatchObject({ event: 'tool_call', limit_ms: 120_000, source: 'user' });

    const before = read('PreToolUse');
    expect((await run('install --agent cline --yes')).stdout).toContain('Nothing to change.');
    expect(read('PreToolUse')).toBe(before);

    chmodSync(join(hooks, 'PreToolUse'), 0o640);
    await run('uninstall --agent cline --yes');
    expect(names()).toEqual(['PreToolUse', 'lib']);
    expect(read('PreToolUse')).toBe(REFUSES);
    expect(statSync(join(hooks, 'PreToolUse')).mode & 0o777).toBe(0o640);
  });

  it('changes nothing with --dry-run, and says what it would do', async () => {
    const { run, json, names } = stage({ 'PreToolUse.sh': REFUSES });
    const report = await json('install --agent cline --dry-run');
    expect(report).toMatchObject({ agent: 'cline', dry_run: true });
    expect(report.files[0]).toMatchObject({ changed: true, scope: 'user' });
    expect(report.files[0].diff).toContain('hookbus-PreToolUse.sh');
    expect((await run('install --agent cline --dry-run')).stdout).toContain('Would wrap 1 hook');
    expect(names()).toEqual(['PreToolUse.sh', 'lib']);
  });

  it('leaves files of the project alone without its scope, and looks for hookbus on PATH there', async () => {
    const place = 'project/.clinerules/hooks/PreToolUse';
    const { run, top } = stage({ PreToolUse: REFUSES, [place]: REFUSES });
    const { stdout } = await run('install --agent cline --yes');
    expect(stdout).toContain('hookbus install --scope project --agent cline');
    expect(readFileSync(join(top, place), 'utf8')).toBe(REFUSES);
    expect((await run('install --agent cline --scope project')).stdout).toMatch(
      /Commit\s+hookbus-NAME/,
    );
    expect(readFileSync(join(top, place), 'utf8')).toContain('"$PATH:"');
    await run('uninstall --all --yes');
    expect(readFileSync(join(top, place), 'utf8')).toBe(REFUSES);
  });

  it.each([
    ['no #! line', 'PreToolUse', 'echo "{}"\n', 'it has no #! line'],
    ['its own name', 'PreToolUse', `#!/bin/sh\ncase $(basename "$0") in *) ;; esac\n`, 'own name'],
    ['options of env', 'PreToolUse', '#!/usr/bin/env -S bash -e\n', '#! line'],
    ['another bash', 'PreToolUse', '#!/opt/other/bin/bash\n', 'write #!/usr/bin/env bash'],
    ['nothing after #!', 'PreToolUse', '#! \n', 'it has no #! line'],
    ['a mark before it', 'PreToolUse', '\uFEFF#!/bin/sh\n', 'it has no #! line'],
    ['no text', 'PreToolUse', '\u007fELF', 'it has no #! line'],
  ])('leaves a hook alone that has %s', async (_what, name, text, reason) => {
    const { json, names, read } = stage({ [name]: text });
    const { files } = await json('install --agent cline --yes');
    expect(files[0].hooks[0]).toMatchObject({ action: 'left' });
    expect(files[0].hooks[0].reason).toContain(reason);
    expect([names(), read(name)]).toEqual([[name, 'lib'], text]);
  });

  it('leaves links, files that are not executable, and files in the way alone', async () => {
    const { json, hooks, names } = stage({
      ...{ PreToolUse: REFUSES, PostToolUse: REFUSES, TaskStart: REFUSES, TaskError: REFUSES },
      'hookbus-PreToolUse': 'mine\n',
    });
    chmodSync(join(hooks, 'PostToolUse'), 0o644);
    linkSync(join(hooks, 'TaskStart'), join(hooks, 'other'));
    symlinkSync('lib', join(hooks, 'TaskCancel'));
    const before = names();
    const { files } = await json('install --agent cline --yes');
    const reasons = Object.fromEntries(
      files.flatMap((file: { hooks: { event_type: string; reason: string | null }[] }) =>
        file.hooks.map(({ event_type, reason }) => [event_type, reason]),
      ),
    );
    expect(reasons).toMatchObject({
      PreToolUse: expect.stringContaining('is in the way'),
      PostToolUse: expect.stringContaining('not executable'),
      TaskStart: expect.stringContaining('2 names'),
      TaskCancel: expect.stringContaining('it is a link'),
      TaskError: null,
    });
    expect(names()).toEqual([...before, 'hookbus-TaskError'].sort());
  });

  it('keeps what was edited since, and takes up a file that was written over its program', async () => {
    const { top, run, json, hooks, names, read, start } = stage({
      ...{ PreToolUse: REFUSES, TaskStart: REFUSES },
    });
    await run('install --agent cline --yes');
    writeFileSync(join(hooks, 'hookbus-PreToolUse'), `${REFUSES}# edited\n`);
    writeFileSync(join(hooks, 'hookbus-TaskStart'), `${REFUSES}# stale\n`);
    writeFileSync(join(hooks, 'TaskStart'), `${REFUSES}# new\n`);
    expect((await run('doctor')).stdout).toContain('is not what install wrote');
    const { files } = await json('install --agent cline --yes');
    const all = files.flatMap(({ hooks: some }: { hooks: object[] }) => some);
    expect(all.map(({ action }: { action: string }) => action)).toEqual(['unchanged', 'wrapped']);
    expect(all[1].reason).toContain('hookbus-TaskStart');
    expect(read('hookbus-TaskStart')).toBe(`${REFUSES}# new\n`);
    expect(start(join(hooks, 'TaskStart')).stdout).toBe('{"cancel": true}\n');
    const { stdout: kept } = spawnSync('grep', ['-rl', '# stale', top], { encoding: 'utf8' });
    expect(kept).toMatch(/-hookbus-TaskStart\n$/);
    await run('uninstall --agent cline --yes');
    expect(read('PreToolUse')).toContain('# edited');
    expect([read('TaskStart'), names()]).toEqual([
      `${REFUSES}# new\n`,
      ['PreToolUse', 'TaskStart', 'lib'],
    ]);
  });

  it('leaves a file with the other name alone that it did not make itself', async () => {
    const { run, json, hooks } = stage({ PreToolUse: REFUSES });
    await run('install --agent cline --yes');
    await run('uninstall --agent cline --yes');
    writeFileSync(join(hooks, 'hookbus-PreToolUse'), 'mine\n');
    const { files } = await json('install --agent cline --yes');
    expect(files[0].hooks[0].reason).toContain('is in the way');
  });

  it('restores a hook of PowerShell', async () => {
    const text = '#!/usr/bin/env pwsh\n';
    const { run, names, read } = stage({ 'PreToolUse.ps1': text });
    await run('install --agent cline --yes');
    expect(read('hookbus-PreToolUse.ps1')).toBe(text);
    await run('uninstall --agent cline --yes');
    expect([names(), read('PreToolUse.ps1')]).toEqual([['PreToolUse.ps1', 'lib'], text]);
  });

  it('keeps a hook that another program in its directory starts', async () => {
    const { run, hooks, names, start } = stage({ PreToolUse: REFUSES });
    await run('install --agent cline --yes');
    copyFileSync(join(hooks, 'PreToolUse'), join(hooks, 'PostToolUse'));
    const text = readFileSync(join(hooks, 'PostToolUse'), 'utf8');
    writeFileSync(join(hooks, 'PostToolUse'), text.replaceAll('cline-pre-tool-use', 'mine'));
    await run('uninstall --agent cline --yes --only cline-pre-tool-use');
    expect(names()).toContain('hookbus-PreToolUse');
    expect(start(join(hooks, 'PostToolUse')).status).toBe(3);
  });

  it('uninstall removes the other name where a killed process left both', async () => {
    const { run, hooks, names, read } = stage({ PreToolUse: REFUSES });
    linkSync(join(hooks, 'PreToolUse'), join(hooks, 'hookbus-PreToolUse'));
    await run('uninstall --agent cline --yes');
    expect([names(), read('PreToolUse')]).toEqual([['PreToolUse', 'lib'], REFUSES]);
  });

  it('uninstall --all passes over links, also those that lead nowhere', async () => {
    const place = 'project/.clinerules/hooks/PreToolUse';
    const { run, top, hooks, read } = stage({ PreToolUse: REFUSES, [place]: REFUSES });
    await run('install --agent cline --yes --scope user --scope project');
    symlinkSync('PreToolUse', join(hooks, 'TaskStart'));
    symlinkSync('nowhere', join(hooks, 'TaskError'));
    rmSync(join(top, 'project', '.clinerules'), { recursive: true });
    symlinkSync('.clinerules', join(top, 'project', '.clinerules'));
    const { exitCode, stderr } = await run('uninstall --all --yes');
    expect([exitCode, stderr, read('PreToolUse')]).toEqual([0, '', REFUSES]);
  });

  it('says so if the hook itself is gone', async () => {
    const { run, json, hooks } = stage({ PreToolUse: REFUSES });
    await run('install --agent cline --yes');
    rmSync(join(hooks, 'hookbus-PreToolUse'));
    const { files } = await json('install --agent cline --yes');
    expect(files[0].hooks[0].reason).toContain('is missing');
    const { hooks: listed } = await json('hooks --agent cline');
    expect(listed[0]).toMatchObject({ concern: 'missing' });
    expect((await run('doctor')).stdout).toMatch(/hookbus-PreToolUse does not\s+exist/);
  });

  it('takes up what a killed process left', async () => {
    const { run, hooks, names, read } = stage({ PreToolUse: REFUSES });
    linkSync(join(hooks, 'PreToolUse'), join(hooks, 'hookbus-PreToolUse'));
    await run('install --agent cline --yes');
    expect(read('hookbus-PreToolUse')).toBe(REFUSES);
    await run('uninstall --agent cline --yes');
    expect(names()).toEqual(['PreToolUse', 'lib']);
  });

  it('removes the name that an uninstall left which was killed before it had replaced the program', async () => {
    const { json, run, hooks, names, read } = stage({ PreToolUse: REFUSES });
    await run('install --agent cline --yes');
    linkSync(join(hooks, 'hookbus-PreToolUse'), join(hooks, 'hookbus-PreToolUse.4711'));
    writeFileSync(join(hooks, 'hookbus-PreToolUse.1'), 'mine\n');
    await run('uninstall --agent cline --yes');
    expect(names()).toEqual(['PreToolUse', 'hookbus-PreToolUse.1', 'lib']);
    expect(read('PreToolUse')).toBe(REFUSES);
    // As the next uninstall of an older version leaves it.
    linkSync(join(hooks, 'PreToolUse'), join(hooks, 'hookbus-PreToolUse.4711'));
    const { files } = await json('install --agent cline --yes');
    expect(files[0].hooks[0]).toMatchObject({ action: 'wrapped', reason: null });
    expect(names()).toEqual(['PreToolUse', 'hookbus-PreToolUse', 'hookbus-PreToolUse.1', 'lib']);
    linkSync(join(hooks, 'hookbus-PreToolUse'), join(hooks, 'hookbus-PreToolUse.4712'));
    writeFileSync(join(hooks, 'PreToolUse'), `${REFUSES}# new\n`);
    await run('install --agent cline --yes');
    expect(names()).toEqual(['PreToolUse', 'hookbus-PreToolUse', 'hookbus-PreToolUse.1', 'lib']);
    expect(read('hookbus-PreToolUse')).toContain('# new');
  });

  it.each([
    [['--enable'], '--enable does not work for Cline'],
    [['--settings', 'x'], '--settings does not work for Cline'],
  ])('refuses %j', async (words, text) => {
    const { run } = stage({ PreToolUse: REFUSES });
    const { exitCode, stderr } = await run(['install --agent cline', ...words].join(' '));
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(text)]);
  });
});

describe('the program in the place of a hook', () => {
  const place = (program: (top: string) => readonly string[]) => {
    const stand = stage({ 'hookbus-PreToolUse': REFUSES });
    const path = join(stand.hooks, 'PreToolUse');
    writeFileSync(
      path,
      hookFileText({ program: program(stand.top), name: 'x', moved: 'hookbus-PreToolUse' }),
    );
    chmodSync(path, 0o755);
    return { ...stand, path };
  };

  it.each([
    ['is missing', () => {}],
    ['is empty', (path: string) => writeFileSync(path, '', { mode: 0o755 })],
    ['cannot be executed', (path: string) => copyFileSync('/bin/true', path)],
    ['is a directory', (path: string) => mkdirSync(path)],
  ])('starts the hook where hookbus %s', (_how, make) => {
    for (const isShared of [false, true]) {
      const { start, path, top } = place((directory) =>
        isShared ? ['hookbus'] : [join(directory, 'hookbus')],
      );
      make(join(top, 'hookbus'));
      if (existsSync(join(top, 'hookbus')) && statSync(join(top, 'hookbus')).size > 0)
        chmodSync(join(top, 'hookbus'), 0o644);
      const ended = start(path, { PATH: `${top}:/usr/bin:/bin` });
      expect([ended.status, ended.stdout]).toEqual([3, '{"cancel": true}\n']);
    }
  });

  it.each([
    ['is missing', (path: string) => rmSync(path)],
    ['cannot be executed', (path: string) => chmodSync(path, 0o644)],
  ])('refuses, and says why, where the hook itself %s', async (_how, change) => {
    const { start, path, hooks, run } = place(() => ['/bin/hookbus']);
    change(join(hooks, 'hookbus-PreToolUse'));
    const { status, stdout } = start(path);
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      { cancel: true, errorMessage: expect.stringContaining('hookbus-PreToolUse') },
    ]);
    expect((await run('doctor')).stdout).toMatch(
      /hookbus-PreToolUse\s+does\s+not|cannot\s+be\s+executed/,
    );
  });

  it('is found by its name alone, too', () => {
    const { hooks } = place(() => ['/nonexistent/hookbus']);
    const ended = spawnSync('sh', ['PreToolUse'], { cwd: hooks, input: '', encoding: 'utf8' });
    expect(ended.status).toBe(3);
  });

  it('refuses at every moment of install and uninstall', { timeout: 300_000 }, async () => {
    const { run, hooks } = stage({ PreToolUse: REFUSES });
    const loop = `while [ -e lib ] && [ ! -e stop ]; do sh "$PWD/PreToolUse" </dev/null >/dev/null; [ $? = 3 ] && echo . || echo "opened $?"; done`;
    const child = spawn('sh', ['-c', loop], { cwd: hooks, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    try {
      for (let round = 0; round < 4; round += 1) {
        await run('install --agent cline --yes');
        await run('uninstall --agent cline --yes');
      }
      await expect.poll(() => said.length).toBeGreaterThan(20);
    } finally {
      writeFileSync(join(hooks, 'stop'), '');
      await once(child, 'close');
    }
    expect(said).not.toContain('opened');
  });
});
