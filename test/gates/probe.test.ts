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
import { gateName, gatePath, PROBE_LEASE_MS } from '../../src/gates/gate-file.ts';
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
    runs: () => (existsSync(ran) ? readFileSync(ran, 'utf8').trim().split('\n').length : 0),
    files: () => readdirSync(state.paths.gates).sort(),
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
    if (program.length > 1) process.kill(hook, 'SIGKILL');
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

it('the file of a gate is never that of a claim', () => {
  expect(gateName('a~100.0')).toBe('a%7E100.0');
});
