import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hookbus } from '../support/hookbus.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin');
const LAUNCHER = join(BIN, 'hookbus');
const PROGRAM = existsSync(LAUNCHER) ? LAUNCHER : `${process.execPath} ${join(BIN, 'hookbus.js')}`;

const RUNNABLE = (word: string): string => `[ -f ${word} ] && [ -x ${word} ] && [ -s ${word} ]`;

/** The prefix in the user's own file; the command, or `exec` and a shell, follows it. */
const OWN = (name = ''): string => {
  const isScript = existsSync(LAUNCHER) ? '' : ' && [ -f "$2" ] && [ -r "$2" ] && [ -s "$2" ]';
  return `set -- HOOKBUS run${name} --; ${RUNNABLE('"$1"')}${isScript} || set --; `;
};

/** The prefix in a shared file, which finds HookBus on PATH. */
const SHARED = (name = ''): string =>
  `set -- "$PATH:"; while [ "$1" ]; do set -- "\${1#*:}" "\${1%%:*}/hookbus"; ${RUNNABLE('"$2"')} && ` +
  `set -- "" "$2" run${name} -- || set -- "$1"; done; shift; `;

interface Stage {
  readonly top: string;
  readonly run: (
    line: string,
    env?: Readonly<Record<string, string>>,
  ) => ReturnType<typeof hookbus>;
  readonly read: (path: string) => string;
}

/** A home and a project with these files, and `hookbus` in the project. */
function stage(files: Readonly<Record<string, unknown>>): Stage {
  const top = temporaryDirectory();
  for (const directory of ['home', 'project/.git'])
    mkdirSync(join(top, directory), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(top, name)), { recursive: true });
    const text = typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
    writeFileSync(join(top, name), text);
  }
  return {
    top,
    read: (path) => readFileSync(join(top, path), 'utf8'),
    run: async (line, env = {}) => {
      const words = line.split(' ').filter(Boolean);
      const variables = {
        PATH: '/usr/bin:/bin',
        HOME: join(top, 'home'),
        SHELL: '/bin/bash',
        ...env,
      };
      const { stdout, stderr, exitCode } = await hookbus(words, variables, join(top, 'project'));
      const shown = (text: string): string =>
        text.replaceAll(top, '/top').replaceAll(PROGRAM, 'HOOKBUS');
      return { stdout: shown(stdout), stderr: shown(stderr), exitCode };
    },
  };
}

const line = (command: string, more: object = {}): object => ({
  type: 'command',
  command,
  ...more,
});
/** Every file, also one that a team shares. */
const EVERYWHERE = '--scope user --scope project --scope local';

const groups = (...hooks: object[]): object[] => [{ matcher: 'Bash', hooks }];

const CLAUDE = {
  'home/.claude/settings.json': {
    hooks: {
      PreToolUse: groups(line('python3 ~/.claude/hooks/guard_rm.py'), { type: 'http', url: 'x' }),
    },
    statusLine: line('./status.sh'),
  },
  'project/.claude/settings.json': {
    hooks: { Stop: [{ hooks: [line('./done.sh | cat'), line('node', { args: ['x.js'] })] }] },
  },
  'project/.claude/settings.local.json': { hooks: { SessionStart: groups(line('git status')) } },
};

describe('hookbus install', () => {
  it('reports each file and hook, and what to do next', async () => {
    const { run, read } = stage(CLAUDE);
    const { stdout, stderr, exitCode } = await run(`install ${EVERYWHERE}`);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toMatchInlineSnapshot(`
      "/top/home/.claude/settings.json (yours)
      HOOK      EVENT       FOR   NOW
      guard_rm  PreToolUse  Bash  wrapped
            python3 ~/.claude/hooks/guard_rm.py
      –         PreToolUse  Bash  left alone
            it is of type http and has no command

      /top/project/.claude/settings.json (shared with the project)
      HOOK  EVENT  FOR  NOW
      done  Stop   *    wrapped
            ./done.sh | cat
      x     Stop   *    wrapped
            node x.js

      /top/project/.claude/settings.local.json (yours, in this project)
      HOOK        EVENT         FOR   NOW
      git-status  SessionStart  Bash  wrapped
            git status

      Wrapped 4 hooks in 3 files.
      The previous files are kept in:
        /top/home/.local/state/hookbus/settings
      1 hook of type http starts no command, so HookBus cannot record it. To see every hook: hookbus hooks
      The status line is not a hook, so it is not wrapped.
      Hooks in shared files are recorded once hookbus is on your PATH:
        mkdir -p ~/.local/bin && ln -sf HOOKBUS ~/.local/bin/hookbus && export PATH="$HOME/.local/bin:$PATH"
      Recording is off, so hooks run unrecorded. To switch it on: hookbus install --enable, or
      "HOOKBUS_ENABLED": "1" in the env block of a settings file.
      "
    `);
    expect(read('project/.claude/settings.json')).toContain(
      JSON.stringify(`${SHARED(' --name done')}exec "$@" /bin/sh -c `).slice(1, -1),
    );
  });

  it('shows a diff and writes nothing with --dry-run', async () => {
    const { run, read, top } = stage(CLAUDE);
    const before = read('home/.claude/settings.json');
    const { stdout } = await run('install --dry-run --scope user --enable');
    expect(stdout.slice(stdout.indexOf('---'))).toMatchInlineSnapshot(`
      "--- /top/home/.claude/settings.json
      +++ /top/home/.claude/settings.json
      @@ -6,7 +6,7 @@
               "hooks": [
                 {
                   "type": "command",
      -            "command": "python3 ~/.claude/hooks/guard_rm.py"
      +            "command": "set -- HOOKBUS run --; [ -f \\"$1\\" ] && [ -x \\"$1\\" ] && [ -s \\"$1\\" ] || set --; \\"$@\\" python3 ~/.claude/hooks/guard_rm.py"
                 },
                 {
                   "type": "http",
      @@ -19,5 +19,6 @@
         "statusLine": {
           "type": "command",
           "command": "./status.sh"
      -  }
      +  },
      +  "env": { "HOOKBUS_ENABLED": "1" }
       }

      Would wrap 1 hook in 1 file.
      1 hook of type http starts no command, so HookBus cannot record it. To see every hook: hookbus hooks
      The status line is not a hook, so it is not wrapped.
      "
    `);
    expect(read('home/.claude/settings.json')).toBe(before);
    expect(existsSync(join(top, 'home/.local'))).toBe(false);
  });

  it('changes only the given scopes', async () => {
    const { run, read } = stage(CLAUDE);
    expect((await run('install --scope user --scope local')).exitCode).toBe(0);
    expect(read('home/.claude/settings.json')).toContain('hookbus');
    expect(read('project/.claude/settings.local.json')).toContain('hookbus');
    expect(read('project/.claude/settings.json')).not.toContain('hookbus');
  });

  it('finds the files of CLAUDE_CONFIG_DIR, and each file only once', async () => {
    const { run, read, top } = stage({
      'conf/settings.json': CLAUDE['home/.claude/settings.json'],
    });
    mkdirSync(join(top, 'project/.claude'));
    symlinkSync(join(top, 'conf/settings.json'), join(top, 'project/.claude/settings.json'));
    const { stdout } = await run(`install ${EVERYWHERE}`, { CLAUDE_CONFIG_DIR: join(top, 'conf') });
    expect(stdout).toContain('Wrapped 1 hook in 1 file.');
    expect(read('conf/settings.json')).toContain('hookbus run --; ');
  });

  it('wraps hooks in all three files so that they are recorded', async () => {
    const files = stage(CLAUDE);
    const { top, run } = files;
    mkdirSync(join(top, 'bin'));
    const program = existsSync(LAUNCHER) ? LAUNCHER : join(BIN, 'hookbus.js');
    symlinkSync(program, join(top, 'bin/hookbus'));
    for (const [name, text] of [
      ['home/.claude/hooks/guard_rm.py', 'import sys; sys.exit(2)'],
      ['project/done.sh', '#!/bin/sh\necho done'],
    ] as const) {
      mkdirSync(dirname(join(top, name)), { recursive: true });
      writeFileSync(join(top, name), text, { mode: 0o755 });
    }
    await run(`install ${EVERYWHERE}`);
    const env = {
      PATH: `${join(top, 'bin')}:/usr/bin:/bin`,
      HOME: join(top, 'home'),
      HOOKBUS_ENABLED: '1',
      HOOKBUS_DAEMON: 'off',
    };
    const ended = Object.keys(CLAUDE).map((name) => {
      const [, command = ''] = /"command": (".*")/.exec(files.read(name)) ?? [];
      const options = { cwd: join(top, 'project'), env, input: '{"hook_event_name":"E"}\n' };
      return spawnSync('/bin/sh', ['-c', JSON.parse(command) as string], options).status;
    });
    expect(ended).toEqual([2, 0, 128]);
    const rows = JSON.parse((await run('logs --json')).stdout) as {
      hook_name: string;
      event_type: string;
    }[];
    expect(rows.map(({ hook_name, event_type }) => [hook_name, event_type]).sort()).toEqual([
      ['done', 'E'],
      ['git-status', 'E'],
      ['guard_rm', 'E'],
    ]);
  });
});

/** The screen after the user types this. */
function typed(top: string, input: string, ...options: string[]): string {
  const words = [process.execPath, join(BIN, 'hookbus.js'), 'install', ...options];
  const line = words.map((word) => `'${word}'`).join(' ');
  const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
    cwd: join(top, 'project'),
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', HOME: join(top, 'home'), TERM: 'dumb', NO_COLOR: '1' },
    input,
  });
  return stdout;
}

describe('at a terminal', () => {
  it.each([
    ['n\n', 'Nothing was changed.', 0],
    ['\x04', 'Nothing was changed.', 0],
    ['\n\n', 'Wrapped 2 hooks in 2 files.', 2],
    ['yes\ny\n', 'Wrapped 4 hooks in 3 files.', 3],
  ])('shows your files and asks, and then about each shared file; %j', (input, said, changed) => {
    const { top, read } = stage(CLAUDE);
    const screen = typed(top, input);
    expect(screen).toContain(`${top}/home/.claude/settings.json: 1 hook`);
    expect(screen).toContain(said);
    const shared = `${top}/project/.claude/settings.json is shared with the project.`;
    expect(screen.includes(shared)).toBe(changed > 0);
    const names = Object.keys(CLAUDE);
    expect(names.filter((name) => read(name).includes('hookbus'))).toHaveLength(changed);
    expect(read('project/.claude/settings.json').includes('hookbus')).toBe(changed === 3);
  });
});

describe('a project file that links out of the project', () => {
  const TARGET = 'home/other/settings.json';

  /** A repository whose settings are a link to a file of the user. */
  function aLinkOutside(more: Readonly<Record<string, unknown>> = {}) {
    const staged = stage({ [TARGET]: CLAUDE['project/.claude/settings.json'], ...more });
    mkdirSync(join(staged.top, 'project/.claude'), { recursive: true });
    symlinkSync(join(staged.top, TARGET), join(staged.top, 'project/.claude/settings.json'));
    return staged;
  }
  const user = { 'home/.claude/settings.json': CLAUDE['home/.claude/settings.json'] };

  it('is named and not changed, but the others are', async () => {
    const { run, read } = aLinkOutside(user);
    const before = read(TARGET);
    const { stdout, exitCode } = await run('install');
    expect(exitCode).toBe(0);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      '/top/project/.claude/settings.json links to /top/home/other/settings.json, outside the project. It was not changed. To change it: hookbus install --scope project --yes',
    );
    expect(read(TARGET)).toBe(before);
    expect(read('home/.claude/settings.json')).toContain('hookbus');
  });

  it.each(['install --scope project', 'install --settings .claude/settings.json'])(
    'is refused by `%s` if there is no other file',
    async (words) => {
      const { run, read } = aLinkOutside();
      const before = read(TARGET);
      const { stderr, exitCode } = await run(words);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(
        'outside the project. HookBus did not change it; add --scope project --yes',
      );
      expect(read(TARGET)).toBe(before);
      expect((await run(`${words} --yes`)).exitCode).toBe(0);
      expect(read(TARGET)).toContain('hookbus');
      expect((await run('uninstall')).exitCode).toBe(1);
      expect((await run('uninstall --yes')).exitCode).toBe(0);
      expect(read(TARGET)).toBe(before);
    },
  );

  it('is recognized if its directory is the link', async () => {
    const { run, read, top } = stage({
      'home/other/settings.json': CLAUDE['project/.claude/settings.json'],
      'home/other/.git/config': '',
    });
    symlinkSync(join(top, 'home/other'), join(top, 'project/.claude'));
    for (const words of ['install', 'install --settings .claude/settings.json'])
      expect(await run(words)).toMatchObject({ exitCode: 1 });
    expect((await run('install --settings ../project/.claude/settings.json')).exitCode).toBe(1);
    expect(read(TARGET)).not.toContain('hookbus');
  });

  it('is asked about at a terminal', () => {
    const { top, read } = aLinkOutside();
    for (const [input, isWritten] of [
      ['\n', false],
      ['y\n', true],
    ] as const) {
      const screen = typed(top, input, '--scope', 'project');
      expect(screen).toContain(
        `${top}/project/.claude/settings.json is a link out of the project, to`,
      );
      expect(screen).toContain(`${top}/${TARGET}`);
      expect(read(TARGET).includes('hookbus')).toBe(isWritten);
    }
  });

  it('is changed if the link stays in the project, or the file is your own', async () => {
    const { run, read, top } = stage({
      'project/shared/claude.json': CLAUDE['project/.claude/settings.json'],
      'home/dotfiles/claude.json': CLAUDE['home/.claude/settings.json'],
    });
    for (const place of ['home', 'project']) mkdirSync(join(top, place, '.claude'));
    symlinkSync('../shared/claude.json', join(top, 'project/.claude/settings.json'));
    symlinkSync('../dotfiles/claude.json', join(top, 'home/.claude/settings.json'));
    expect(await run(`install ${EVERYWHERE}`)).toMatchObject({ exitCode: 0, stderr: '' });
    for (const path of ['project/shared/claude.json', 'home/dotfiles/claude.json'])
      expect(read(path)).toContain('hookbus');
  });
});

describe('hookbus uninstall', () => {
  it('restores every file, and lists files that are still wrapped', async () => {
    const { run, read, top } = stage({
      ...CLAUDE,
      'other.json': CLAUDE['project/.claude/settings.json'],
    });
    await run(`install ${EVERYWHERE} --enable`);
    await run(`install --agent claude --settings ${top}/other.json --scope local`);
    const { stdout, exitCode } = await run('uninstall');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Removed the prefix from 4 hooks in 3 files.');
    expect(stdout).toContain(
      'These files are still wrapped. To unwrap one: hookbus uninstall --settings FILE\n  /top/other.json\n',
    );
    for (const [name, content] of Object.entries(CLAUDE)) {
      expect(read(name)).toBe(`${JSON.stringify(content, null, 2)}\n`);
    }
    expect((await run('uninstall')).stdout).toContain('No prefix to remove.');
  });
});

it('knows whose a named file is by its place, by its content, and by what install wrote', async () => {
  const files = {
    'project/.qwen/settings.json': {
      hooks: { PreToolUse: groups(line('[[ a == a* ]] && exit 2')) },
    },
    'project/like-gemini.json': { hooks: { BeforeTool: groups(line('./x | cat')) } },
    'project/like-claude.json': { statusLine: {}, hooks: { Stop: groups(line('./x | cat')) } },
    'project/constructor/hooks.json': { hooks: { Stop: groups(line('./x')) } },
  };
  const { run, read } = stage(files);
  for (const path of ['.qwen/settings.json', 'like-gemini.json', 'like-claude.json'])
    expect((await run(`install --settings ${path}`)).exitCode).toBe(0);
  expect(read('project/.qwen/settings.json')).toContain('bash -c');
  expect(read('project/like-gemini.json')).toContain('bash -c');
  expect(read('project/like-claude.json')).toContain('/bin/sh -c');
  const named = '--settings constructor/hooks.json';
  const before = read('project/constructor/hooks.json');
  const refused = await run(`install ${named} --enable`);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('may belong to several agents. Name one with --agent: claude,');
  expect(read('project/constructor/hooks.json')).toBe(before);
  expect((await run(`install --agent codex ${named}`)).exitCode).toBe(0);
  expect((await run(`uninstall ${named}`)).exitCode).toBe(0);
  expect(read('project/constructor/hooks.json')).toBe(before);
});

it('takes a file and a link to it for one', async () => {
  const { top, run, read } = stage({
    'dotfiles/claude.json': { hooks: { PreToolUse: groups(line('./x | cat')) } },
    'home/.claude/other': '',
  });
  symlinkSync(join(top, 'dotfiles/claude.json'), join(top, 'home/.claude/settings.json'));
  const before = read('dotfiles/claude.json');
  const named = `--agent claude --settings ${join(top, 'dotfiles/claude.json')}`;
  expect((await run(`install ${named}`)).stdout).toContain('Wrapped 1 hook');
  expect((await run('uninstall --yes')).exitCode).toBe(0);
  expect(read('dotfiles/claude.json')).toBe(before);
});

describe('hookbus uninstall --all', () => {
  const hooks = { hooks: { PreToolUse: groups(line('./guard.sh'), line('a | b')) } };
  const files = {
    'home/.claude/settings.json': hooks,
    'home/.codex/hooks.json': hooks,
    'home/.cursor/hooks.json': '{ "broken": ',
    'elsewhere/.gemini/settings.json': hooks,
    'project/.claude/settings.json': hooks,
    'project/.claude/settings.local.json': hooks,
  };

  /** Installs in every file that may be changed. */
  async function everywhere(more: Readonly<Record<string, unknown>> = {}) {
    const staged = stage({ ...files, ...more });
    const { run, top } = staged;
    for (const words of [
      `install ${EVERYWHERE}`,
      'install --agent codex',
      `install --agent gemini --settings ${top}/elsewhere/.gemini/settings.json`,
    ])
      expect(await run(words)).toMatchObject({ stderr: '', exitCode: 0 });
    return staged;
  }

  it('restores every file that install wrote, of every agent, byte for byte', async () => {
    const { run, read } = await everywhere();
    const { stdout, stderr, exitCode } = await run('uninstall --all');
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toContain('Removed the prefix from 10 hooks in 5 files.');
    for (const [name, content] of Object.entries(files)) {
      const text = typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
      expect(read(name)).toBe(text);
    }
  });

  it('restores your own files even if the list of installed files is lost', async () => {
    const { run, read, top } = await everywhere();
    rmSync(join(top, 'home/.local'), { recursive: true });
    const shared = read('project/.claude/settings.json');
    expect((await run('uninstall --all')).exitCode).toBe(0);
    expect(read('home/.claude/settings.json')).toBe(`${JSON.stringify(hooks, null, 2)}\n`);
    expect(read('project/.claude/settings.json')).toBe(shared);
  });

  it('changes nothing if a remaining hook needs hookbus to run', async () => {
    const byHand = {
      hooks: { PreToolUse: groups(line('/x/hookbus run --name mine -- ./mine.sh')) },
    };
    const { run, read } = await everywhere({ 'home/.gemini/settings.json': byHand });
    const before = read('home/.claude/settings.json');
    const { stderr, exitCode } = await run('uninstall --all');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      '/top/home/.gemini/settings.json: you put hookbus before mine on PreToolUse by hand',
    );
    expect(read('home/.claude/settings.json')).toBe(before);
  });

  it('does not follow a new link out of a project', async () => {
    const { run, read, top } = await everywhere();
    const wrapped = read('project/.claude/settings.local.json');
    writeFileSync(join(top, 'home/mine.json'), wrapped);
    rmSync(join(top, 'project/.claude/settings.local.json'));
    symlinkSync('../../home/mine.json', join(top, 'project/.claude/settings.local.json'));
    const { stderr, exitCode } = await run('uninstall --all');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('links to /top/home/mine.json, outside the project');
    expect(read('home/mine.json')).toBe(wrapped);
    expect(read('home/.claude/settings.json')).toContain('hookbus run');
    expect((await run('uninstall --all --yes')).exitCode).toBe(0);
    expect(read('home/mine.json')).toBe(`${JSON.stringify(hooks, null, 2)}\n`);
  });
});

describe('the error is one line, and nothing is written', () => {
  it.each([
    [
      'install --agent zed',
      '--agent must be one of claude, codex, gemini, cursor, copilot, qwen, droid, auggie, cline, got "zed"',
    ],
    ['install --scope team', '--scope must be one of user, project, local, managed, got "team"'],
    ['install --only guard', '--only: there is no hook named "guard". Did you mean "guard_rm"?'],
    ['install --settings nowhere.json', 'nowhere.json does not exist'],
    [
      'install --agent codex',
      'there is no settings file of Codex at /top/home/.codex/hooks.json or /top/home/.codex/config.toml or /top/project/.codex/hooks.json or /top/project/.codex/config.toml. To name one: hookbus install --settings FILE',
    ],
    ['install --agent cursor --enable', 'there is no settings file of Cursor'],
    [
      'install --settings bad.json',
      '/top/project/bad.json is not valid JSON at line 3, column 3: a comment, which JSON does not have. HookBus changed no file',
    ],
    ['install --agent cline', 'there is no hook of Cline in /top/home/Documents/Cline/Hooks or '],
    ['install --settings plugins/cache/hooks.json', 'belongs to a plugin'],
    ['install --settings managed-settings.json', 'is managed by an administrator'],
    ['uninstall --enable', 'unknown option "--enable"'],
    ['uninstall --all --agent codex', '--all and --agent cannot be used together'],
    [
      'install --agent claude --settings elsewhere/.gemini/settings.json',
      'is in .gemini, so it does not belong to Claude Code. Use --agent gemini.',
    ],
    ['install --agent codex --settings elsewhere/.gemini/settings.json', 'Use --agent gemini.'],
    ['install --agent qwen --settings elsewhere/.codex/hooks.json', 'Use --agent codex.'],
    ['install --agent claude --settings elsewhere/.cursor/hooks.json', 'Use --agent cursor.'],
    ['install --agent claude --settings elsewhere/.copilot/hooks/a.json', 'Use --agent copilot.'],
    ['install --agent gemini --settings elsewhere/.qwen/settings.json', 'Use --agent qwen.'],
    ['install --agent claude --settings elsewhere/.augment/settings.json', 'Use --agent auggie.'],
    ['install --agent claude --settings elsewhere/.factory/hooks.json', 'Use --agent droid.'],
    ['uninstall --agent claude --settings elsewhere/.gemini/settings.json', 'Use --agent gemini.'],
  ])('hookbus %s', async (words, message) => {
    const { run, top } = stage({
      ...CLAUDE,
      'project/bad.json': '{\n  "a": 1,\n  // why\n  "b": 2\n}\n',
      'project/plugins/cache/hooks.json': {},
      'project/managed-settings.json': {},
      'project/elsewhere/.gemini/settings.json': {},
      'project/elsewhere/.codex/hooks.json': {},
      'project/elsewhere/.cursor/hooks.json': {},
      'project/elsewhere/.copilot/hooks/a.json': {},
      'project/elsewhere/.qwen/settings.json': {},
      'project/elsewhere/.augment/settings.json': {},
      'project/elsewhere/.factory/hooks.json': {},
    });
    const { stdout, stderr, exitCode } = await run(words);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
    expect(stderr).toContain(`hookbus: `);
    expect(stderr).toContain(message);
    expect(stderr.split('\n')).toHaveLength(2);
    expect(existsSync(join(top, 'home/.local'))).toBe(false);
  });
});

describe('other agents', () => {
  const commandsOf = (text: string): string[] =>
    [...text.matchAll(/"(?:command|bash|powershell|exec)": ("(?:[^"\\]|\\.)*")/g)].map(
      (match) => JSON.parse(match[1] ?? '') as string,
    );

  /** Installs, returns the wrapped commands, and checks that uninstall restores the files. */
  async function wrapped(agent: string, files: Readonly<Record<string, unknown>>) {
    const { run, read } = stage(files);
    const names = Object.keys(files);
    const before = names.map(read);
    const { stdout, stderr, exitCode } = await run(`install ${EVERYWHERE} --agent ${agent}`);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    const commands = names.map((name) => commandsOf(read(name).replaceAll(PROGRAM, 'HOOKBUS')));
    expect((await run(`install ${EVERYWHERE} --agent ${agent}`)).stdout).toContain(
      'Nothing to change.',
    );
    expect((await run(`uninstall --agent ${agent}`)).exitCode).toBe(0);
    expect(names.map(read)).toEqual(before);
    return { commands, stdout };
  }

  it('Codex: writes lines for its shell, and says that you must trust changed hooks', async () => {
    const hooks = {
      hooks: { PreToolUse: groups(line('./guard.sh'), line('[[ -n $X ]] && ./x.sh')) },
    };
    const { commands, stdout } = await wrapped('codex', {
      'home/.codex/hooks.json': hooks,
      'project/.codex/hooks.json': { hooks: { Stop: groups(line('cat | wc -c')) } },
      'home/.codex/config.toml':
        'model = "x"\n\n[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = \'./t.sh\'\n',
    });
    expect(commands.slice(0, 2)).toEqual([
      [`${OWN()}"$@" ./guard.sh`, `${OWN(' --name x')}exec "$@" "$0" -c '[[ -n $X ]] && ./x.sh'`],
      [`${SHARED(' --name stop-1')}exec "$@" "$0" -c 'cat | wc -c'`],
    ]);
    expect(stdout).toContain('/hooks');
    expect(stdout).toMatch(
      /\/top\/home\/\.codex\/config\.toml \(yours\)\nHOOK.*\nt +Stop .*wrapped\n/,
    );
    expect(stdout).toMatch(/Codex\s+skips\s+a\s+wrapped\s+hook,\s+without\s+a\s+word/);
    expect(stdout).toContain('export HOOKBUS_ENABLED=1');
  });

  it('Codex: wraps lines whatever $SHELL is, because Codex ignores it', async () => {
    const { run, read } = stage({
      'home/.codex/hooks.json': { hooks: { Stop: groups(line('x')) } },
      'home/.codex/config.toml': '[hooks.state]\n[hooks.state."x:stop:0:0"]\ntrusted_hash = "y"\n',
    });
    const { stdout } = await run('install --agent codex', { SHELL: '/usr/bin/fish' });
    expect(read('home/.codex/hooks.json')).toContain('hookbus');
    // The list of trusted hooks is not a hook.
    expect(stdout).not.toContain('config.toml');
  });

  it('Gemini CLI: writes lines for bash, guarded everywhere, and keeps comments', async () => {
    const { commands } = await wrapped('gemini', {
      'home/.gemini/settings.json': `{
  // mine
  "hooks": {
    "enabled": ["x"],
    "BeforeTool": [ { "matcher": "write_file", "hooks": [ { "name": "lint", "type": "command", "command": "node .gemini/hooks/lint.js", "timeout": 5000 } ] } ]
  } /* end */
}
`,
    });
    expect(commands).toEqual([[`${OWN()}"$@" node .gemini/hooks/lint.js`]]);
  });

  it('Gemini CLI: does not wrap hooks that it would quote, or that are disabled by their text', async () => {
    const hook = (command: string, more: object = {}) => line(command, more);
    const before = {
      hooksConfig: { disabled: ['./off.sh', './named.sh'] },
      hooks: {
        BeforeTool: groups(
          hook('cd $GEMINI_CWD && ./x.sh'),
          hook('$GEMINI_PROJECT_DIR/x.sh "$CLAUDE_PROJECT_DIR"'),
          hook('./off.sh'),
          hook('./named.sh', { name: 'mine' }),
        ),
      },
    };
    const { commands, stdout } = await wrapped('gemini', { 'home/.gemini/settings.json': before });
    expect(commands).toEqual([
      [
        'cd $GEMINI_CWD && ./x.sh',
        `${OWN(' --name x-before-tool')}"$@" $GEMINI_PROJECT_DIR/x.sh "$CLAUDE_PROJECT_DIR"`,
        './off.sh',
        `${OWN()}"$@" ./named.sh`,
      ],
    ]);
    expect(stdout).toContain('Gemini CLI writes $GEMINI_CWD into the line');
    expect(stdout).toContain('it is disabled by its text');
  });

  it('Gemini CLI: removes the prefix of 0.1.0 from a disabled hook, and keeps one that was disabled later', async () => {
    const old = `[ -e /x/bin/hookbus ] && set -- /x/bin/hookbus run --; "$@" ./off.sh`;
    const file = 'home/.gemini/settings.json';
    const settings = (disabled: string, command: string) => ({
      hooksConfig: { disabled: [disabled] },
      hooks: { BeforeTool: groups(line(command)) },
    });
    const { run, read, top } = stage({ [file]: settings('./off.sh', old) });
    expect((await run('install --agent gemini')).stdout).toContain('unwrapped');
    expect(commandsOf(read(file))).toEqual(['./off.sh']);
    writeFileSync(join(top, file), JSON.stringify(settings(old, old), null, 2));
    await run('uninstall --agent gemini');
    expect(commandsOf(read(file))).toEqual([old]);
  });

  it('does not wrap lines of a shared file that has hooks for PowerShell', async () => {
    const hooks = (shell: object) => ({
      hooks: {
        PreToolUse: groups(
          line('./guard.sh'),
          line('node', { args: ['x.js'] }),
          line('./bash.sh', { shell: 'bash' }),
          line('./guard.ps1', shell),
        ),
      },
    });
    const { commands, stdout } = await wrapped('claude', {
      'project/.claude/settings.json': hooks({ shell: 'powershell' }),
    });
    expect(commands).toEqual([['./guard.sh', 'node', `${SHARED()}"$@" ./bash.sh`, './guard.ps1']]);
    expect(stdout).toContain('the file is for PowerShell too');
    const own = await wrapped('claude', {
      'home/.claude/settings.json': hooks({ shell: 'powershell' }),
    });
    expect(own.commands[0]?.slice(0, 2)).toEqual([`${OWN()}"$@" ./guard.sh`, '/bin/sh']);
  });

  it.each(['pwsh -c ./guard', '& ./guard.ps1', 'Write-Output $env:HOME', 'powershell.exe x'])(
    'leaves lines of a shared file alone if one of them is for PowerShell: %s',
    async (windows) => {
      const { commands, stdout } = await wrapped('claude', {
        'project/.claude/settings.json': {
          hooks: { PreToolUse: groups(line('./guard.sh'), line(windows)) },
        },
      });
      expect(commands).toEqual([['./guard.sh', windows]]);
      expect(stdout).toContain('the file is for PowerShell too');
    },
  );

  it('says how to wrap a hook that your own and a shared file have', async () => {
    const settings = { hooks: { Stop: groups(line('./same.sh')) } };
    const { run, read } = stage({
      'home/.claude/settings.json': settings,
      'project/.claude/settings.json': settings,
    });
    for (const scope of [[], ['--scope', 'user'], ['--scope', 'project']]) {
      const { stdout } = await run(['install', ...scope, '--yes'].join(' '));
      expect(stdout).toContain('  hookbus install --scope user --scope project --enable\n');
    }
    await run('install --scope user --scope project --enable --yes');
    for (const place of ['home', 'project'])
      expect(read(`${place}/.claude/settings.json`)).toContain('hookbus');
  });

  it('does not wrap your own hook if a shared file keeps it unchanged for Windows, or it would run twice', async () => {
    const { run, read } = stage({
      'home/.claude/settings.json': {
        hooks: { Stop: groups(line('./same.sh'), line('./own.sh')) },
      },
      'project/.claude/settings.json': {
        hooks: { Stop: groups(line('./same.sh'), line('pwsh done.ps1')) },
      },
    });
    const { stdout } = await run('install');
    expect(stdout).toContain('settings.json has it too');
    // That would not help.
    expect(stdout).not.toContain('--scope user --scope project');
    expect(commandsOf(read('home/.claude/settings.json').replaceAll(PROGRAM, 'HOOKBUS'))).toEqual([
      './same.sh',
      `${OWN()}"$@" ./own.sh`,
    ]);
  });

  it('Cursor: wraps a list of hooks for each event', async () => {
    const { commands } = await wrapped('cursor', {
      'project/.cursor/hooks.json': {
        version: 1,
        hooks: {
          beforeShellExecution: [{ command: './hooks/audit.sh', timeout: 30 }],
          stop: [{ type: 'prompt', prompt: 'x' }, { command: 'cat >> log' }],
        },
      },
    });
    expect(commands).toEqual([
      [
        `${SHARED()}"$@" ./hooks/audit.sh`,
        `${SHARED(' --name log')}exec "$@" bash -c 'cat >> log'`,
      ],
    ]);
  });

  it('Copilot CLI: wraps each file of a directory, and the bash line of each hook', async () => {
    const { commands, stdout } = await wrapped('copilot', {
      'project/.github/hooks/a.json': {
        version: 1,
        hooks: {
          preToolUse: [
            { type: 'command', bash: './guard.sh', powershell: './guard.ps1', timeoutSec: 10 },
            { type: 'command', command: './both.sh' },
            { type: 'command', exec: 'node', args: ['x.js'] },
          ],
        },
      },
      'home/.copilot/hooks/b.json': {
        version: 1,
        hooks: { sessionStart: [{ command: './both.sh' }, { exec: 'node', args: ['x.js'] }] },
      },
    });
    const wrappedFor = (before: string, event: string): string =>
      before
        .replace(' run -- ', ` run --event ${event} -- `)
        .replace(' run --;', ` run --event ${event} --;`);
    expect(commands[0]).toEqual([
      `${wrappedFor(SHARED(), 'preToolUse')}"$@" ./guard.sh`,
      './guard.ps1',
      './both.sh',
      'node',
    ]);
    expect(commands[1]?.[0]).toBe(`${wrappedFor(OWN(), 'sessionStart')}"$@" ./both.sh`);
    expect(commands[1]?.[1]).toBe('/bin/sh');
    expect(stdout).toContain('command runs in PowerShell on Windows');
  });
});

it('the fields of --json are documented in docs/json.md', async () => {
  const { run } = stage(CLAUDE);
  const answer = JSON.parse((await run('install --dry-run --json')).stdout) as object;
  const page = readFileSync(join(BIN, '..', 'docs/json.md'), 'utf8');
  const section = page.split('\n## install\n')[1]?.split(/^## /m)[0] ?? '';
  const documented = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name);
  const pathsOf = (value: unknown, path: string): string[] => {
    if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, `${path}[]`));
    if (value === null || typeof value !== 'object') return [];
    return Object.entries(value).flatMap(([name, field]) => {
      const below = path === '' ? name : `${path}.${name}`;
      return [below, ...pathsOf(field, below)];
    });
  };
  expect([...new Set(pathsOf(answer, ''))].sort()).toEqual([...documented].sort());
  expect((await hookbus(['uninstall', '--json'], { HOME: temporaryDirectory() })).stderr).toContain(
    'E_SETTINGS_FILE',
  );
});
