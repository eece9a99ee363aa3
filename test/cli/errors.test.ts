import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { perform } from '../../src/cli/program.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState, makeDatabase, makeNewerDatabase, makeState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** What a command line that cannot be used prints on stderr. */
function complaint(words: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { stdout, stderr, exitCode } = hookbus(words, { HOOKBUS_HOME: '/nowhere', ...env });
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
  expect(stderr).toMatch(/^hookbus: [^\n]+\n$/);
  return stderr.slice('hookbus: '.length, -1);
}

it.each([
  ['lgos', 'unknown command "lgos"; did you mean "logs"? Try: hookbus --help'],
  ['frobnicate', 'unknown command "frobnicate". Try: hookbus --help'],
  ['--nosuch', 'unknown command "--nosuch". Try: hookbus --help'],
  ['--json', 'expected a command, got only options'],
  ['logs --hoook x', 'unknown option "--hoook"; did you mean "--hook"? Try: hookbus logs --help'],
  ['logs --limt=5', 'unknown option "--limt"; did you mean "--limit"? Try: hookbus logs --help'],
  ['logs -n 5', 'unknown option "-n". Try: hookbus logs --help'],
  ['logs extra', 'expected only options behind "logs", got "extra". Try: hookbus logs --help'],
  ['logs --hook', 'expected a value behind --hook, got none. Try: hookbus logs --help'],
  ['logs --hook --json', 'expected a value behind --hook, got none'],
  [
    'logs --limit 0',
    'expected --limit to be a whole number from 1 to 1000000, got "0". Try: hookbus logs --help',
  ],
  [
    'logs --limit 5x',
    'expected --limit to be a whole number from 1 to 1000000, got "5x". Try: hookbus logs --help',
  ],
  ['logs --limit 1 --limit 2', 'expected --limit once, got it 2 times. Try: hookbus logs --help'],
  [
    'logs --status bad',
    'expected --status to be one of success, blocked, error, timeout, dedupe_skip, breaker_skip, got "bad". Try: hookbus logs --help',
  ],
  [
    'logs --since soon',
    'expected --since to be an age such as 30m, 2h or 7d, or a date such as 2026-11-22, got "soon". Try: hookbus logs --help',
  ],
  [
    'metrics soon',
    'expected HOURS to be a number above 0 and at most 876000, got "soon". Try: hookbus metrics --help',
  ],
  [
    'metrics 0',
    'expected HOURS to be a number above 0 and at most 876000, got "0". Try: hookbus metrics --help',
  ],
  [
    'metrics -5',
    'expected HOURS to be a number above 0 and at most 876000, got "-5". Try: hookbus metrics --help',
  ],
  [
    'metrics 876001',
    'expected HOURS to be a number above 0 and at most 876000, got "876001". Try: hookbus metrics --help',
  ],
  [
    'metrics 1e3',
    'expected HOURS to be a number above 0 and at most 876000, got "1e3". Try: hookbus metrics --help',
  ],
  [
    'metrics 24 25',
    'expected only options behind "metrics 24", got "25". Try: hookbus metrics --help',
  ],
  ['show', 'expected the ID of an execution, got none. Try: hookbus show --help'],
  [
    'show abc',
    'expected ID to be a number, an execution id or at least 6 characters of its beginning, got "abc". Try: hookbus show --help',
  ],
  [
    'cleanup --older-than 7',
    'expected --older-than to be an age such as 12h, 7d or 4w, got "7". Try: hookbus cleanup --help',
  ],
])('hookbus %s', async (line, message) => {
  const { stdout, stderr, exitCode } = await perform(line.split(' '));
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
  if (line.includes('--json')) expect(JSON.parse(stderr)).toMatchObject({ error: { message } });
  else expect(stderr).toBe(`hookbus: ${message}\n`);
});

describe('one line says what is wrong', () => {
  it('whatever was typed', () => {
    expect(complaint(['logs', '--since', '\x1b[2J\nsecond line'])).toContain(
      'got "\\x1b[2J\\nsecond line"',
    );
    expect(complaint(['x'.repeat(5000)]).length).toBeLessThan(120);
  });

  it('with a retention that cannot be used, so that nothing is deleted by mistake', () => {
    const { home, paths } = freshState();
    makeDatabase(paths);
    const env = { HOOKBUS_HOME: home, HOOKBUS_RETENTION_DAYS: '30d' };
    expect(complaint(['cleanup'], env)).toBe(
      'HOOKBUS_RETENTION_DAYS: expected a whole number of days from 0 to 36500, got "30d". Try: hookbus cleanup --help',
    );
    expect(hookbus(['cleanup', '--older-than', '30d'], env).exitCode).toBe(0);
    expect(hookbus(['logs'], env).exitCode).toBe(0);
    writeFileSync(paths.config, '{"retention_days": -1}', { mode: 0o600 });
    expect(complaint(['cleanup'], { HOOKBUS_HOME: home })).toMatch(
      /^config\.json: .*retention_days/,
    );
  });

  it('where nothing says where the state directory is', () => {
    const message =
      'expected HOOKBUS_HOME or HOME to say where the state directory is, got neither';
    for (const words of [['logs'], ['show', '1'], ['metrics'], ['cleanup']]) {
      expect(complaint(words, { HOOKBUS_HOME: '' })).toBe(message);
    }
  });

  it('with a database of a newer HookBus, which it leaves alone', () => {
    const { home, paths } = freshState();
    makeNewerDatabase(paths);
    expect(complaint(['logs'], { HOOKBUS_HOME: home })).toMatch(
      /hook_bus\.db has version 99; this HookBus knows versions up to \d+\. Install the newer HookBus again/,
    );
  });

  it('with a state directory that is a file', () => {
    const { home } = freshState();
    writeFileSync(home, '');
    expect(complaint(['metrics'], { HOOKBUS_HOME: home })).toMatch(
      /^the state directory .* cannot be used: it is not a directory/,
    );
  });

  it('with a database that cannot be opened', () => {
    const { home, paths } = freshState();
    makeState(paths.home);
    mkdirSync(paths.database);
    expect(complaint(['cleanup'], { HOOKBUS_HOME: home })).toMatch(
      /^the database .* cannot be used: EISDIR/,
    );
  });

  it('of an execution that is not there, or not alone', () => {
    const { home, paths } = freshState();
    const env = { HOOKBUS_HOME: home };
    expect(complaint(['show', '1'], env)).toBe('no execution is recorded yet');
    writeExecutions(paths.database, [
      recordedOf(anExecution({ executionId: '01a20375-0000-7000-8000-000000000001' })),
      recordedOf(anExecution({ executionId: '01a20375-0000-7000-8000-000000000002' })),
    ]);
    expect(complaint(['show', '9'], env)).toMatch(/^there is no execution of number 9\. /);
    expect(complaint(['show', '01a2ff'], env)).toMatch(
      /^there is no execution whose id begins with /,
    );
    expect(complaint(['show', '01a203'], env)).toMatch(
      /^several executions have an id that begins /,
    );
  });
});

describe('without better-sqlite3', () => {
  /** The bundle alone, away from node_modules. */
  function runAlone(...words: readonly string[]) {
    const directory = temporaryDirectory();
    copyFileSync('dist/main.cjs', join(directory, 'main.cjs'));
    const { home, paths } = freshState();
    makeDatabase(paths);
    const script = "require('./main.cjs').main(process.argv.slice(1))";
    const { stdout, stderr, status } = spawnSync(execPath, ['-e', script, '--', ...words], {
      cwd: directory,
      encoding: 'utf8',
      env: { HOOKBUS_HOME: home },
    });
    return { stdout, stderr, status };
  }

  it('says in one line what to do', () => {
    for (const command of ['logs', 'status', 'metrics', 'cleanup']) {
      expect(runAlone(command)).toEqual({
        stdout: '',
        stderr:
          'hookbus: better-sqlite3 is not installed. Run `npm install` where hookbus is installed\n',
        status: 1,
      });
    }
  });

  it('has its help and its version', () => {
    expect(runAlone('logs', '--help')).toMatchObject({ stderr: '', status: 0 });
    expect(runAlone('--version')).toMatchObject({ stderr: '', status: 0 });
  });
});

it('shows where a fault was only under HOOKBUS_DEBUG=1', () => {
  const { home } = freshState();
  writeFileSync(home, '');
  const env = { HOOKBUS_HOME: home };
  expect(hookbus(['logs'], env).stderr).not.toContain('    at ');
  expect(hookbus(['logs'], { ...env, HOOKBUS_DEBUG: '1' }).stderr).toContain('    at ');
});
