import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { isSimpleCommand } from '../../src/domain/hook/shell-line.ts';
import {
  findProgramScript,
  findWrapping,
  type LineShell,
  programScript,
  unwrap,
  wrap,
  wrappingOf,
} from '../../src/domain/hook/wrapping.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const LINES = JSON.parse(readFileSync(join(ROOT, 'fixtures/shell-lines.json'), 'utf8')) as {
  readonly line: string;
  readonly simple: boolean;
}[];
const PAYLOAD = readFileSync(join(ROOT, 'fixtures/payloads/PreToolUse.Bash.json'));
const LAUNCHER = join(ROOT, 'bin/hookbus');
const PROGRAM = existsSync(LAUNCHER) ? LAUNCHER : join(ROOT, 'bin/hookbus.js');

const SCRIPTS: Readonly<Record<string, string>> = {
  'say.sh':
    '#!/bin/sh\nfor word; do printf "[%s]" "$word"; done; echo " $GREETING"; head -c 20; echo; pwd; echo noise >&2\n',
  'with blank.sh': '#!/bin/sh\necho "blank $#:" "$@"\n',
  'exit.sh': '#!/bin/sh\necho "leaving with $1" >&2\nexit "$1"\n',
  'no-shebang.sh': 'echo "no shebang $1"\ncat\n',
  'settings.sh': 'FROM_SETTINGS=yes\n',
  'guard.py': 'import json, sys\nprint(json.load(sys.stdin)["hook_event_name"])\nsys.exit(2)\n',
};

/** A project for hooks to run in, the same each time. */
function aProject(): { readonly directory: string; readonly home: string; readonly bin: string } {
  const top = temporaryDirectory();
  const [directory, home, bin] = [join(top, 'my project'), join(top, 'home'), join(top, 'bin')];
  for (const base of [directory, home]) {
    mkdirSync(join(base, 'hooks'), { recursive: true });
    for (const [name, text] of Object.entries(SCRIPTS)) {
      writeFileSync(join(base, 'hooks', name), text);
      chmodSync(join(base, 'hooks', name), 0o755);
    }
  }
  mkdirSync(join(directory, 'sub'));
  writeFileSync(join(directory, 'notes.txt'), 'a note that is longer than twenty characters\n');
  mkdirSync(bin);
  symlinkSync(PROGRAM, join(bin, 'hookbus'));
  return { directory, home, bin };
}

interface Seen {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
  readonly files: readonly string[];
}

/** Runs a line as an agent does, in a fresh project, and returns all visible effects. */
function run(shell: string, line: string, hasHookbus: boolean): Seen {
  const { directory, home, bin } = aProject();
  const ended: SpawnSyncReturns<string> = spawnSync(shell, ['-c', line], {
    cwd: directory,
    input: PAYLOAD,
    encoding: 'utf8',
    env: {
      PATH: [...(hasHookbus ? [bin] : []), dirname(execPath), '/usr/bin', '/bin'].join(':'),
      HOME: home,
      SHELL: shell.startsWith('/') ? shell : '/bin/bash',
      CLAUDE_PROJECT_DIR: directory,
      WORDS: './hooks/say.sh two words',
      TOOL: 'echo',
      HOOKBUS_ENABLED: '1',
      HOOKBUS_DAEMON: 'off',
      HOOKBUS_HOME: join(home, 'state'),
    },
  });
  const top = directory.slice(0, -'/my project'.length);
  const shown = (text: string): string => text.replaceAll(top, '/top');
  return {
    stdout: shown(ended.stdout),
    stderr: shown(ended.stderr),
    // A shell that waits for a command reports its death; a shell that became the command dies itself.
    status: ended.signal === null ? ended.status : 128 + constants.signals[ended.signal],
    files: readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => {
        const path = join(directory, name);
        const { mode } = lstatSync(path);
        const isFile = lstatSync(path).isFile();
        return `${name} ${mode.toString(8)} ${isFile ? shown(readFileSync(path, 'utf8')) : ''}`;
      }),
  };
}

it('there are enough lines of both kinds', () => {
  expect(LINES.filter(({ simple }) => !simple).length).toBeGreaterThan(25);
  expect(LINES.filter(({ simple }) => simple).length).toBeGreaterThan(20);
});

it.each(LINES)('classifies correctly: $line', ({ line, simple }) => {
  expect(isSimpleCommand(line)).toBe(simple);
});

const ZSH = ['/bin/zsh', '/usr/bin/zsh'].find((path) => existsSync(path));
if (ZSH === undefined)
  process.stderr.write('shell-line.test.ts: there is no zsh, so its tests are skipped\n');

const SHELLS: readonly (readonly [path: string, shell: LineShell, every: number])[] = [
  ['/bin/sh', 'sh', 1],
  ['bash', 'bash', 2],
  ['/bin/bash', 'own', 6],
  ...(ZSH === undefined ? [] : [[ZSH, 'own', 2] as const]),
];

describe.each(SHELLS)('in %s, for a line that is given to %s', (path, shell, every) => {
  // The most common shell runs every line, the others a part of them.
  const lines = LINES.filter((_line, at) => at % every === 0);

  it.each(lines)('means the same bare and wrapped: $line', ({ line }) => {
    const bare = run(path, line, false);
    const shared = { program: ['hookbus'], shell };
    const own = { program: [PROGRAM], shell };
    const wrapped = (style: typeof own): string => wrap(line, wrappingOf(line, style));
    // Only the name that a shell gives itself may differ.
    const comparable = (seen: Seen) => ({
      ...seen,
      stderr: seen.stderr.replace(/^\S*(?:sh|bash): /gm, 'sh: '),
      stdout: seen.stdout.replace(/^(0 +)\S*sh$/gm, '$1sh'),
    });
    expect(comparable(run(path, wrapped(own), true))).toEqual(comparable(bare));
    expect(comparable(run(path, wrapped(shared), true))).toEqual(comparable(bare));
    expect(comparable(run(path, wrapped(shared), false))).toEqual(comparable(bare));
  });
});

describe('a line with more than one command', () => {
  it.each([
    ['', 'nothing'],
    ['   ', 'blanks'],
    ['x "open', 'a quote that is open'],
    ["x 'open", 'a quote that is open'],
    ['x \\', 'an escape that is open'],
    ['-x', 'an option'],
    ['A=b', 'an assignment'],
    ['"$X"', 'an expansion that may be any word'],
    ['$X/y', 'an expansion that may be several words'],
    ['`x`/y', 'a substitution'],
    ['x "$(y)"', 'a substitution that reads the payload'],
    ['x $1', 'a parameter of the shell'],
    ['x $_', 'a parameter of the shell'],
    ['x "$@"', 'a parameter of the shell'],
    ["x $'a'", 'a quote of bash'],
    [`x \${A:-b}`, 'more than a variable'],
    ['x\ny', 'two lines'],
    ['x\r', 'a carriage return'],
    ['~', 'a directory'],
    ['*/x', 'a pattern'],
    ['a{b,c}', 'braces'],
    ['%1', 'a job'],
    ['[[ x', 'a keyword of bash'],
    ['noglob x', 'a word of zsh'],
    ['x #', 'a comment'],
    ['x >&2', 'a redirection'],
    ['x & y', 'a background command'],
    ['x\\ y', 'an escape in the command'],
  ])('%j: %s', (line) => expect(isSimpleCommand(line)).toBe(false));
});

describe('a wrapping', () => {
  const PROGRAMS = [['hookbus'], ['/opt/h b/bin/hookbus'], ["/o'p/node", '/opt/h/bin/hookbus.js']];
  const STYLES = PROGRAMS.flatMap((program) =>
    (['sh', 'bash', 'own'] as const).map((shell) => ({ program, shell })),
  );

  it.each(STYLES)('is found again in $shell by $program', (style) => {
    for (const { line } of LINES) {
      for (const name of [undefined, 'chosen', "it's @home"]) {
        const wrapping = wrappingOf(line, { ...style, name });
        const found = findWrapping(wrap(line, wrapping), style.shell);
        expect(found).toMatchObject({ ...wrapping, isGuarded: true });
        expect(found?.program).toEqual(style.program);
        if (name !== undefined) expect(found?.name).toBe(name);
        expect(unwrap(wrap(line, wrapping), wrapping)).toBe(line);
      }
    }
  });

  it('of version 0.1.0 is found too, as one that needs HookBus', () => {
    const written = JSON.parse(readFileSync(join(ROOT, 'fixtures/wrapped-0.1.0.json'), 'utf8')) as {
      readonly shell: LineShell;
      readonly line: string;
      readonly written: string;
    }[];
    for (const { shell, line, written: text } of written) {
      const found = findWrapping(text, shell);
      expect(found, text).toMatchObject({ isGuarded: false });
      if (found !== undefined) expect(unwrap(text, found)).toBe(line);
    }
  });

  it.each([
    'hookbus run -- ./x.sh',
    'hookbus run --name x -- ./x.sh',
    'exec /opt/bin/hookbus run --name chosen -- bash -c "x | y"',
    '/opt/bin/hookbus run --timeout 5 -- ./x.sh',
    '/opt/bin/hookbus-other run -- ./x.sh',
    'A=b /opt/bin/hookbus run -- ./x.sh',
    "exec /opt/bin/hookbus run --shell 'x | y' z",
    "exec /opt/bin/hookbus run --shell 'x' && y",
    '/opt/bin/hookbus status',
    './x.sh',
  ])('is not found in %j', (line) => {
    for (const shell of ['sh', 'bash', 'own'] as const) {
      expect(findWrapping(line, shell)).toBe(undefined);
    }
  });
});

const INSTALLED_SHELLS = ['sh', 'dash', 'bash', 'zsh', 'ksh', 'mksh', 'yash', 'busybox'].flatMap(
  (name) => {
    const words = name === 'busybox' ? [name, 'sh'] : [name];
    const [program = '', ...rest] = [...words, '-c', 'exit 7'];
    const isThere = spawnSync(program, rest).status === 7;
    if (!isThere)
      process.stderr.write(`shell-line.test.ts: no ${name}, so its tests are skipped\n`);
    return isThere ? [words] : [];
  },
);

/** What may be wrong with a launcher, and the shell line that makes it so. */
const STATES: Readonly<Record<string, (path: string) => void>> = {
  'is as it should be': (path) => symlinkSync(PROGRAM, path),
  'is not there': () => undefined,
  'is a link to nothing': (path) => symlinkSync('/nowhere/hookbus', path),
  'cannot be executed': (path) => {
    copyFileSync(PROGRAM, path);
    chmodSync(path, 0o644);
  },
  'is empty': (path) => writeFileSync(path, '', { mode: 0o755 }),
  'is a directory': (path) => mkdirSync(path),
};

describe.each(INSTALLED_SHELLS.map((words) => ({ words })))('in $words', ({ words }) => {
  const cases = Object.keys(STATES).flatMap((state) =>
    ['own', 'shared'].flatMap((kind) =>
      ['./guard.sh', './guard.sh "two  words" | cat; exit 2'].map((line) => ({
        state,
        kind,
        line,
      })),
    ),
  );

  it.each(cases)('a guard refuses if hookbus $state, wrapped in a $kind file: $line', (given) => {
    const top = temporaryDirectory();
    mkdirSync(join(top, 'a bin'));
    const launcher = join(top, 'a bin', 'hookbus');
    STATES[given.state]?.(launcher);
    writeFileSync(join(top, 'guard.sh'), '#!/bin/sh\nwc -c\necho no >&2\nexit 2\n', {
      mode: 0o755,
    });
    const program = given.kind === 'own' ? [launcher] : ['hookbus'];
    const wrapped = wrap(given.line, wrappingOf(given.line, { program, shell: 'own' }));
    const [shell = '', ...rest] = words;
    const { status, stdout, stderr } = spawnSync(shell, [...rest, '-c', wrapped], {
      cwd: top,
      encoding: 'utf8',
      input: PAYLOAD,
      argv0: shell,
      env: {
        PATH: `/usr/bin:${join(top, 'a bin')}:/bin:${dirname(execPath)}`,
        HOME: top,
        HOOKBUS_ENABLED: '1',
        HOOKBUS_DAEMON: 'off',
        HOOKBUS_HOME: join(top, 'state'),
      },
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: `${PAYLOAD.length}\n`,
      stderr: 'no\n',
    });
    expect(existsSync(join(top, 'state'))).toBe(given.state === 'is as it should be');
  });
});

describe('a program with arguments', () => {
  it.each(Object.keys(STATES))('runs with unchanged arguments if hookbus %s', (state) => {
    const top = temporaryDirectory();
    mkdirSync(join(top, 'bin'));
    const launcher = join(top, 'bin', 'hookbus');
    STATES[state]?.(launcher);
    for (const [program, name] of [
      [[launcher], undefined],
      [['hookbus'], "it's"],
      [[launcher], 'npm-lint'],
    ] as const) {
      expect(findProgramScript(programScript(program, name))).toEqual({ program, name });
      const words = ['printf', '[%s]', 'a  b', '', '$HOME', "it's", '*', '-c', '--'];
      const { status, stdout, stderr } = spawnSync(
        '/bin/sh',
        ['-c', programScript(program, name), 'hookbus', ...words],
        {
          cwd: top,
          encoding: 'utf8',
          env: { PATH: `${join(top, 'bin')}:/usr/bin:/bin:${dirname(execPath)}`, HOME: top },
        },
      );
      expect({ status, stdout, stderr }).toEqual({
        status: 0,
        stdout: "[a  b][][$HOME][it's][*][-c][--]",
        stderr: '',
      });
    }
  });
});

it('is found by the shell alone, without a pipe, a substitution or another program', () => {
  for (const program of [['hookbus'], ['/opt/bin/hookbus'], ['/usr/bin/node', '/opt/hookbus.js']]) {
    const wrapped = wrap('./x.sh', wrappingOf('./x.sh', { program, shell: 'sh' }));
    const search = wrapped.slice(0, wrapped.indexOf('"$@" ./x.sh'));
    // Without PATH, only builtins are found.
    const { status, stderr } = spawnSync('/bin/sh', ['-c', `${search}exit 7`], {
      encoding: 'utf8',
      env: { PATH: '/nowhere' },
    });
    expect({ status, stderr }).toEqual({ status: 7, stderr: '' });
    expect(search).not.toMatch(/\$\(|`| \| | & /);
  }
});
