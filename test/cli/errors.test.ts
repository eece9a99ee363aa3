import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState, makeDatabase, makeNewerDatabase, makeState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** The stderr of an invalid command line. */
async function complaint(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout, stderr, exitCode } = await hookbus(words, { HOOKBUS_HOME: '/nowhere', ...env });
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
  expect(stderr).toMatch(/^hookbus: [^\n]+\n$/);
  return stderr.slice('hookbus: '.length, -1);
}

it.each([
  ['lgos', 'unknown command "lgos". Did you mean "logs"? Try: hookbus logs --help'],
  ['tail', 'unknown command "tail". Did you mean "logs --follow"? Try: hookbus logs --help'],
  ['pause', 'unknown command "pause". Did you mean "off HOOK"? Try: hookbus off --help'],
  ['frobnicate', 'unknown command "frobnicate". Try: hookbus --help'],
  ['--nosuch', 'unknown command "--nosuch". Try: hookbus --help'],
  ['--json', 'no command given'],
  ['logs --hoook x', 'unknown option "--hoook". Did you mean "--hook"? Try: hookbus logs --help'],
  ['logs --limt=5', 'unknown option "--limt". Did you mean "--limit"? Try: hookbus logs --help'],
  ['logs -x 5', 'unknown option "-x". Try: hookbus logs --help'],
  ['logs -n', '--limit needs a value. Try: hookbus logs --help'],
  ['logs --errors', 'unknown option "--errors". Did you mean "--failed"? Try: hookbus logs --help'],
  [
    'logs extra',
    'unexpected argument "extra". Did you mean "--hook extra"? Try: hookbus logs --help',
  ],
  ['logs --hook', '--hook needs a value. Try: hookbus logs --help'],
  ['logs --hook --json', '--hook needs a value'],
  ['logs --hook --nosuch', '--hook needs a value. Try: hookbus logs --help'],
  ['logs --follow=maybe', '--follow takes no value, got "maybe". Try: hookbus logs --help'],
  ['logs -- --follow', 'unexpected argument "--follow". Try: hookbus logs --help'],
  ['logs -5', 'unexpected argument "-5". Did you mean "--limit 5"? Try: hookbus logs --help'],
  ['metrics -15 -15', 'unexpected argument "-15". Try: hookbus metrics --help'],
  [
    'logs --limit 0',
    '--limit must be a whole number from 1 to 1000000, got "0". Try: hookbus logs --help',
  ],
  [
    'logs --limit 5x',
    '--limit must be a whole number from 1 to 1000000, got "5x". Try: hookbus logs --help',
  ],
  ['logs --limit 1 --limit 2', '--limit was given 2 times; give it once. Try: hookbus logs --help'],
  [
    'logs --status bad',
    '--status must be one of success, blocked, error, timeout, dedupe_skip, breaker_skip, failed, skipped, got "bad". Try: hookbus logs --help',
  ],
  [
    'logs --since soon',
    '--since must be a time such as 7d, 24h, 90m, 30s or 2w, a number of hours, a date (2026-11-22), or a date and time (2026-11-22T14:30), got "soon". Try: hookbus logs --help',
  ],
  [
    'metrics soon',
    'TIME must be a time such as 7d, 24h, 90m, 30s or 2w, a number of hours, a date (2026-11-22), or a date and time (2026-11-22T14:30), got "soon". Try: hookbus metrics --help',
  ],
  [
    'metrics -5',
    'TIME must be a time such as 7d, 24h, 90m, 30s or 2w, a number of hours, a date (2026-11-22), or a date and time (2026-11-22T14:30), got "-5". Try: hookbus metrics --help',
  ],
  [
    'metrics 1e3',
    'TIME must be a time such as 7d, 24h, 90m, 30s or 2w, a number of hours, a date (2026-11-22), or a date and time (2026-11-22T14:30), got "1e3". Try: hookbus metrics --help',
  ],
  [
    'cleanup --older-than 7x',
    '--older-than must be a time such as 7d, 24h, 90m, 30s or 2w, a date (2026-11-22), or a date and time (2026-11-22T14:30), got "7x". Try: hookbus cleanup --help',
  ],
  [
    'cleanup --older-than 7',
    '--older-than "7" has no unit: 7d is days, 7h is hours. Try: hookbus cleanup --help',
  ],
  [
    'cleanup --older-than 2999-01-01',
    '--older-than must be now or earlier, got "2999-01-01". Try: hookbus cleanup --help',
  ],
  [
    'metrics 0',
    'TIME must be before now, and at most a hundred years ago, got "0". Try: hookbus metrics --help',
  ],
  [
    'metrics 2999-01-01',
    'TIME must be before now, and at most a hundred years ago, got "2999-01-01". Try: hookbus metrics --help',
  ],
  [
    'metrics --since 7d',
    '--since is not needed: type the time alone, as in `hookbus metrics 7d`. Try: hookbus metrics --help',
  ],
  ['metrics 24 25', 'unexpected argument "25". Try: hookbus metrics --help'],
  ['show', 'missing argument ID; `hookbus logs` lists the executions. Try: hookbus show --help'],
  [
    'show abc',
    'ID must be a number, an execution id, or at least its first 6 characters, got "abc". Try: hookbus show --help',
  ],
])('hookbus %s', async (line, message) => {
  const { stdout, stderr, exitCode } = await hookbus(line.split(' '));
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
  if (line.includes('--json')) expect(JSON.parse(stderr)).toMatchObject({ error: { message } });
  else expect(stderr).toBe(`hookbus: ${message}\n`);
});

describe('the error is one line', () => {
  it('even for control characters and long arguments', async () => {
    expect(await complaint(['logs', '--since', '\x1b[2J\nsecond line'])).toContain(
      'got "\\x1b[2J\\nsecond line"',
    );
    expect((await complaint(['x'.repeat(5000)])).length).toBeLessThan(120);
  });

  it('if the retention is invalid, and nothing is deleted', async () => {
    const { home, paths } = freshState();
    makeDatabase(paths);
    const env = { HOOKBUS_HOME: home, HOOKBUS_RETENTION_DAYS: '30d' };
    expect(await complaint(['cleanup'], env)).toBe(
      'HOOKBUS_RETENTION_DAYS: expected a whole number of days from 0 to 36500, got "30d". Try: hookbus cleanup --help',
    );
    expect((await hookbus(['cleanup', '--older-than', '30d'], env)).exitCode).toBe(0);
    expect((await hookbus(['logs'], env)).exitCode).toBe(0);
    writeFileSync(paths.config, '{"retention_days": -1}', { mode: 0o600 });
    expect(await complaint(['cleanup'], { HOOKBUS_HOME: home })).toMatch(
      /^config\.json: .*retention_days/,
    );
  });

  it('if no variable names the state directory', async () => {
    const message =
      'neither HOOKBUS_HOME nor HOME is set, so there is no state directory; set HOOKBUS_HOME to an absolute path';
    for (const words of [['logs'], ['show', '1'], ['metrics'], ['cleanup']]) {
      expect(await complaint(words, { HOOKBUS_HOME: '' })).toBe(message);
    }
  });

  it('if a newer HookBus wrote the database, which is not changed', async () => {
    const { home, paths } = freshState();
    makeNewerDatabase(paths);
    expect(await complaint(['logs'], { HOOKBUS_HOME: home })).toMatch(
      /hook_bus\.db has version 99; this HookBus knows versions up to \d+\. Install the newer HookBus again/,
    );
  });

  it('if the state directory is a file', async () => {
    const { home } = freshState();
    writeFileSync(home, '');
    expect(await complaint(['metrics'], { HOOKBUS_HOME: home })).toMatch(
      /^the state directory .* cannot be used: it is not a directory/,
    );
  });

  it('if the database cannot be opened', async () => {
    const { home, paths } = freshState();
    makeState(paths.home);
    mkdirSync(paths.database);
    expect(await complaint(['cleanup'], { HOOKBUS_HOME: home })).toMatch(
      /^the database .* cannot be used: EISDIR/,
    );
  });

  it('if no execution matches an id, or several do', async () => {
    const { home, paths } = freshState();
    const env = { HOOKBUS_HOME: home };
    expect(await complaint(['show', '1'], env)).toBe('no execution is recorded yet');
    writeExecutions(paths.database, [
      recordedOf(anExecution({ executionId: '01a20375-0000-7000-8000-000000000001' })),
      recordedOf(anExecution({ executionId: '01a20375-0000-7000-8000-000000000002' })),
    ]);
    expect(await complaint(['show', '9'], env)).toMatch(
      /^no execution has the number 9; the latest is 2\. /,
    );
    expect(await complaint(['show', '01a2ff'], env)).toMatch(
      /^no execution has an id that starts with /,
    );
    expect(await complaint(['show', '01a203'], env)).toMatch(
      /^several executions have an id that starts /,
    );
  });
});

describe('without better-sqlite3', () => {
  /** Runs the bundle outside of this checkout, without node_modules. */
  function runAlone(...words: readonly string[]) {
    const directory = temporaryDirectory();
    cpSync('dist', directory, { recursive: true });
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
    for (const command of ['logs', 'metrics', 'cleanup']) {
      expect(runAlone(command)).toEqual({
        stdout: '',
        stderr:
          'hookbus: better-sqlite3 is not installed. Install hookbus again where there is a C++ compiler, or use Node.js 22.13 or newer, which has SQLite.\n',
        status: 1,
      });
    }
    const { status, stdout } = runAlone('status');
    expect(status).toBe(0);
    expect(stdout.replace(/\s+/g, ' ')).toContain('better-sqlite3 is not installed');
  });

  it('still prints help and version', () => {
    expect(runAlone('logs', '--help')).toMatchObject({ stderr: '', status: 0 });
    expect(runAlone('--version')).toMatchObject({ stderr: '', status: 0 });
  });
});

it('prints a stack only with HOOKBUS_DEBUG=1', async () => {
  const { home } = freshState();
  writeFileSync(home, '');
  const env = { HOOKBUS_HOME: home };
  expect((await hookbus(['logs'], env)).stderr).not.toContain('    at ');
  expect((await hookbus(['logs'], { ...env, HOOKBUS_DEBUG: '1' })).stderr).toContain('    at ');
});
