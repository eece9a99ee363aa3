import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { canBlock, EVENT_NAMES } from '../../src/domain/events.ts';
import {
  gateName,
  gatePath,
  giveBackProbe,
  PROBE_LEASE_MS,
  passGate,
} from '../../src/gates/gate-file.ts';
import { endProcess } from '../conformance/support/processes.ts';
import { aState, CLI, hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';

const ENGINES: Record<string, readonly string[]> = {
  'the Node engine': [process.execPath, CLI],
  ...(hasLauncher ? { 'the launcher': [LAUNCHER] } : {}),
};
if (!hasLauncher)
  process.stderr.write('probe.test.ts: no launcher was built, so it is not tried\n');
const programs = Object.values(ENGINES);

/** A state directory with a gate for the hook `noisy`; nothing is started in the background. */
function aGate(text: string, name = 'noisy', home?: string) {
  const state = aState(home);
  const env = { ...state.env, HOOKBUS_DAEMON: 'off' };
  mkdirSync(state.paths.gates, { mode: 0o700 });
  writeFileSync(gatePath(state.paths.gates, name), text);
  const ran = join(state.home, 'ran');
  /** Runs a hook that leaves a line. */
  const run = (program: readonly string[], hook = 'echo $$ >>"$0"; sleep 0.3') =>
    start([...program, 'run', '--name', name, '--', 'sh', '-c', hook, ran], env);
  return {
    ...state,
    env,
    run,
    runs: () => (existsSync(ran) ? readFileSync(ran, 'utf8').split('\n').length - 1 : 0),
    files: () => readdirSync(state.paths.gates).sort(),
    claims: () => readdirSync(state.paths.gates).filter((file) => file.includes('~')),
  };
}

const expired = () => `breaker ${Date.now() - 5}\n`;

describe('a breaker that has cooled down', () => {
  const of = (name: string, index: number): readonly string[] =>
    ENGINES[name] ?? programs[index % programs.length] ?? [];

  it.each([...Object.keys(ENGINES), 'both mixed'])(
    'lets one of 20 through at once under %s',
    async (name) => {
      const gate = aGate(expired());
      const ends = await Promise.all(
        Array.from({ length: 20 }, (_, index) => gate.run(of(name, index)).ended),
      );
      expect(gate.runs()).toBe(1);
      for (const ended of ends) expect(ended).toEqual({ code: 0, signal: null, stdout: '' });
      await start([process.execPath, CLI, 'logs'], gate.env).ended;
      const rows = gate.rows<{ status: string; error: string | null }>(
        'SELECT status, error FROM hook_logs',
      );
      expect(rows.filter(({ status }) => status === 'success')).toHaveLength(1);
      expect(rows.filter(({ error }) => error === 'breaker open')).toHaveLength(19);
    },
    60_000,
  );
});

describe.each(Object.entries(ENGINES))('%s', (_name, program) => {
  it('lets a probe through that fails, with its exit code, and nobody after it', async () => {
    const gate = aGate(expired());
    expect(await gate.run(program, 'echo out; exit 3').ended).toMatchObject({
      code: 3,
      stdout: 'out\n',
    });
    expect(await gate.run(program).ended).toMatchObject({ code: 0, stdout: '' });
    expect(gate.runs()).toBe(0);
  });

  it('lets another probe through once the lease of one that was killed is over', async () => {
    const gate = aGate(expired());
    const first = gate.run(program, 'echo $$ >>"$0"; exec sleep 60 >/dev/null 2>&1');
    await until('the probe to run', () => gate.runs() === 1);
    const hook = Number(readFileSync(join(gate.home, 'ran'), 'utf8'));
    first.child.kill('SIGKILL');
    // The Node engine does not take its hook along.
    if (program.length > 1) endProcess(hook);
    await first.ended;
    expect((await gate.run(program).ended).code).toBe(0);
    expect(gate.runs()).toBe(1);
    const [claim = ''] = gate.files().filter((name) => name.includes('~'));
    const then = (Date.now() - PROBE_LEASE_MS - 1000) / 1000;
    utimesSync(join(gate.paths.gates, claim), then, then);
    await Promise.all(Array.from({ length: 8 }, () => gate.run(program).ended));
    expect(gate.runs()).toBe(2);
    expect(gate.files().filter((name) => name.includes('~'))).toHaveLength(2);
  }, 30_000);

  it('lets one probe of a hook with a long name through, in a directory with a short one', async () => {
    const home = mkdtempSync('/tmp/');
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const gate = aGate(expired(), 'n'.repeat(120), home);
    for (let time = 0; time < 3; time += 1) await gate.run(program).ended;
    expect(gate.runs()).toBe(1);
  });

  it('runs the hook where 32 probes came to nothing: on doubt, it runs', async () => {
    const gate = aGate('breaker 100\n');
    for (let number = 0; number < 32; number += 1) {
      const claim = `${gatePath(gate.paths.gates, 'noisy')}~100.${number}`;
      writeFileSync(claim, '');
      utimesSync(claim, 1, 1);
    }
    expect(await gate.run(program, 'exit 3').ended).toMatchObject({ code: 3 });
  });

  it('makes no claim for a gate that is off, in force, over or nonsense', async () => {
    for (const text of ['off 0\n', 'off 1\n', `breaker ${Date.now() + 60_000}\n`, 'breaker\n']) {
      const gate = aGate(text);
      await gate.run(program).ended;
      expect(gate.files()).toEqual(['noisy']);
    }
  });
});

/** Runs `echo ran` as the hook `noisy`, with a dedupe key made of this tool call. */
const runKeyed = (
  program: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  toolUse: string,
  event = 'PostToolUse',
) => {
  const mode = event === 'Stop' ? ['--on-duplicate', 'replay'] : [];
  const options = ['--name', 'noisy', '--event', event, '--dedupe', ...mode];
  const words = ['run', ...options, '--', 'echo', 'ran'];
  const payload = JSON.stringify({ session_id: 's', tool_use_id: toolUse });
  return start([...program, ...words], env, payload).ended;
};

const RAN = { code: 0, signal: null, stdout: 'ran\n' };
const SKIPPED = { ...RAN, stdout: '' };

describe.each(Object.entries(ENGINES))('a dedupe key under %s', (_name, program) => {
  it('takes no probe from an execution that is asked for it where no daemon answers', async () => {
    const gate = aGate(expired());
    expect(await runKeyed(program, gate.env, 't1')).toEqual(RAN);
    expect(gate.claims()).toHaveLength(1);
    expect(await runKeyed(program, gate.env, 't2')).toEqual(SKIPPED);
  });

  it.each([
    ['skipped', 'PostToolUse', SKIPPED],
    ['answered from the first', 'Stop', RAN],
  ])(
    'of a duplicate that is %s leaves the probe to the next execution',
    async (_, event, answer) => {
      const state = aState();
      await state.daemon();
      expect(await runKeyed(program, state.env, 't1', event)).toEqual(RAN);
      await until('the row', () => state.rows('SELECT 1 FROM hook_logs').length === 1);
      mkdirSync(state.paths.gates, { recursive: true, mode: 0o700 });
      writeFileSync(gatePath(state.paths.gates, 'noisy'), expired());
      expect(await runKeyed(program, state.env, 't1', event)).toEqual(answer);
      await until(
        'the duplicate',
        () => state.rows("SELECT 1 FROM hook_logs WHERE status = 'dedupe_skip'").length === 1,
      );
      expect(readdirSync(state.paths.gates)).toEqual(['noisy']);
      expect(await runKeyed(program, state.env, 't2', event)).toEqual(RAN);
      expect(readdirSync(state.paths.gates)).toHaveLength(2);
      expect(await runKeyed(program, state.env, 't3', event)).toEqual(SKIPPED);
    },
  );
});

describe.each(Object.entries(ENGINES))(
  'a breaker for what cannot block, under %s',
  (_, program) => {
    it('is probed where the hook cannot block, and does not count elsewhere', async () => {
      const gate = aGate(`breaker ${Date.now() - 5} nonblocking\n`);
      const run = (event: string) => {
        const words = ['run', '--name', 'noisy', '--event', event, '--', 'echo', 'ran'];
        return start([...program, ...words], gate.env).ended;
      };
      expect(await run('PreToolUse')).toEqual(RAN);
      expect(gate.claims()).toEqual([]);
      expect(await run('PostToolUse')).toEqual(RAN);
      expect(gate.claims()).toHaveLength(1);
      expect(await run('PostToolUse')).toEqual(SKIPPED);
      expect(await run('PreToolUse')).toEqual(RAN);
    });

    it('leaves a hook out before its dedupe key is asked for', async () => {
      const gate = aGate(`breaker ${Date.now() + 60_000} nonblocking\n`);
      expect(await runKeyed(program, gate.env, 't1')).toEqual(SKIPPED);
      expect(await runKeyed(program, gate.env, 't1', 'PreToolUse')).toEqual(RAN);
      await start([process.execPath, CLI, 'logs'], gate.env).ended;
      expect(gate.rows('SELECT status, error FROM hook_logs ORDER BY created_at')).toEqual([
        { status: 'breaker_skip', error: 'breaker open' },
        { status: 'success', error: null },
      ]);
    });
  },
);

it.skipIf(!hasLauncher)(
  'both engines know of the same events that a hook can block there',
  async () => {
    const gate = aGate(`breaker ${Date.now() + 60_000} nonblocking\n`);
    const odd = ['', 'NewEvent', 'posttooluse', 'PostToolUse ', 'PostTool'];
    for (const event of [...EVENT_NAMES, ...odd]) {
      const words = [LAUNCHER, 'run', '--name', 'noisy', '--event', event, '--', 'echo', 'ran'];
      expect(await start(words, gate.env).ended, event).toEqual(canBlock(event) ? RAN : SKIPPED);
    }
  },
);

it('a claim whose lease is over is not given back, so that no probe runs beside the next', () => {
  const { paths } = aGate('breaker 100\n');
  const first = passGate(paths.gates, 'noisy', Date.now());
  const claim = `${gatePath(paths.gates, 'noisy')}~100.0`;
  expect(first).toEqual({ probe: claim });
  utimesSync(claim, 1, 1);
  giveBackProbe(first, Date.now());
  expect(existsSync(claim)).toBe(true);
  const second = passGate(paths.gates, 'noisy', Date.now());
  giveBackProbe(second, Date.now());
  expect(readdirSync(paths.gates)).toEqual(['noisy', 'noisy~100.0']);
});

it('the file of a gate is never that of a claim', () => {
  expect(gateName('a~100.0')).toBe('a%7E100.0');
});
