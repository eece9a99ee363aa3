import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatUntil } from '../../src/format.ts';
import { gatePath, readGate } from '../../src/gates/gate-file.ts';
import { listGates, writeGate } from '../../src/gates/gate-writer.ts';
import { redactText } from '../../src/redaction/redaction.ts';
import { CLI } from '../support/daemon.ts';
import { hookbus } from '../support/hookbus.ts';
import { canHavePolicy, underPolicy } from '../support/policy.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState, makeNewerDatabase } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const LINT = { hookName: 'lint', command: 'npx eslint' };
const HOUR_MS = 3_600_000;

/** A state directory with these executions; the default is one of `lint`, on an event where no hook can block. */
function aState(...executions: NonNullable<Parameters<typeof anExecution>[0]>[]) {
  const { home, paths } = freshState();
  const lint = { ...LINT, eventType: 'PostToolUse' };
  const given = executions.length > 0 ? executions : [lint];
  writeExecutions(
    paths.database,
    given.map((one) => recordedOf(anExecution({ createdAt: new Date().toISOString(), ...one }))),
  );
  const ask = (...words: string[]) => hookbus(words, { HOOKBUS_HOME: home });
  const json = async (...words: string[]) =>
    JSON.parse((await ask(...words, '--json')).stdout) as Record<string, unknown>;
  const gate = (hook = LINT) => readGate(gatePath(paths.gates, hook));
  return { home, paths, ask, json, gate, gates: () => listGates(paths.gates) };
}

/** On one line, so that the width of the terminal does not matter. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

const GUARD = { hookName: 'guard_rm', command: 'python3 guard_rm.py' };

it('status and doctor list hooks that are off in another state directory', async () => {
  const person = temporaryDirectory();
  const other = join(temporaryDirectory(), 'other');
  const run = (...words: string[]) => hookbus(words, { HOME: person });
  const there = (...words: string[]) => hookbus(words, { HOME: person, HOOKBUS_HOME: other });
  const elsewhere = async () =>
    JSON.parse((await run('status', '--json')).stdout)['switched_off_elsewhere'] as unknown[];
  await there('run', '--name', 'guard', '--', 'true');
  expect(await elsewhere()).toEqual([]);
  expect((await there('off', 'guard', '--command', 'true', '--yes')).exitCode).toBe(0);
  expect(await elsewhere()).toMatchObject([{ state_directory: other, hook_name: 'guard' }]);
  expect(oneLine((await run('status')).stdout)).toContain(
    `guard is off for hooks that use the state directory ${other}`,
  );
  expect(oneLine((await run('doctor')).stdout)).toContain('in another state directory');
  await there('on', 'guard');
  expect(await elsewhere()).toEqual([]);
});

describe('off', () => {
  it('skips a hook for an hour, and prints until when, as status does', async () => {
    const { ask, json, gate, paths } = aState();
    const before = Date.now();
    const { stdout } = await ask('off', 'lint');
    const untilMs = gate()?.untilMs ?? 0;
    expect(gate()?.kind).toBe('off');
    expect(untilMs - before).toBeGreaterThanOrEqual(HOUR_MS);
    expect(untilMs - before).toBeLessThan(HOUR_MS + 60_000);
    const until = formatUntil(new Date(untilMs), untilMs - HOUR_MS);
    expect(until).toMatch(/^(?:\d+ \w+ )?\d\d:\d\d \(1 h\)$/);
    expect(stdout).toBe(`"lint" is off until ${until}.\n`);
    expect(statSync(paths.gates).mode & 0o777).toBe(0o700);
    expect(statSync(gatePath(paths.gates, LINT)).mode & 0o777).toBe(0o600);
    expect((await ask('status')).stdout).toMatch(
      /- lint is off until [\s\S]*^ {2}off +lint: by hand; `hookbus on` switches it on/m,
    );
    expect(await json('on', 'lint')).toEqual({
      hook_name: 'lint',
      commands: ['npx eslint'],
      state: 'on',
      was: 'off',
      closed_breaker: false,
      on_record: true,
    });
    expect(existsSync(gatePath(paths.gates, LINT))).toBe(false);
    expect((await ask('on', 'lint')).stdout).toBe('"lint" was already on.\n');
  });

  it('skips a hook for at most 7 days', async () => {
    const { ask, json, gate } = aState();
    for (const [time, ms] of Object.entries({
      '30s': 30_000,
      '15m': 900_000,
      '7d': 168 * HOUR_MS,
    })) {
      const before = Date.now();
      const { until } = (await json('off', 'lint', '--for', time)) as { until: string };
      expect(Date.parse(until) - before).toBeGreaterThanOrEqual(ms);
      expect(Date.parse(until) - before).toBeLessThan(ms + 60_000);
      expect(gate()?.untilMs).toBe(Date.parse(until));
    }
    for (const time of ['8d', '169h', '7.001d', '2w']) {
      const { exitCode, stderr } = await ask('off', 'lint', '--for', time);
      expect({ time, exitCode }).toEqual({ time, exitCode: 1 });
      expect(stderr).toContain('at most 7 days');
    }
  });

  it.each([
    [
      'refused calls lately',
      [
        { ...GUARD, status: 'blocked', exitCode: 2 },
        { ...GUARD, status: 'dedupe_skip', exitCode: 2 },
        { ...GUARD, status: 'blocked', exitCode: 2, createdAt: '2026-11-20T10:00:00.000Z' },
      ],
      'guard_rm refused 2 calls in the last 24 h; while it is off, it refuses nothing.',
    ],
    [
      'refused one, on an event where no hook can block',
      [
        {
          ...GUARD,
          status: 'blocked',
          eventType: 'PostToolUse',
          createdAt: '2026-11-20T10:00:00.000Z',
        },
      ],
      'guard_rm refused 1 call before the last 24 h; while it is off, it refuses nothing.',
    ],
    [
      'refused calls by JSON',
      [{ ...GUARD, decision: 'deny', stdoutKind: 'json' }],
      'guard_rm refused 1 call in the last 24 h; while it is off, it refuses nothing.',
    ],
    [
      'runs where a hook can block',
      [
        { ...GUARD, eventType: 'Stop' },
        { ...GUARD, eventType: 'PostToolUse' },
      ],
      'guard_rm runs on Stop, where a hook can refuse; while it is off, it refuses nothing.',
    ],
    [
      'answers in JSON',
      [{ ...GUARD, eventType: 'PostToolUse', stdoutKind: 'json' }],
      'guard_rm answered 1 call with JSON, which may have been refusals; while it is off, it refuses nothing.',
    ],
    [
      'runs on no known event',
      [{ ...GUARD, eventType: '' }],
      'guard_rm runs on an unknown event, so it may refuse; while it is off, it refuses nothing.',
    ],
  ] as const)(
    'needs --yes for a hook that %s, and says what that means',
    async (_, executions, text) => {
      const { ask, json, gate, paths } = aState(...executions);
      for (const more of [[], ['--json'], ['--for', '5m']]) {
        const { exitCode, stdout, stderr } = await ask('off', 'guard_rm', ...more);
        expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
        expect(oneLine(stderr)).toContain(text);
        expect(stderr).toContain('--yes');
        expect(existsSync(paths.gates)).toBe(false);
      }
      expect(oneLine((await ask('off', 'guard_rm', '--yes')).stdout)).toMatch(
        /is off until .*\. guard_rm /,
      );
      expect(gate(GUARD)?.kind).toBe('off');
      expect(await json('off', 'guard_rm', '--yes')).toMatchObject({ can_refuse: true });
    },
  );

  it('asks at a terminal, and changes nothing without a yes', async () => {
    const { home, gate } = aState({ ...GUARD, status: 'blocked', exitCode: 2 });
    const ask = async (...answers: string[]) => {
      const user = { columns: 100, answers };
      const ended = await hookbus(['off', 'guard_rm'], { HOOKBUS_HOME: home }, undefined, user);
      return ended.stderr + ended.stdout;
    };
    for (const answers of [['n'], [''], ['x'], []]) {
      const shown = await ask(...answers);
      expect(shown).toContain('guard_rm refused 1 call in the last 24 h');
      expect(shown).toContain('Switch it off? [y/N]');
      expect(shown).toContain('nothing was changed');
      expect(gate(GUARD)).toBeUndefined();
    }
    expect(await ask('y')).toContain('is off until');
    expect(gate(GUARD)?.kind).toBe('off');
  });

  it('needs --command and --yes for a hook that never ran', async () => {
    const { ask, gate, paths } = aState();
    expect(await ask('off', 'lnt')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        'no hook named "lnt" is on record. Did you mean "lint"? If it never ran, add --command',
      ),
    });
    const words = ['off', 'lnt', '--command', 'make lint'];
    expect(oneLine((await ask(...words)).stderr)).toContain('cannot tell what it refuses');
    expect(existsSync(paths.gates)).toBe(false);
    const { stdout } = await ask(...words, '--yes');
    expect(stdout).toContain('No hook named "lnt" is on record. Did you mean "lint"?');
    expect(gate({ hookName: 'lnt', command: 'make lint' })?.kind).toBe('off');
    // Another command of a known name is not found either.
    expect((await ask('off', 'lint', '--command', 'make lint')).exitCode).toBe(1);
    expect((await ask('on', 'nothing-like-it')).stdout).toBe(
      'Nothing was changed. No hook named "nothing-like-it" is on record.\n',
    );
  });

  it('chooses, among hooks with the same name, those of this work tree, or those of --command or --all', async () => {
    const at = (cwd: string, command: string) => ({
      hookName: 'check',
      eventType: 'PostToolUse',
      cwd,
      command,
    });
    const far = [at('/somewhere/else', 'ruff check'), at('/somewhere/other', 'npx tsc')];
    const one = aState(...far);
    for (const word of ['off', 'on']) {
      if (word === 'on') await one.ask('off', 'check', '--all');
      const { exitCode, stderr } = await one.ask(word, 'check');
      expect(exitCode).toBe(1);
      for (const words of [
        '2 hooks are called "check"',
        '--command',
        '--all',
        'ruff check',
        'npx tsc',
      ])
        expect(stderr).toContain(words);
    }
    expect((await one.ask('on', 'check', '--all')).exitCode).toBe(0);
    expect(one.gates()).toEqual([]);
    await one.ask('off', 'check', '--command', 'npx tsc');
    expect(one.gates()).toMatchObject([{ hookName: 'check', command: 'npx tsc' }]);
    expect((await one.ask('off', 'check', '--command', 'x', '--all')).exitCode).toBe(1);

    const here = aState(...far, at(process.cwd(), 'npx biome'));
    expect(await here.json('off', 'check')).toMatchObject({ commands: ['npx biome'] });
    expect(here.gates()).toMatchObject([{ command: 'npx biome' }]);
    await here.ask('off', 'check', '--all');
    expect(here.gates()).toHaveLength(3);
    expect((await here.ask('status')).stdout).toContain('- check (ruff check) is off until');
    expect(await here.json('on', 'check')).toMatchObject({ commands: ['npx biome'], was: 'off' });
    expect(here.gates()).toHaveLength(2);
  });

  it('finds no hook by a redacted command, and stores no secret in the gate file', async () => {
    const secret = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
    const command = `lint --token ${secret}`;
    const { ask, gates, gate, paths } = aState({ ...LINT, command: redactText(command) });
    expect(redactText(command)).not.toContain(secret);
    expect((await ask('off', 'lint', '--yes')).stderr).toContain('without a secret');
    expect((await ask('off', 'lint', '--yes', '--command', command)).exitCode).toBe(0);
    expect(gate({ hookName: 'lint', command })?.kind).toBe('off');
    for (const { file } of gates())
      expect(readFileSync(join(paths.gates, file), 'utf8')).not.toContain(secret);
    expect((await ask('on', 'lint')).stdout).toContain('is on again');
    expect(gates()).toEqual([]);
  });

  it.each(['--x', '--json', '-h', '--'])(
    'accepts the name %j after --, as on does',
    async (name) => {
      const hook = { hookName: name, command: 'npx eslint' };
      const { ask, gate } = aState({ ...hook, eventType: 'PostToolUse' });
      expect((await ask('off', '--', name)).stdout).toContain(`"${name}" is off until`);
      expect(gate(hook)?.kind).toBe('off');
      expect((await ask('on', '--', name)).stdout).toContain(`"${name}" is on again.`);
      expect(gate(hook)).toBeUndefined();
    },
  );

  it.each([
    [['off'], 'missing argument HOOK'],
    [['on', ''], 'missing argument HOOK'],
    [['off', 'lint', '--for', '0s'], '--for must be above 0'],
    [['off', 'lint', '--for', 'ever'], '--for must be a time such as 7d'],
    [['off', 'lint', '--command', ''], '--command needs a value'],
    [['off', 'lint', 'format'], 'unexpected argument "format"'],
  ])('%j is refused', async (words, message) => {
    const { ask, paths } = aState();
    expect(await ask(...words)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(message),
    });
    expect(existsSync(paths.gates)).toBe(false);
  });

  it('needs a usable database, unlike on, but works before a database exists', async () => {
    const { home, paths } = freshState();
    makeNewerDatabase(paths);
    const ask = (env: string, ...words: string[]) => hookbus(words, { HOOKBUS_HOME: env });
    const words = ['off', 'lint', '--command', LINT.command];
    expect((await ask(home, ...words, '--yes', '--json')).stderr).toContain('E_DB_NEWER');
    expect(existsSync(paths.gates)).toBe(false);
    mkdirSync(paths.gates, { mode: 0o700 });
    writeGate(paths.gates, LINT, { kind: 'off', untilMs: Date.now() + HOUR_MS });
    expect(JSON.parse((await ask(home, 'on', 'lint', '--json')).stdout)).toMatchObject({
      was: 'off',
      on_record: null,
    });
    expect(readGate(gatePath(paths.gates, LINT))).toBeUndefined();
    const fresh = freshState();
    expect((await ask(fresh.home, 'off', 'lint', '--yes')).stderr).toContain('add --command');
    expect((await ask(fresh.home, 'on', 'lint')).stdout).toContain('is on record.');
    expect((await ask(fresh.home, ...words)).exitCode).toBe(1);
    expect((await ask(fresh.home, ...words, '--yes')).exitCode).toBe(0);
    expect(readGate(gatePath(fresh.paths.gates, LINT))).toBeDefined();
    expect(statSync(fresh.home).mode & 0o777).toBe(0o700);
  });

  it('reports why the gate file cannot be written', async () => {
    const { ask, paths } = aState();
    mkdirSync(join(gatePath(paths.gates, LINT), 'x'), { recursive: true });
    const { stderr, exitCode } = await ask('off', 'lint', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'E_GATE' } });
  });

  it('keeps the gate files of names such as ../x in its own directory', async () => {
    const { ask, gates, home } = aState();
    for (const name of ['../../evil', '..']) await ask('off', name, '--command', 'x', '--yes');
    expect(gates().map(({ file, hookName }) => [hookName, file.length])).toEqual(
      expect.arrayContaining([
        ['../../evil', 32],
        ['..', 32],
      ]),
    );
    expect(existsSync(join(home, '..', 'evil'))).toBe(false);
    expect((await ask('status')).stdout).toContain('- ../../evil is off until');
  });

  it('ignores the name of another hook in a gate file', async () => {
    const { json, paths } = aState();
    mkdirSync(paths.gates, { recursive: true });
    const path = gatePath(paths.gates, { hookName: 'guard', command: 'x' });
    writeFileSync(path, `off ${Date.now() + 60_000}\n{"hook":"lint","command":"x"}\n`);
    expect(await json('status')).toMatchObject({
      gates: [{ hook_name: basename(path), command: null, state: 'off' }],
    });
  });

  it('lists a gate file of an older version until `on` clears it', async () => {
    const { ask, json, paths } = aState();
    mkdirSync(paths.gates);
    writeFileSync(join(paths.gates, 'lint'), 'off 0\n');
    expect(await json('status')).toMatchObject({ gates: [], old_gates: ['lint'] });
    const text = 'lint runs: an older version switched it off, which no longer counts';
    expect(oneLine((await ask('status')).stdout)).toContain(text);
    expect(oneLine((await ask('doctor')).stdout)).toContain(
      'lint was switched off by an older version',
    );
    await ask('on', 'lint');
    expect(existsSync(join(paths.gates, 'lint'))).toBe(false);
    expect(await json('status')).toMatchObject({ old_gates: [] });
  });

  describe.skipIf(canHavePolicy !== true)('for a hook that root protects', () => {
    it.each([
      ['{"protected_hooks": ["lint"]}', 'good', ['lint']],
      ['{"protected_hooks": ["*"]}', 'good', ['*']],
      ['protected_hooks: lint', 'broken', ['*']],
    ] as const)(
      'is refused with the policy %s, and status and doctor report the policy',
      (policy, state, names) => {
        const { home, paths } = aState();
        const ask = (...words: string[]) => {
          const room = temporaryDirectory();
          const [program = '', ...before] = underPolicy(room, policy);
          return spawnSync(program, [...before, process.execPath, CLI, ...words], {
            env: { ...process.env, HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off' },
            encoding: 'utf8',
          });
        };
        for (const words of [
          ['off', 'lint', '--yes'],
          ['off', 'lint', '--yes', '--command', 'x'],
        ]) {
          const { status, stderr } = ask(...words);
          expect(status).toBe(1);
          expect(oneLine(stderr)).toContain(
            '"lint" is protected by /etc/hookbus/policy.json; as root',
          );
        }
        expect(existsSync(paths.gates)).toBe(false);
        const report = JSON.parse(ask('status', '--json').stdout) as { policy: unknown };
        expect(report.policy).toMatchObject({ state, protected_hooks: names });
        const text = names[0] === '*' ? 'every hook' : 'lint';
        expect(oneLine(ask('status').stdout)).toContain(`protected ${text}`);
        const found = oneLine(ask('doctor').stdout);
        if (state === 'broken') expect(found).toContain('protects every hook');
        else expect(found).not.toContain('policy.json:');
      },
      30_000,
    );
  });

  it.skipIf(canHavePolicy !== true)(
    'says that it does not skip runs without --name if root protects another hook',
    () => {
      const { home, paths } = aState();
      const ask = (...words: string[]) => {
        const policy = '{"protected_hooks": ["guard"]}';
        const [program = '', ...before] = underPolicy(temporaryDirectory(), policy);
        const { stdout } = spawnSync(program, [...before, process.execPath, CLI, ...words], {
          env: { ...process.env, HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off' },
          encoding: 'utf8',
        });
        return oneLine(stdout);
      };
      const text = 'Where it is run without --name it still runs';
      expect(ask('off', 'lint', '--yes', '--command', 'npx lint.js')).toContain(text);
      expect(readdirSync(paths.gates)).toHaveLength(3);
      expect(ask('off', 'other', '--yes', '--command', 'npx lint.js')).not.toContain(text);
      expect(ask('status')).toContain('guard, and every hook without --name');
      expect(ask('doctor')).toContain('protected by root: 1, and all without --name');
    },
    30_000,
  );
  if (canHavePolicy !== true) process.stderr.write(`gates.test.ts: ${canHavePolicy}\n`);
});

describe('config', () => {
  it('shows, sets and unsets values', async () => {
    const { ask, json, paths } = aState();
    expect((await ask('config', 'path')).stdout).toBe(`${paths.config}\n`);
    expect(await json('config')).toMatchObject({ state: 'absent', given: [], problem: null });
    expect(
      (await ask('config', 'set', 'breaker.hooks', 'lint: npx eslint, fmt: black')).stdout,
    ).toBe('breaker.hooks is now: ["lint: npx eslint","fmt: black"]\n');
    expect(await json('config', 'set', 'breaker.enabled', 'true')).toEqual({
      key: 'breaker.enabled',
      value: true,
      given: true,
    });
    expect(JSON.parse(readFileSync(paths.config, 'utf8'))).toEqual({
      breaker: { hooks: ['lint: npx eslint', 'fmt: black'], enabled: true },
    });
    expect((await ask('config', 'get', 'breaker.hooks')).stdout).toBe(
      '["lint: npx eslint","fmt: black"]\n',
    );
    expect((await ask('config', 'set', 'breaker.hooks', '["a,b"]')).stdout).toContain('["a,b"]');
    expect(await json('config', 'unset', 'breaker.hooks')).toMatchObject({
      value: [],
      given: false,
    });
    expect(await json('config')).toMatchObject({ state: 'good', given: ['breaker.enabled'] });
  });

  it.each([
    [['frob'], 'ACTION must be one of show, get'],
    [['get'], 'config get needs a KEY'],
    [['set', 'breaker.window'], 'config set needs a KEY and a VALUE'],
    [['set', 'breaker.windo', '3'], 'unknown key "breaker.windo". Did you mean "breaker.window"?'],
    [['set', 'toString.name', '3'], 'unknown key'],
    [['set', 'breaker.window', '0'], 'breaker.window must be a whole number'],
    [['set', 'breaker.enabled', 'maybe'], 'breaker.enabled must be true or false'],
    [['set', 'breaker.window', '3', '4'], 'unexpected argument "4"'],
    [['show', 'breaker'], 'unexpected argument "breaker"'],
  ])('%j is refused', async (words, message) => {
    const { ask, paths } = aState();
    expect(await ask('config', ...words)).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
    expect(existsSync(paths.config)).toBe(false);
  });

  it('says where config.json is invalid, and does not change it', async () => {
    const { ask, json, paths } = aState();
    writeFileSync(paths.config, '{"breaker": {"window": 0}}');
    expect(await json('config')).toMatchObject({
      state: 'refused',
      problem: expect.stringContaining('column 24'),
    });
    expect((await ask('config')).stdout.replace(/\s+/g, ' ')).toContain(
      'cannot be used: line 1, column 24',
    );
    expect((await ask('status')).stdout.replace(/\s+/g, ' ')).toContain('line 1, column 24');
    const { stderr } = await ask('config', 'set', 'breaker.window', '3', '--json');
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'E_CONFIG' } });
    expect(readFileSync(paths.config, 'utf8')).toBe('{"breaker": {"window": 0}}');
  });

  it('reports that config.json cannot be written', async () => {
    const { paths } = aState();
    const env = { HOOKBUS_HOME: join(paths.database, 'state') };
    const { stderr, exitCode } = await hookbus(
      ['config', 'set', 'breaker.window', '3', '--json'],
      env,
    );
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'E_CONFIG' } });
  });
});
