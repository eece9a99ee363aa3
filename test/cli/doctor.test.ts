import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DoctorReport, Finding } from '../../src/app/doctor/finding.ts';
import { statePaths } from '../../src/config/home/paths.ts';
import type { Execution } from '../../src/domain/execution.ts';
import { openDatabase } from '../../src/store/database.ts';
import { hookbus, hookbusProcess } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { makeCorruptDatabase, makeNewerDatabase, makeState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin');

/** A home and a project in which `doctor` runs. */
function aMachine() {
  const top = temporaryDirectory();
  const home = join(top, 'home');
  const state = join(home, 'state');
  for (const path of [home, join(top, 'project')]) mkdirSync(path);
  makeState(state, { HOME: home });
  const env = {
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: home,
    HOOKBUS_HOME: state,
    HOOKBUS_DAEMON: 'off',
  };
  const ask = (words: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    hookbus(words, { ...env, ...more }, join(top, 'project'));
  const report = async (more: Readonly<Record<string, string>> = {}): Promise<DoctorReport> =>
    JSON.parse((await ask(['doctor', '--json'], more)).stdout);
  const write = (path: string, content: unknown): string => {
    const file = join(top, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };
  const record = (...changes: Partial<Execution>[]): void =>
    writeExecutions(
      statePaths(state).database,
      changes.map((change) =>
        recordedOf(anExecution({ createdAt: new Date().toISOString(), ...change })),
      ),
    );
  const run = (words: readonly string[]) =>
    hookbusProcess(['run', ...words], { ...env, HOOKBUS_ENABLED: '1' });
  return { top, state, paths: statePaths(state), ask, run, report, write, record };
}

const findingsOf = ({ checks }: DoctorReport, name?: string): Finding[] =>
  checks.filter((check) => name === undefined || check.name === name).flatMap((c) => c.findings);

const textOf = (report: DoctorReport, name?: string): string =>
  findingsOf(report, name)
    .map(({ severity, what }) => `${severity}: ${what}`)
    .join('\n');

const hooks = (event: string, ...commands: (string | object)[]): object => ({
  hooks: {
    [event]: [
      {
        hooks: commands.map((command) =>
          typeof command === 'string' ? { type: 'command', command } : command,
        ),
      },
    ],
  },
});

describe('doctor on the installation', () => {
  it('finds no problem on a new machine', async () => {
    const { ask, report } = aMachine();
    expect(findingsOf(await report()).filter(({ severity }) => severity === 'problem')).toEqual([]);
    const { stdout, exitCode } = await ask(['doctor']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^HookBus \d+\.\d+\.\d+: no problems found/);
    for (const name of ['Node.js', 'launcher', 'SQLite', 'PATH', 'directory', 'database', 'daemon'])
      expect(stdout).toContain(name);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('reports another hookbus on PATH', async () => {
    const { top, report, write } = aMachine();
    chmodSync(write('bin/hookbus', '#!/bin/sh\n'), 0o755);
    const PATH = `${join(top, 'bin')}:/usr/bin:/bin`;
    expect(textOf(await report({ PATH }), 'PATH')).toContain(
      'advice: hookbus on PATH is another installation',
    );
    expect(textOf(await report({ PATH: `${BIN}:/usr/bin:/bin` }), 'PATH')).toBe('');
    // npm puts another file of the same HookBus on PATH.
    mkdirSync(join(top, 'npm'));
    symlinkSync(join(BIN, 'hookbus-command'), join(top, 'npm', 'hookbus'));
    expect(textOf(await report({ PATH: `${join(top, 'npm')}:/usr/bin:/bin` }), 'PATH')).toBe('');
  });

  it('reports invalid settings of this shell, of hooks and of config.json', async () => {
    const { report, run, write } = aMachine();
    run(['--timeout', 'soon', '--name', 'lint', '--', 'true']);
    write('home/state/config.json', '{ "breaker": 1 }');
    const text = textOf(await report({ HOOKBUS_MAX_BYTES: 'many' }), 'settings');
    expect(text).toContain('problem: HOOKBUS_MAX_BYTES: expected a whole number');
    expect(text).toMatch(/advice: lint: --timeout: expected .*soon/);
    expect(text).toMatch(/problem: .*config\.json cannot be used: /);
  });
});

describe('doctor on the state directory', () => {
  it('reports who else can read or write it', async () => {
    const { state, report } = aMachine();
    chmodSync(state, 0o755);
    expect(textOf(await report(), 'directory')).toContain('advice: other users can list');
    chmodSync(state, 0o777);
    expect(textOf(await report(), 'directory')).toContain('problem: others can write to');
  });

  it('reports that it is not a directory', async () => {
    const { top, ask, write } = aMachine();
    write('file', 'x');
    const { stdout, exitCode } = await ask(['doctor'], { HOOKBUS_HOME: join(top, 'file') });
    expect(stdout).toMatch(/the state directory \S+ cannot\s+be\s+used/);
    expect(exitCode).toBe(1);
  });

  it('finds a newer database, a corrupt one, and one in quarantine', async () => {
    const newer = aMachine();
    makeNewerDatabase(newer.paths);
    expect(textOf(await newer.report(), 'database')).toContain('this HookBus knows');

    const corrupt = aMachine();
    makeCorruptDatabase(corrupt.paths);
    expect(textOf(await corrupt.report(), 'database')).toContain(
      'a corrupt database is in quarantine',
    );
  });

  it('finds an overwritten database page', async () => {
    const { paths, report, record } = aMachine();
    record(...Array.from({ length: 400 }, () => ({ error: 'x'.repeat(500) })));
    const script = `import sys
f = open(sys.argv[1], 'r+b')
f.seek(4096 * 30)
f.write(b'\\xff' * 4096 * 4)`;
    expect(spawnSync('python3', ['-c', script, paths.database]).status).toBe(0);
    expect(textOf(await report(), 'database')).toMatch(/damaged|malformed|quarantine/);
  });
});

describe('doctor on settings files', () => {
  it('counts wrapped hooks, and checks whether recording is on', async () => {
    const { ask, report, write } = aMachine();
    write('home/.claude/settings.json', hooks('PreToolUse', 'python3 a.py', 'python3 b.py'));
    expect((await ask(['install', '--scope', 'user', '--only', 'a', '--enable'])).exitCode).toBe(0);
    const { checks } = await report();
    expect(checks.find(({ name }) => name === 'Claude Code')).toEqual({
      name: 'Claude Code',
      summary: '1 file, 1 of 2 hooks wrapped',
      findings: [],
    });
    expect(checks.find(({ name }) => name === 'recording')?.summary).toMatch(
      /^on for Claude Code, by .*settings/,
    );
  });

  it('finds prefixes whose program no longer exists', async () => {
    const { report, write } = aMachine();
    write(
      'home/.claude/settings.json',
      hooks(
        'PreToolUse',
        '/gone/hookbus run -- python3 a.py',
        "exec '/gone too/hookbus' run --shell 'a | b'",
        { type: 'command', command: '/gone/hookbus', args: ['run', '--', 'c'] },
      ),
    );
    const text = textOf(await report(), 'Claude Code');
    expect(text).toContain('a and c would start with /gone/hookbus, which does not exist');
    expect(text).toContain('/gone too/hookbus, which does not exist');
  });

  it('finds unguarded prefixes before guards, whoever wrote them', async () => {
    const { report, write, ask } = aMachine();
    const old = `[ -e ${BIN}/hookbus.js ] && set -- ${BIN}/hookbus.js run --; "$@" python3 a.py`;
    write(
      'home/.claude/settings.json',
      hooks(
        'PreToolUse',
        old,
        'hookbus run --name b -- ./b.sh',
        './c.sh',
        `[ -x /x/hookbus ] && [ -s /x/hookbus ] && set -- /x/hookbus run --name e --; "$@" ./e.sh`,
        '[ -x /x/hookbus ] && [ -s /x/hookbus ] && /x/hookbus run --name f -- ./f.sh',
      ),
    );
    write('project/.claude/settings.json', hooks('PostToolUse', `${BIN}/hookbus.js run -- ./d.sh`));
    const text = textOf(await report(), 'Claude Code');
    for (const name of ['a', 'b and f'])
      expect(text).toMatch(RegExp(`problem: .*the prefix of ${name} does not let the hook run`));
    expect(text.match(/does not let the hook run/g)).toHaveLength(2);
    await ask(['install']);
    expect(textOf(await report(), 'Claude Code')).not.toContain('the prefix of a ');
  });

  it('finds a launcher that cannot start, and which hooks still run', async () => {
    const { report, write, ask } = aMachine();
    const launcher = write('opt/hookbus', '');
    const line = `set -- ${launcher} run --; [ -f "$1" ] && [ -x "$1" ] && [ -s "$1" ] || set --; "$@" ./a.sh`;
    write('home/.claude/settings.json', hooks('PreToolUse', line));
    expect(textOf(await report(), 'Claude Code')).toContain(`${launcher}, which is empty`);
    write('opt/hookbus', 'x');
    expect(textOf(await report(), 'Claude Code')).toMatch(/^advice: .*which cannot be executed$/);
    chmodSync(launcher, 0o755);
    expect(textOf(await report(), 'Claude Code')).toBe('');
    write('home/.claude/settings.json', hooks('PreToolUse', './a.sh'));
    write('project/.claude/settings.json', hooks('Stop', './b.sh'));
    await ask(['install', '--scope', 'project']);
    expect(textOf(await report(), 'Claude Code')).toContain('look for hookbus on PATH');
  });

  it('reports invalid JSON with file, line and column', async () => {
    const { report, write } = aMachine();
    write('home/.claude/settings.json', '{\n  "hooks": {,}\n}');
    expect(textOf(await report(), 'Claude Code')).toMatch(/problem: .* line 2, column 13/);
  });

  it('finds the same hook in two files if the texts differ, but not if they are equal', async () => {
    const { report, write, ask } = aMachine();
    write('home/.claude/settings.json', hooks('Stop', 'python3 check.py'));
    write('project/.claude/settings.json', hooks('Stop', 'python3 check.py'));
    expect(textOf(await report(), 'Claude Code')).toBe('');
    await ask(['install', '--scope', 'user']);
    expect(textOf(await report(), 'Claude Code')).toBe('');
    await ask(['install', '--scope', 'user', '--scope', 'project']);
    const PATH = `${BIN}:/usr/bin:/bin`;
    expect(textOf(await report({ PATH }), 'Claude Code')).toBe('');
    write(
      'home/.claude/settings.json',
      hooks('Stop', `${join(BIN, 'hookbus')} run -- python3 check.py`),
    );
    expect(textOf(await report(), 'Claude Code')).toContain('check on Stop is in ');
  });
});

describe('doctor on recorded executions', () => {
  it('finds each problem that disarms a hook', async () => {
    const { record, report, ask } = aMachine();
    const call = { sessionId: 's', toolUseId: 't', hookName: 'twice', command: 'sh twice.sh' };
    record(
      { hookName: 'guard', status: 'error', exitCode: 1 },
      { hookName: 'guard' },
      { hookName: 'lost', status: 'error', exitCode: 127 },
      { hookName: 'chatty', stdoutKind: 'broken', stdoutBytes: 20 },
      { hookName: 'mute', status: 'blocked', exitCode: 2 },
      { hookName: 'context', eventType: 'SessionStart', stdoutKind: 'text', stdoutBytes: 10_001 },
      { hookName: 'json', stdoutKind: 'json', stdoutBytes: 20_000 },
      { hookName: 'slow', status: 'error', exitCode: undefined, error: 'cut off by SIGTERM' },
      call,
      call,
    );
    const text = textOf(await report(), 'hooks');
    expect(text.split('\n').sort()).toEqual(
      [
        'problem: guard exits 1 where only exit code 2 blocks (1 of 2 runs)',
        'problem: lost cannot start (1 of 1 run), so it guards nothing',
        'problem: chatty answers with broken JSON, which the agent ignores (1 of 1 run)',
        'advice: mute refuses without a reason on stderr (1 of 1 run)',
        'advice: context writes up to 10,001 bytes, more than the agent takes (1 of 1 run)',
        'advice: json writes up to 20,000 bytes, more than the agent takes (1 of 1 run)',
        'problem: slow was ended before it finished (1 of 1 run)',
        'advice: twice ran twice for the same call (once)',
      ].sort(),
    );
    expect((await ask(['doctor'])).exitCode).toBe(1);
    const [{ execution_id, log_id } = {}] = findingsOf(await report(), 'hooks');
    for (const id of [execution_id, log_id]) {
      expect((await ask(['show', `${id}`])).exitCode).toBe(0);
    }
  });

  it('finds no problem in healthy executions, and ignores old ones', async () => {
    const { record, report } = aMachine();
    const old = new Date(Date.now() - 25 * 3_600_000).toISOString();
    record(
      { status: 'blocked', exitCode: 2, stderrBytes: 12 },
      { status: 'blocked', exitCode: 2, stdoutKind: 'json', stdoutBytes: 12 },
      { eventType: 'PostToolUse', status: 'error', exitCode: 1 },
      { eventType: 'BeforeTool', status: 'error', exitCode: 1 },
      { eventType: 'PostToolUse', stdoutKind: 'text', stdoutBytes: 50_000 },
      { sessionId: 's', toolUseId: 't1' },
      { sessionId: 's', toolUseId: 't2' },
      { eventType: 'Stop', sessionId: 's', createdAt: new Date(Date.now() - 5000).toISOString() },
      { eventType: 'Stop', sessionId: 's' },
      { status: 'error', exitCode: 1, createdAt: old },
    );
    expect(textOf(await report(), 'hooks')).toBe('');
  });

  it('recognizes two settings files by two simultaneous starts of a session', async () => {
    const { record, report } = aMachine();
    record(
      { eventType: 'SessionStart', sessionId: 's' },
      { eventType: 'SessionStart', sessionId: 's' },
    );
    expect(textOf(await report(), 'hooks')).toContain('ran twice for the same call');
  });

  it('compares P99 only with the limit of the settings file and of the event', async () => {
    const { record, report, write } = aMachine();
    write('home/.claude/settings.json', {
      hooks: {
        PreToolUse: [
          { hooks: [{ type: 'command', command: 'sh near.sh', timeout: 5 }] },
          { hooks: [{ type: 'command', command: 'sh far.sh' }] },
        ],
      },
    });
    const runs = (change: Partial<Execution>): Partial<Execution>[] =>
      Array.from({ length: 10 }, () => change);
    record(
      ...runs({ hookName: 'near', durationMs: 4500 }),
      ...runs({ hookName: 'far', durationMs: 4500 }),
      ...runs({ hookName: 'bye', eventType: 'SessionEnd', durationMs: 1600 }),
      { hookName: 'once', eventType: 'SessionEnd', durationMs: 1600 },
    );
    expect(
      textOf(await report(), 'time limits')
        .split('\n')
        .sort(),
    ).toEqual([
      'advice: near on PreToolUse: its P99 is 4.50 s of a limit of 5.00 s',
      'problem: bye on SessionEnd: its P99 is 1.60 s of a limit of 1.50 s',
    ]);
  });

  it('compares the P99 of a hook that no file contains with the limit of the agent that ran it', async () => {
    const { record, report, write } = aMachine();
    write('home/.gemini/settings.json', {
      hooks: { AfterTool: [{ hooks: [{ type: 'command', command: 'sh found.sh' }] }] },
    });
    const runs = (change: Partial<Execution>): Partial<Execution>[] =>
      Array.from({ length: 10 }, () => ({ durationMs: 55_000, ...change }));
    record(
      ...runs({ hookName: 'found', eventType: 'AfterTool', agent: 'gemini' }),
      ...runs({ hookName: 'lost', eventType: 'BeforeTool', agent: 'gemini' }),
      ...runs({ hookName: 'lost', eventType: 'preToolUse', agent: 'copilot' }),
      ...runs({ hookName: 'both', eventType: 'PreToolUse', agent: 'claude' }),
      ...runs({ hookName: 'both', eventType: 'PreToolUse', agent: 'droid' }),
      ...runs({ hookName: 'one', eventType: 'PreToolUse', agent: 'claude' }),
      ...runs({ hookName: 'old', eventType: 'PreToolUse' }),
    );
    expect(
      textOf(await report(), 'time limits')
        .split('\n')
        .sort(),
    ).toEqual([
      'advice: both on PreToolUse: its P99 is 55.0 s of a limit of 1 min 00 s',
      'advice: found on AfterTool: its P99 is 55.0 s of a limit of 1 min 00 s',
      'advice: lost on BeforeTool: its P99 is 55.0 s of a limit of 1 min 00 s',
      'problem: lost on preToolUse: its P99 is 55.0 s of a limit of 30.0 s',
    ]);
  });

  it('warns of --on-duplicate replay for a guard, in settings files and in executions', async () => {
    const { run, report, write } = aMachine();
    const hook = (options: string) => ({
      hooks: [{ type: 'command', command: `hookbus run ${options} -- sh guard.sh` }],
    });
    write('home/.claude/settings.json', {
      hooks: {
        PreToolUse: [
          hook('--name one --dedupe --on-duplicate replay'),
          hook('--name two --dedupe --on-duplicate=replay'),
          hook('--name three --dedupe --on-duplicate deny'),
        ],
        Stop: [hook('--name four --dedupe --on-duplicate replay')],
      },
    });
    const words = ['--name', 'ran', '--event', 'PermissionRequest', '--on-duplicate', 'replay'];
    run([...words, '--dedupe', '--', 'true']);
    const said = (await report()).checks
      .flatMap(({ findings }) => findings)
      .map(({ what }) => what)
      .filter((what) => what.includes('--on-duplicate'));
    const path = expect.stringContaining('on PreToolUse has --on-duplicate replay');
    const noted = expect.stringMatching(
      /^ran: --on-duplicate: .* on PermissionRequest it repeats an allow/,
    );
    expect(said).toEqual(expect.arrayContaining([path, noted]));
    expect(said).toHaveLength(3);
  });

  it('finds the problems of real hooks in their executions', async () => {
    const { report, run } = aMachine();
    const runHook = (name: string, ...command: string[]) =>
      run(['--name', name, '--event', 'PreToolUse', '--', ...command]);
    runHook('one', 'sh', '-c', 'exit 1');
    runHook('none', '/nowhere/hook');
    runHook('two', 'sh', '-c', 'echo "{}"; echo "{}"');
    runHook('mute', 'sh', '-c', 'exit 2');
    const names = findingsOf(await report(), 'hooks').map(({ what }) => what.split(' ')[0]);
    expect(names.sort()).toEqual(['mute', 'none', 'one', 'two']);
  });
});

describe('doctor with an invalid argument', () => {
  it('finds a hook that fails every time, with what it says last, and not one that recovered', async () => {
    const { report, record } = aMachine();
    const failed = { eventType: 'PostToolUse', status: 'error', exitCode: 1 } as const;
    const error = 'Traceback (most recent call last):\nKeyError: SLACK_URL\n';
    record(...Array.from({ length: 4 }, () => ({ ...failed, hookName: 'slack', error })));
    record(...Array.from({ length: 2 }, () => ({ ...failed, hookName: 'twice' })));
    record(...Array.from({ length: 9 }, () => ({ ...failed, hookName: 'lint' })));
    record({ hookName: 'lint', eventType: 'PostToolUse' });
    const missing = { ...failed, exitCode: 127, hookName: 'missing' };
    record(...Array.from({ length: 3 }, () => missing));
    const text = textOf(await report(), 'hooks');
    expect(text.split('\n').filter((line) => line.includes('every time'))).toEqual([
      'problem: slack fails every time (4 of 4): KeyError: SLACK_URL',
    ]);
    expect(text).toContain('missing cannot start (3 of 3 runs)');
  });

  it('says each way in which a guard failed, and quotes each with its own words', async () => {
    const { report, record } = aMachine();
    const failed = { hookName: 'guard', status: 'error', exitCode: 1, error: 'no rules' } as const;
    const createdAt = new Date(Date.now() - 9000).toISOString();
    const before = { ...failed, createdAt };
    const lost = { ...before, exitCode: 127, error: 'rules.sh: not found' };
    const ended = { ...before, status: 'timeout', exitCode: 124, error: 'took too long' } as const;
    record(...Array.from({ length: 3 }, () => ended), lost, failed);
    record(...Array.from({ length: 6 }, () => ({ hookName: 'guard' })));
    expect(textOf(await report(), 'hooks').split('\n')).toEqual([
      'problem: guard could not start (1 of 11 runs), and guarded nothing then',
      'problem: guard was ended before it finished (3 of 11 runs)',
      'problem: guard exits 1 where only exit code 2 blocks (1 of 11 runs): no rules',
    ]);
    // That it could not start once does not hide that it does nothing now.
    record(...Array.from({ length: 9 }, () => ({ ...failed, hookName: 'crash' })));
    record({ ...lost, hookName: 'crash' });
    expect(textOf(await report(), 'hooks')).toContain(
      'problem: crash fails every time (10 of 10), so it guards nothing: no rules',
    );
  });

  it('says what Gemini CLI and Cline ignored of an exit code', async () => {
    const { report, record, paths } = aMachine();
    const createdAt = new Date().toISOString();
    const failed = { createdAt, status: 'error', exitCode: 1, error: 'no' } as const;
    const gemini = { hookName: 'guard', eventType: 'BeforeTool', agent: 'gemini' } as const;
    const cline = { hookName: 'cline', eventType: 'PreToolUse', agent: 'cline' } as const;
    const after = { ...cline, hookName: 'after', eventType: 'PostToolUse' } as const;
    const why = 'exit code 1 does not refuse: for';
    record(...Array.from({ length: 20 }, () => [gemini, cline]).flat());
    record(...Array.from({ length: 3 }, () => ({ ...after, ...failed })));
    const warned = (one: typeof gemini | typeof cline, said: string) =>
      recordedOf(anExecution({ ...one, ...failed }), [], [`${one.eventType}: ${why} ${said}`]);
    writeExecutions(paths.database, [
      warned(gemini, 'Gemini CLI, only exit code 2 or JSON does'),
      warned(cline, 'Cline, only cancel in JSON does'),
    ]);
    expect(
      textOf(await report(), 'hooks')
        .split('\n')
        .sort(),
    ).toEqual([
      'problem: after fails every time (3 of 3), so it guards nothing: no',
      expect.stringContaining(`problem: cline: ${why} Cline, only cancel in JSON does (1 time`),
      expect.stringContaining(`problem: guard: ${why} Gemini CLI, only exit code 2 or JSON does (`),
    ]);
  });

  it('finds a rare fault of a busy day', async () => {
    const { report, record, paths } = aMachine();
    const createdAt = new Date(Date.now() - 3_600_000).toISOString();
    record({ hookName: 'guard', status: 'error', exitCode: 1, createdAt });
    const db = openDatabase(paths.database, 0);
    db.exec(`WITH RECURSIVE runs (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM runs WHERE n < 10100)
      INSERT INTO hook_logs (execution_id, correlation_id, span_id, hook_name, event_type, command, status, exit_code, created_at)
      SELECT n, n, n, 'guard', 'PreToolUse', 'true', 'success', 0, strftime('%Y-%m-%dT%H:%M:%fZ') FROM runs`);
    db.close();
    expect(textOf(await report(), 'hooks')).toContain(
      'problem: guard exits 1 where only exit code 2 blocks (1 of 10,101 runs)',
    );
  });

  it('finds a guard that refused before its script changed and not since', async () => {
    const { report, record } = aMachine();
    const [before, after] = ['a'.repeat(64), 'b'.repeat(64)];
    const day = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    for (const hookName of ['guard', 'alive', 'same']) {
      record({ hookName, decision: 'deny', scriptDigest: before, createdAt: day(4) });
      record({ hookName, scriptDigest: hookName === 'same' ? before : after, createdAt: day(2) });
    }
    record({ hookName: 'alive', decision: 'deny', scriptDigest: after, createdAt: day(1) });
    // Another project has another file.
    record({ hookName: 'same', scriptDigest: after, project: '/other', createdAt: day(1) });
    const found = textOf(await report(), 'hooks').split('\n');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      /^advice: guard refused 1 time before its script changed at .* \(SHA-256 a{12}…, now b{12}…\), and not in 1 run since$/,
    );
  });

  it('finds a hook that exits 0 after a failure of its own', async () => {
    const { report, run, write } = aMachine();
    const hook = (name: string, text: string): void => {
      run(['--name', name, '--event', 'Stop', '--', '/bin/sh', write(`${name}.sh`, text)]);
    };
    hook('jq', 'no-such-program . ; exit 0');
    hook('py', 'echo "Traceback (most recent call last):" >&2; echo "KeyError: 1" >&2; exit 0');
    hook('js', 'printf "TypeError: x\\n    at f (/a/b.js:1:2)\\n" >&2; exit 0');
    hook('fine', 'echo "the page was not found: try again" >&2; exit 0');
    const text = textOf(await report(), 'hooks');
    const found = [...text.matchAll(/(\w+): exit code 0, but (.*) on stderr/g)];
    expect(found.map(([, name, what]) => [name, what]).sort()).toEqual([
      ['jq', '"command not found"'],
      ['js', 'a stack trace'],
      ['py', 'a traceback'],
    ]);
    // A guard that fails or answers in vain protects nothing; elsewhere that is no danger.
    const block =
      '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"block"}}';
    const answer = ['/bin/sh', write('say.sh', `echo '${block}'`)];
    run(['--name', 'vain', '--event', 'PreToolUse', '--', ...answer]);
    run([
      '--name',
      'late',
      '--event',
      'SessionEnd',
      '--',
      '/bin/sh',
      write('none.sh', 'no-such; exit 0'),
    ]);
    const both = textOf(await report(), 'hooks');
    expect(both).toMatch(/^problem: vain: permissionDecision "block" is not allow/m);
    expect(both).toMatch(/^advice: late: /m);
  });

  it('says what the argument must be', async () => {
    const { ask } = aMachine();
    const { stderr, exitCode } = await ask(['doctor', 'yesterday']);
    expect(stderr).toContain('TIME must be a time such as 7d');
    expect(exitCode).toBe(1);
  });
});
