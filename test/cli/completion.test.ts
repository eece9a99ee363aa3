import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { assemble } from '../../src/bus/assemble.ts';
import { statePaths } from '../../src/config/paths.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { until } from '../support/daemon.ts';
import { hookbus } from '../support/hookbus.ts';
import { aBegin, anEnd } from '../support/records.ts';
import { makeCorruptDatabase, makeState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** A state directory with two hooks on record, one of them on an event of its own. */
function aRecord(env: Readonly<Record<string, string>> = {}): { HOOKBUS_HOME: string } {
  const home = makeState(temporaryDirectory(), env);
  const db = openDatabase(statePaths(home).database, 1000);
  const begins = [
    { hookName: 'guard_rm' },
    { hookName: 'lint', eventType: 'OfTomorrow' },
    { hookName: 'steer\u001b[2J' },
  ];
  createExecutionWriter(db).write(begins.map((begin) => assemble(aBegin(begin), anEnd())));
  db.close();
  return { HOOKBUS_HOME: home };
}

const offered = (env: Readonly<Record<string, string>>, ...words: string[]): string[] => {
  const { stdout, stderr, exitCode } = hookbus(['__complete', ...words], env);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return stdout.split('\n').slice(0, -1);
};

describe('what a shell is offered', () => {
  it.each([
    [['st'], ['status']],
    [['help', 'unin'], ['uninstall']],
    [
      ['logs', '--s'],
      ['--status', '--session', '--since'],
    ],
    [['logs', '--status', 'e'], ['error']],
    [['logs', '--status', 'error,dedu'], ['error,dedupe_skip']],
    [['logs', '--status=tim'], ['--status=timeout']],
    [['logs', '--status', '=', 'tim'], ['timeout']],
    [
      ['logs', '--hook', ''],
      ['guard_rm', 'lint'],
    ],
    [['off', 'l'], ['lint']],
    [['off', 'lint', ''], []],
    [['off', '--for', '1h', 'g'], ['guard_rm']],
    [
      ['show', ''],
      ['3', '2', '1'],
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
      ['user', 'project', 'local'],
    ],
    [
      ['install', '--agent', 'c'],
      ['claude', 'codex', 'cursor', 'copilot'],
    ],
    [['install', '--settings', ''], []],
    [['daemon', 're'], ['restart']],
    [['config', 'set', 'breaker.w'], ['breaker.window']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['no-such-command', ''], []],
  ])('behind hookbus %j is %j', (words, expected) => {
    expect(offered(aRecord(), ...words)).toEqual(expected);
  });

  it('knows every agent that install knows', () => {
    const { stderr } = hookbus(['install', '--agent', 'x'], { HOME: temporaryDirectory() });
    for (const agent of offered(aRecord(), 'install', '--agent', ''))
      expect(stderr).toContain(agent);
  });

  it.each(['nowhere', 'corrupt'])('is silent where the record is %s, and makes none', (kind) => {
    const home = join(temporaryDirectory(), 'state');
    if (kind === 'corrupt') makeCorruptDatabase(statePaths(home));
    expect(offered({ HOOKBUS_HOME: home }, 'off', '')).toEqual([]);
    expect(existsSync(home)).toBe(kind === 'corrupt');
    expect(offered({ HOOKBUS_HOME: home }, 'logs', '--status', 'err')).toEqual(['error']);
  });
});

it('an unknown shell is named', () => {
  expect(hookbus(['completion', 'csh']).stderr).toBe(
    'hookbus: expected SHELL to be bash, zsh, fish, got "csh". Try: hookbus completion --help\n',
  );
  const { script } = JSON.parse(hookbus(['completion', 'zsh', '--json']).stdout) as {
    script: string;
  };
  expect(`${script}\n`).toBe(hookbus(['completion', 'zsh']).stdout);
});

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;
const missing = ['bash', 'zsh', 'fish'].filter((shell) => !has(shell));
if (missing.length > 0)
  process.stderr.write(
    `completion.test.ts: not tried in ${missing.join(', ')}, which is not here\n`,
  );

describe('in a real shell', () => {
  /** A shell's environment with hookbus on PATH, and its script in a file. */
  function aShell(shell: string) {
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
    writeFileSync(script, hookbus(['completion', shell]).stdout);
    const env = {
      ...aRecord({ HOME: bin }),
      PATH: `${bin}:${process.env['PATH']}`,
      HOME: bin,
      TERM: 'dumb',
    };
    return { env, script };
  }

  it.skipIf(!has('bash'))('bash completes', () => {
    const { env, script } = aShell('bash');
    const ask = `source '${script}'; COMP_WORDS=(hookbus logs --status err); COMP_CWORD=3; _hookbus hookbus; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(hookbus off ''); COMP_CWORD=2; _hookbus hookbus; echo "\${COMPREPLY[@]}"; complete -p hookbus`;
    expect(execFileSync('bash', ['--norc', '-c', ask], { env, encoding: 'utf8' })).toBe(
      'error\nguard_rm lint\ncomplete -o bashdefault -o default -F _hookbus hookbus\n',
    );
  });

  it.skipIf(!has('fish'))('fish completes', () => {
    const { env, script } = aShell('fish');
    const ask = `source '${script}'; complete -C 'hookbus logs --status err'; complete -C 'hookbus off '; complete -C 'hookbus unins'; complete -C 'hookbus run -- ${env.HOME}/hookb'`;
    expect(execFileSync('fish', ['--no-config', '-c', ask], { env, encoding: 'utf8' })).toBe(
      `error\nguard_rm\nlint\nuninstall\n${env.HOME}/hookbus\n`,
    );
  });

  it.skipIf(!has('zsh'))('zsh completes', async () => {
    const { env, script } = aShell('zsh');
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
