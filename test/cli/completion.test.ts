import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { assemble } from '../../src/app/recording/assemble.ts';
import { statePaths } from '../../src/config/home/paths.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { until } from '../support/daemon.ts';
import { hookbus } from '../support/hookbus.ts';
import { aBegin, anEnd } from '../support/records.ts';
import { makeCorruptDatabase, makeState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** Names with characters that a shell interprets. */
const HOSTILE = [
  'zap$(>PWNED)',
  'own`>PWNED`',
  'run;>PWNED',
  'to>PWNED',
  "'own$(>PWNED)",
  'own\n>PWNED',
];

/** A state directory with two recorded hooks, one of them on a custom event. */
function aRecord(env: Readonly<Record<string, string>> = {}): { HOOKBUS_HOME: string } {
  const home = makeState(temporaryDirectory(), env);
  const db = openDatabase(statePaths(home).database, 1000);
  const begins = [
    { hookName: 'guard_rm' },
    { hookName: 'lint', eventType: 'OfTomorrow' },
    { hookName: 'steer\u001b[2J' },
    { hookName: 'prüfer' },
    ...HOSTILE.map((hookName) => ({ hookName, eventType: `Of${hookName}` })),
  ];
  createExecutionWriter(db).write(begins.map((begin) => assemble(aBegin(begin), anEnd())));
  db.close();
  return { HOOKBUS_HOME: home };
}

const offered = async (
  env: Readonly<Record<string, string>>,
  ...words: string[]
): Promise<string[]> => {
  const { stdout, stderr, exitCode } = await hookbus(['__complete', ...words], env);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return stdout.split('\n').slice(0, -1);
};

describe('the completions', () => {
  it.each([
    [['st'], ['status']],
    [['help', 'unin'], ['uninstall']],
    [
      ['logs', '--s'],
      ['--status', '--subagent', '--session', '--since'],
    ],
    [['logs', '--status', 'e'], ['error']],
    [['logs', '--status', 'error,dedu'], ['error,dedupe_skip']],
    [['logs', '--status=tim'], ['--status=timeout']],
    [
      ['logs', '--decision', 'deny,a'],
      ['deny,ask', 'deny,allow'],
    ],
    [['logs', '--status', '=', 'tim'], ['timeout']],
    [
      ['logs', '--hook', ''],
      ['guard_rm', 'lint', 'prüfer'],
    ],
    [['logs', '--hook', "'"], []],
    [['logs', '--event', 'Ofz'], []],
    [['off', 'l'], ['lint']],
    [['off', 'lint', ''], []],
    [['off', '--for', '1h', 'g'], ['guard_rm']],
    [
      ['show', ''],
      ['10', '9', '8', '7', '6', '5', '4', '3', '2', '1'],
    ],
    [['run', '--event', 'OfT'], ['OfTomorrow']],
    [['run', '--event', 'PreTool'], ['PreToolUse']],
    [['run', '--name', 'g'], ['guard_rm']],
    [
      ['run', '--on-duplicate', ''],
      ['deny', 'skip', 'replay'],
    ],
    [['run', '--', 'l'], []],
    [
      ['install', '--scope', ''],
      ['user', 'project', 'local', 'managed'],
    ],
    [
      ['install', '--agent', 'c'],
      ['claude', 'codex', 'cursor', 'copilot', 'cline'],
    ],
    [['install', '--settings', ''], []],
    [['daemon', 're'], ['restart']],
    [['config', 'set', 'breaker.w'], ['breaker.window']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['no-such-command', ''], []],
  ])('after hookbus %j are %j', async (words, expected) => {
    expect(await offered(aRecord(), ...words)).toEqual(expected);
  });

  it('include every agent of install', async () => {
    const { stderr } = await hookbus(['install', '--agent', 'x'], { HOME: temporaryDirectory() });
    for (const agent of await offered(aRecord(), 'install', '--agent', ''))
      expect(stderr).toContain(agent);
  });

  it.each(['nowhere', 'corrupt'])(
    'are empty if the database is %s, and no database is created',
    async (kind) => {
      const home = join(temporaryDirectory(), 'state');
      if (kind === 'corrupt') makeCorruptDatabase(statePaths(home));
      expect(await offered({ HOOKBUS_HOME: home }, 'off', '')).toEqual([]);
      expect(existsSync(home)).toBe(kind === 'corrupt');
      expect(await offered({ HOOKBUS_HOME: home }, 'logs', '--status', 'err')).toEqual(['error']);
    },
  );
});

it('the error names an unknown shell', async () => {
  expect((await hookbus(['completion', 'csh'])).stderr).toBe(
    'hookbus: SHELL must be one of bash, zsh, fish, got "csh". Did you mean "zsh"? Try: hookbus completion --help\n',
  );
  const { script } = JSON.parse((await hookbus(['completion', 'zsh', '--json'])).stdout) as {
    script: string;
  };
  expect(`${script}\n`).toBe((await hookbus(['completion', 'zsh'])).stdout);
});

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;
const missing = ['bash', 'zsh', 'fish'].filter((shell) => !has(shell));
if (missing.length > 0)
  process.stderr.write(
    `completion.test.ts: not tried in ${missing.join(', ')}, which is not here\n`,
  );

describe('in a real shell', () => {
  /** A shell environment with hookbus on PATH, and its completion script in a file. */
  async function aShell(shell: string) {
    const bin = join(temporaryDirectory(), 'bin');
    mkdirSync(bin);
    const entry = join(bin, 'hookbus');
    writeFileSync(
      entry,
      `#!/bin/sh\nexec '${process.execPath}' '${join(process.cwd(), 'bin/hookbus.js')}' "$@"\n`,
      { mode: 0o755 },
    );
    symlinkSync(process.execPath, join(bin, 'node'));
    const script = join(bin, `completion.${shell}`);
    writeFileSync(script, (await hookbus(['completion', shell])).stdout);
    const env = {
      ...aRecord({ HOME: bin }),
      PATH: `${bin}:${process.env['PATH']}`,
      HOME: bin,
      TERM: 'dumb',
      LC_ALL: 'C.UTF-8',
    };
    return { env, script };
  }

  it.skipIf(!has('bash'))('bash completes', async () => {
    const { env, script } = await aShell('bash');
    const ask = `source '${script}'; COMP_WORDS=(hookbus logs --status err); COMP_CWORD=3; _hookbus hookbus; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(hookbus off ''); COMP_CWORD=2; _hookbus hookbus; echo "\${COMPREPLY[@]}"; complete -p hookbus`;
    expect(execFileSync('bash', ['--norc', '-c', ask], { env, encoding: 'utf8' })).toBe(
      'error\nguard_rm lint prüfer\ncomplete -o bashdefault -o default -F _hookbus hookbus\n',
    );
  });

  /** Types each line, TAB and Enter in an interactive shell. */
  async function pressTab(
    command: string,
    script: string,
    env: NodeJS.ProcessEnv,
    lines: string[][],
  ) {
    const cwd = temporaryDirectory();
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      ...{ cwd, env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    child.stdin.write(`PS1='ready> '; source '${script}'; echo so''urced\n`);
    await until('the shell to be ready', () => shown.includes('sourced'));
    for (const [index, [half, rest = '']] of lines.entries()) {
      child.stdin.write(`${half}	${rest}
echo do''ne${index}
`);
      await until(`the end of ${half}`, () => shown.includes(`done${index}`), 20_000);
    }
    child.stdin.end('exit\n');
    return readdirSync(cwd);
  }

  const HALVES = [
    ['hookbus off za'],
    ['hookbus off own'],
    ['hookbus off run'],
    ['hookbus off to'],
    ["hookbus off '", "'"],
    ['hookbus off "own', '"'],
  ];

  it.skipIf(!has('bash'))('bash runs no code in a recorded name', async () => {
    const { env, script } = await aShell('bash');
    const made = await pressTab('bash --norc -i', script, env, HALVES);
    expect(made).toEqual([]);
  });

  it.skipIf(!has('bash'))('bash quotes every completion', async () => {
    const { env, script } = await aShell('bash');
    for (const name of HOSTILE.filter((word) => !word.includes('\n'))) {
      // An older hookbus, or another program with that name.
      const words = join(temporaryDirectory(), 'words');
      writeFileSync(words, `${name}\n`);
      writeFileSync(join(env.HOME, 'hookbus'), `#!/bin/sh\ncat '${words}'\n`);
      const made = await pressTab('bash --norc -i', script, env, [['hookbus off ']]);
      expect([name, made]).toEqual([name, []]);
    }
  });

  it.skipIf(!has('fish'))('fish completes', async () => {
    const { env, script } = await aShell('fish');
    const ask = `source '${script}'; complete -C 'hookbus logs --status err'; complete -C 'hookbus off '; complete -C 'hookbus unins'; complete -C 'hookbus run -- ${env.HOME}/hookb'`;
    expect(execFileSync('fish', ['--no-config', '-c', ask], { env, encoding: 'utf8' })).toBe(
      `error\nguard_rm\nlint\nprüfer\nuninstall\n${env.HOME}/hookbus\n`,
    );
  });

  it.skipIf(!has('zsh'))('zsh completes', async () => {
    const { env, script } = await aShell('zsh');
    const child = spawn('script', ['-qec', 'zsh -f -i', '/dev/null'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    child.stdin.write(
      `PS1='ready> '; autoload -Uz compinit; compinit -u -D; source '${script}'; echo so''urced\n`,
    );
    await until('zsh to be ready', () => shown.includes('sourced'));
    child.stdin.write('hookbus off gua\t');
    await until('the name of the hook', () => shown.includes('guard_rm'));
    child.stdin.end('\u0003\nexit\n');
  });
});
