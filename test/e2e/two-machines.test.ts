import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { aState, CLI, hasLauncher, LAUNCHER, until } from '../support/daemon.ts';
import { aRedisServer } from '../support/redis-server.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HOOK = join(ROOT, 'fixtures/hooks/count_run.sh');
const PAYLOAD = readFileSync(join(ROOT, 'fixtures/payloads/PreToolUse.Bash.json'), 'utf8');
const TOOL_USE_ID = 'toolu_01K9vQe7mX2bR4tYwZ6uJ8sD';

/** What hooks on both machines note when they run. */
interface Counter {
  readonly path: string;
  count(): number;
}

function aCounter(): Counter {
  const path = join(temporaryDirectory(), 'runs');
  return {
    path,
    count: () => (existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').length : 0),
  };
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A state directory with its daemon, as a machine of its own would have them. */
async function aMachine(url: string) {
  const state = aState();
  Object.assign(state.env, { HOOKBUS_DEDUPE_URL: url });
  const daemon = await state.daemon();
  const perform = async (
    words: readonly string[],
    env: Readonly<Record<string, string>>,
    input: string,
  ): Promise<Outcome> => {
    const [program = '', ...rest] = hasLauncher ? [LAUNCHER, ...words] : [execPath, CLI, ...words];
    const child = spawn(program, rest, { env: { ...state.env, ...env } });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].on('data', (chunk: Buffer) => {
        said[stream] += chunk.toString();
      });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    return { code: code as number | null, ...said };
  };
  return {
    state,
    daemon,
    perform,
    /** Runs the hook for one tool use; a duplicate of whatever else runs for it. */
    run: (toolUseId: string, counter: Counter, exitCode = 0): Promise<Outcome> =>
      perform(
        ['run', '--dedupe', '--on-duplicate', 'replay', '--', HOOK],
        { COUNT_FILE: counter.path, COUNT_EXIT: String(exitCode) },
        PAYLOAD.replace(TOOL_USE_ID, toolUseId),
      ),
    /** The same as a guard: only a refusal is given again. */
    guard: (toolUseId: string, counter: Counter, exitCode = 0): Promise<Outcome> =>
      perform(
        ['run', '--dedupe', '--', HOOK],
        { COUNT_FILE: counter.path, COUNT_EXIT: String(exitCode) },
        PAYLOAD.replace(TOOL_USE_ID, toolUseId),
      ),
    status: async (): Promise<string> => (await perform(['status', '--json'], {}, '')).stdout,
    statuses: (): string[] =>
      state.rows<{ status: string }>('SELECT status FROM hook_logs').map((row) => row.status),
  };
}

type Machine = Awaited<ReturnType<typeof aMachine>>;

/** So many were made up so far: each is a key that nobody has. */
let toolUses = 0;

/**
 * Does something for one tool use after the other until the machines shared its key: a server that takes longer than
 * 50 ms on a busy machine counts as not there, and then each machine runs the hook once.
 */
async function untilShared<T>(
  act: (toolUseId: string, counter: Counter) => Promise<T>,
  runs: number,
): Promise<T> {
  return until(
    'the machines to share a key',
    async () => {
      toolUses += 1;
      const counter = aCounter();
      const outcome = await act(`${TOOL_USE_ID}-${toolUses}`, counter);
      expect(counter.count()).toBeGreaterThanOrEqual(runs);
      expect(counter.count()).toBeLessThanOrEqual(2 * runs);
      return counter.count() === runs ? outcome : undefined;
    },
    20_000,
  );
}

async function twoMachines(url: string): Promise<[Machine, Machine]> {
  return [await aMachine(url), await aMachine(url)];
}

describe('two machines that share dedupe keys', () => {
  it('run a hook once in all, with 20 processes on each at once, and all give its result', async () => {
    const server = await aRedisServer();
    const machines = await twoMachines(server.url);
    const outcomes = await untilShared(
      (id, counter) =>
        Promise.all(
          machines.flatMap((machine) => Array.from({ length: 20 }, () => machine.run(id, counter))),
        ),
      1,
    );
    expect(outcomes).toHaveLength(40);
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(outcomes[0]).toMatchObject({ code: 0, stderr: '' });
    expect(outcomes[0]?.stdout).toMatch(/^done by \d+\n$/);
    await until('all rows', () => {
      const statuses = machines.flatMap((machine) => machine.statuses());
      return statuses.length >= 40 && statuses.length % 40 === 0;
    });
    for (const machine of machines)
      expect(machine.statuses().every((word) => ['success', 'dedupe_skip'].includes(word))).toBe(
        true,
      );
  });

  it('give the block of one on the other', async () => {
    const server = await aRedisServer();
    const [one, two] = await twoMachines(server.url);
    const [first, second] = await untilShared(
      async (id, counter) =>
        [await one.guard(id, counter, 2), await two.guard(id, counter, 2)] as const,
      1,
    );
    expect(first).toMatchObject({ code: 2, stderr: expect.stringMatching(/^count_run: no/) });
    expect(second).toEqual(first);
  });

  it('never give the allow of one on the other, where a hook can block', async () => {
    const server = await aRedisServer();
    const [one, two] = await twoMachines(server.url);
    const counter = aCounter();
    expect((await one.guard('toolu_allowed', counter)).code).toBe(0);
    expect((await two.guard('toolu_allowed', counter, 2)).code).toBe(2);
    expect(counter.count()).toBe(2);
  });

  it('hold up no guard for the other, be that never done', async () => {
    const server = await aRedisServer();
    const [one, two] = await twoMachines(server.url);
    const counter = aCounter();
    const line = `echo run >>"$COUNT_FILE"; [ -n "$GO" ] || until [ -e "$COUNT_FILE.go" ]; do sleep 0.02; done; exit 2`;
    const words = ['run', '--name', 'n', '--dedupe', '--', 'sh', '-c', line];
    const first = one.perform(words, { COUNT_FILE: counter.path }, PAYLOAD);
    await until('the first to run', () => counter.count() === 1);
    const second = await two.perform(words, { COUNT_FILE: counter.path, GO: '1' }, PAYLOAD);
    expect([second.code, counter.count()]).toEqual([2, 2]);
    writeFileSync(`${counter.path}.go`, '');
    expect((await first).code).toBe(2);
  });

  it('run a hook again that failed on the other', async () => {
    const server = await aRedisServer();
    const [one, two] = await twoMachines(server.url);
    const [failed, ran, duplicate] = await untilShared(
      async (id, counter) =>
        [
          await one.run(id, counter, 1),
          await two.run(id, counter, 0),
          await one.run(id, counter, 0),
        ] as const,
      2,
    );
    expect(failed.code).toBe(1);
    expect(ran.code).toBe(0);
    expect(duplicate).toEqual(ran);
    expect(duplicate.stdout).not.toBe(failed.stdout);
  });

  it('go on by themselves while the server is gone, say so, and share again when it is back', async () => {
    const server = await aRedisServer();
    const machines = await twoMachines(server.url);
    const onBoth = (id: string, counter: Counter) =>
      Promise.all(
        machines.flatMap((machine) => [machine.run(id, counter), machine.run(id, counter)]),
      );
    await untilShared(onBoth, 1);

    await server.stop();
    const counter = aCounter();
    const outcomes = await onBoth('toolu_alone', counter);
    expect(outcomes.map((outcome) => outcome.code)).toEqual([0, 0, 0, 0]);
    expect(counter.count()).toBe(2);
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(outcomes[2]).toEqual(outcomes[3]);
    for (const machine of machines) expect(await machine.status()).toMatch(/unreachable/);

    await server.start();
    await untilShared(onBoth, 1);
    for (const machine of machines) expect(await machine.status()).not.toMatch(/unreachable/);
  });

  it('never make a hook wait for a server that says nothing', async () => {
    const server = await aRedisServer();
    const machines = await twoMachines(server.url);
    server.process().kill('SIGSTOP');
    const counter = aCounter();
    const outcomes = await Promise.all(
      machines.flatMap((machine) =>
        Array.from({ length: 5 }, () => machine.run('toolu_deaf', counter)),
      ),
    );
    expect(outcomes.map((outcome) => outcome.code)).toEqual(Array(10).fill(0));
    expect(counter.count()).toBe(2);
    server.process().kill('SIGCONT');
    await untilShared(
      (id, runs) => Promise.all(machines.map((machine) => machine.run(id, runs))),
      1,
    );
  });

  it('do not wait for a daemon that left while it had a key', async () => {
    const server = await aRedisServer();
    const machine = await aMachine(server.url);
    const counter = aCounter();
    const line = `echo run >>"$COUNT_FILE"; until [ -e "$COUNT_FILE.go" ]; do sleep 0.02; done; exit 1`;
    const words = [
      'run',
      '--name',
      'n',
      '--dedupe-key',
      'k',
      '--on-duplicate',
      'replay',
      '--',
      'sh',
      '-c',
      line,
    ];
    const run = () => machine.perform(words, { COUNT_FILE: counter.path }, PAYLOAD);
    const first = run();
    await until('the first to run', () => counter.count() === 1);
    machine.daemon.kill('SIGTERM');
    expect(await once(machine.daemon, 'exit')).toEqual([0, null]);
    await machine.state.daemon();
    writeFileSync(`${counter.path}.go`, '');
    expect((await first).code).toBe(1);
    const startedAtMs = performance.now();
    expect((await run()).code).toBe(1);
    expect(counter.count()).toBe(2);
    // Its lease would have lasted 30 s.
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
  });

  it('share nothing with a machine that has another server', async () => {
    const [server, elsewhere] = [await aRedisServer(), await aRedisServer()];
    const machines = [await aMachine(server.url), await aMachine(elsewhere.url)];
    const counter = aCounter();
    await Promise.all(machines.map((machine) => machine.run(TOOL_USE_ID, counter)));
    expect(counter.count()).toBe(2);
  });
});
