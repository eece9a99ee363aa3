import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { until } from '../support/daemon.ts';
import { aRedisServer, aServer } from '../support/redis-server.ts';
import {
  aCounter,
  aMachine,
  BLOCKING,
  type Counter,
  type Machine,
  OTHER,
  untilShared,
} from './support/machine.ts';

async function twoMachines(url: string): Promise<[Machine, Machine]> {
  return [await aMachine(url), await aMachine(url)];
}

describe('two machines that share dedupe keys', () => {
  it('run a hook once in total, with 20 processes on each at once, and all give its result', async () => {
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

  it('repeat a block of one machine on the other', async () => {
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

  it('never repeat an allow of one machine on the other, if a hook can block', async () => {
    const server = await aRedisServer();
    const [one, two] = await twoMachines(server.url);
    const counter = aCounter();
    expect((await one.guard('toolu_allowed', counter)).code).toBe(0);
    expect((await two.guard('toolu_allowed', counter, 2)).code).toBe(2);
    expect(counter.count()).toBe(2);
  });

  it('delay no guard for the other machine, even if that one never finishes', async () => {
    const server = await aRedisServer();
    const [one, two] = await twoMachines(server.url);
    const counter = aCounter();
    const line = `echo run >>"$COUNT_FILE"; [ -n "$GO" ] || until [ -e "$COUNT_FILE.go" ]; do sleep 0.02; done; exit 2`;
    const words = ['run', '--name', 'n', '--dedupe', '--', 'sh', '-c', line];
    const first = one.perform(words, { COUNT_FILE: counter.path }, BLOCKING);
    await until('the first to run', () => counter.count() === 1);
    const second = await two.perform(words, { COUNT_FILE: counter.path, GO: '1' }, BLOCKING);
    expect([second.code, counter.count()]).toEqual([2, 2]);
    writeFileSync(`${counter.path}.go`, '');
    expect((await first).code).toBe(2);
  });

  it('run a hook again that failed on the other machine', async () => {
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

  it('continue alone while the server is down, report that, and share again when it is back', async () => {
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

  it('never make a hook wait for a silent server', async () => {
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

  it('repeat a refusal with --on-duplicate replay, and no allow, if a hook can block', async () => {
    const server = await aRedisServer();
    const [one, two] = await twoMachines(server.url);
    const replay = ['--on-duplicate', 'replay'];
    const allowed = aCounter();
    expect((await one.guard('toolu_allowed', allowed, 0, replay)).code).toBe(0);
    expect((await two.guard('toolu_allowed', allowed, 2, replay)).code).toBe(2);
    expect(allowed.count()).toBe(2);
    const [first, second] = await untilShared(
      async (id, counter) =>
        [await one.guard(id, counter, 2, replay), await two.guard(id, counter, 0, replay)] as const,
      1,
    );
    expect(first.code).toBe(2);
    expect(second).toEqual(first);
  });

  it('skip a hook that cannot block once it has run on the other machine, and not while it runs there', async () => {
    const server = await aRedisServer();
    const [one, two] = await twoMachines(server.url);
    const line = `echo run >>"$COUNT_FILE"; until [ -e "$GO" ]; do sleep 0.02; done; echo done`;
    const start = (machine: Machine, key: string, counter: Counter, go: string) =>
      machine.perform(
        ['run', '--name', 'n', '--dedupe-key', key, '--', 'sh', '-c', line],
        { COUNT_FILE: counter.path, GO: go },
        OTHER,
      );
    const [first, second] = await untilShared(
      async (id, counter) =>
        [await start(one, id, counter, '/'), await start(two, id, counter, '/')] as const,
      1,
    );
    expect(first).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
    expect(second).toEqual({ code: 0, stdout: '', stderr: '' });

    const counter = aCounter();
    const running = start(one, 'runs', counter, `${counter.path}.go`);
    await until('the first to run', () => counter.count() === 1);
    expect((await start(two, 'runs', counter, '/')).stdout).toBe('done\n');
    writeFileSync(`${counter.path}.go`, '');
    expect((await running).stdout).toBe('done\n');
  });

  it('wait at most 5 s for a daemon that exited while it owned a key', async () => {
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
    const run = () => machine.perform(words, { COUNT_FILE: counter.path }, OTHER);
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
    // Its lease lasts 30 s.
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
  });

  it('share nothing with a machine that has another server or another secret', async () => {
    const [server, elsewhere] = [await aRedisServer(), await aRedisServer()];
    const machines = [
      await aMachine(server.url),
      await aMachine(elsewhere.url),
      await aMachine(server.url, { secret: 'another secret of one machine' }),
    ];
    const counter = aCounter();
    for (const machine of machines) await machine.run('toolu_elsewhere', counter);
    expect(counter.count()).toBe(3);
  });

  it('follow config.json: a run can keep its keys to itself, but choose no server', async () => {
    const [server, theirs] = [await aRedisServer(), await aServer(() => undefined)];
    const [one, two] = await twoMachines(server.url);
    const run = (machine: Machine, counter: Counter, key: string, url: string) =>
      machine.perform(
        ['run', '--name', 'n', '--dedupe-key', key, '--', 'sh', '-c', 'echo run >>"$COUNT_FILE"'],
        { COUNT_FILE: counter.path, HOOKBUS_DEDUPE_URL: url },
        OTHER,
      );
    const counter = aCounter();
    await run(one, counter, 'off', 'off');
    await run(two, counter, 'off', 'off');
    expect(counter.count()).toBe(2);
    await untilShared(async (id, runs) => {
      await run(one, runs, id, theirs.url);
      await run(two, runs, id, theirs.url);
      return true;
    }, 1);
    expect(theirs.connections()).toBe(0);
    const notices = async () => JSON.parse(await one.status()).notices as { text: string }[];
    const expected =
      'HOOKBUS_DEDUPE_URL: the only value is off; to use a key server, set dedupe.url in config.json';
    await until('the warning', async () =>
      (await notices()).some(({ text }) => text.includes(expected)),
    );
  });
});
