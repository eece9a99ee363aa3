import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath } from 'node:process';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectSharedKeys } from '../../src/redis/shared-keys.ts';
import { findClient } from '../e2e/support/claude.ts';
import {
  aCounter,
  aMachine,
  type Counter,
  type Machine,
  OTHER,
  type Outcome,
  untilShared,
} from '../e2e/support/machine.ts';
import { hasLauncher, titleOf } from '../launcher/support/launcher.ts';
import { until } from '../support/daemon.ts';
import { canJoin, type Joined, joinedNamespaces } from '../support/joined-namespaces.ts';
import { aRedisServer, type RedisServer } from '../support/redis-server.ts';
import type { AtEnd } from '../support/temporary.ts';

const MACHINES = 8;
const PORT = 6379;

/** Far more than an engine ever waits for a server, in ms, and far less than a slow server takes. */
const MAX_DELAY_MS = 1500;
const SLOW_MS = 4000;

const valkey = findClient('valkey');
const hasValkey: true | string = 'client' in valkey || valkey.problem;
const isHere = hasLauncher === true ? canJoin : hasLauncher;

const SERVERS = [
  { name: 'Redis', program: 'redis-server', can: isHere },
  {
    name: 'Valkey',
    program: 'client' in valkey ? valkey.client : '',
    can: isHere === true ? hasValkey : isHere,
  },
];

const cleanUp: (() => void | Promise<void>)[] = [];
const atEnd: AtEnd = (work) => void cleanUp.unshift(work);
let machines: Machine[] = [];
let far: Joined;

/** What the server's namespace runs in front of the server, which delays what passes by as many ms as stdin says. */
const DELAYING = `
  let ms = 0;
  process.stdin.on('data', (line) => { ms = Number(line); });
  const { connect, createServer } = require('node:net');
  createServer((from) => {
    const to = connect(${PORT + 1}, '127.0.0.1');
    for (const [one, other] of [[from, to], [to, from]]) {
      one.on('data', (bytes) => setTimeout(() => other.write(bytes), ms));
      one.on('close', () => other.destroy()).on('error', () => other.destroy());
    }
  }).listen(${PORT}, '0.0.0.0', () => console.log('ready'));`;

async function aDelay(): Promise<(ms: number) => void> {
  const [program = '', ...words] = [...far.inside, execPath, '-e', DELAYING];
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => ended(child));
  await once(child.stdout, 'data');
  return (ms) => void child.stdin.write(`${ms}\n`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

beforeAll(async () => {
  if (SERVERS.every(({ can }) => can !== true)) return;
  const [server, ...others] = await joinedNamespaces(1 + MACHINES, atEnd);
  if (server === undefined) throw new Error('expected a namespace');
  far = server;
  const url = `redis://${server.host}:${PORT}`;
  machines = await Promise.all(others.map(({ inside }) => aMachine(url, { inside, atEnd })));
});

afterAll(async () => {
  for (const work of cleanUp) await work();
});

for (const { name, can } of SERVERS) {
  if (can !== true) process.stderr.write(`eight-machines.test.ts: skipped on ${name}: ${can}\n`);
}

const onAll = <T>(work: (machine: Machine) => Promise<T>): Promise<T[]> =>
  Promise.all(machines.map(work));
const codesOf = (outcomes: readonly Outcome[]) => outcomes.map(({ code }) => code);
const all = <T>(value: T): T[] => Array<T>(MACHINES).fill(value);

// The names of the machines' entries begin with hookbus:.
const NAMES = `local names = redis.call('keys', 'hookbus:*')`;
const FORGET = `${NAMES} for _, name in ipairs(names) do redis.call('del', name) end`;
/** The only entry, if it is that of a hook that has finished. */
const FINISHED = `${NAMES}
  local isFinished = #names == 1 and string.sub(redis.call('get', names[1]), 1, 5) == 'done:'
  return isFinished and names[1] or ''`;
const onlyFinished = (reply: string): string | undefined => /hookbus:\S+/.exec(reply)?.[0];

/** Waits until the daemon of every machine has a connection, or none. */
const untilConnected = (isConnected: boolean) =>
  until(isConnected ? 'connections' : 'no connection', async () => {
    const states = await onAll(({ state }) => state.ask());
    return states.every((state) => state?.shared_keys[0]?.connected === isConnected);
  });

/** The statuses that the machines recorded for one tool use, once there is one for each machine. */
const recordedOf = (toolUseId: string) =>
  until('a row on each machine', () => {
    const rows = machines.flatMap(({ state }) =>
      state.rows<{ status: string }>(
        `SELECT status FROM hook_logs WHERE tool_use_id = '${toolUseId}'`,
      ),
    );
    return rows.length >= MACHINES && rows.map(({ status }) => status).sort();
  });

/** Waits until a machine gives the result of another one, so that they share keys again. */
const untilSharedAgain = async (): Promise<void> => {
  await untilConnected(true);
  const [one, two] = machines;
  await untilShared(
    async (id, counter) => [await one?.run(id, counter), await two?.run(id, counter)],
    1,
  );
};

const runAll = (id: string, counter: Counter) => onAll((machine) => machine.run(id, counter));

/**
 * Runs a hook on all machines for one call that no other test makes. Each runs it, none waits longer than without a key
 * server, and each records that.
 */
async function allRunAlone(id: string): Promise<void> {
  const fastest = async (toolUse: string, url: string): Promise<number> => {
    const counter = aCounter();
    const startedAtMs = performance.now();
    const outcomes = await onAll((machine) =>
      machine.perform(
        ['run', '--dedupe', '--on-duplicate', 'replay', '--', 'sh', '-c', 'echo >>"$COUNT_FILE"'],
        { COUNT_FILE: counter.path, HOOKBUS_DEDUPE_URL: url },
        OTHER.replace(/(?<="tool_use_id":")[^"]*/, toolUse),
      ),
    );
    const tookMs = performance.now() - startedAtMs;
    expect(codesOf(outcomes)).toEqual(all(0));
    expect(counter.count()).toBe(MACHINES);
    expect(await recordedOf(toolUse)).toEqual(all('success'));
    return tookMs;
  };
  const alike = async (round: number) =>
    [await fastest(`${id}-${round}`, ''), await fastest(`${id}-off-${round}`, 'off')] as const;
  const [[sharedMs, aloneMs], [sharedAgainMs, aloneAgainMs]] = [await alike(1), await alike(2)];
  const delayMs = Math.min(sharedMs, sharedAgainMs) - Math.min(aloneMs, aloneAgainMs);
  expect(delayMs).toBeLessThan(MAX_DELAY_MS);
}

describe.each(SERVERS)('eight machines on $name', ({ name, program, can }) => {
  const aKeyServer = async (port = PORT): Promise<RedisServer> => {
    const host = port === PORT ? far.host : '127.0.0.1';
    // Without a password, it would otherwise refuse other machines.
    const words = ['--protected-mode', 'no'];
    return aRedisServer({ program: [...far.inside, program], at: { host, port }, words });
  };
  const test = it.skipIf(can !== true);

  test(
    titleOf('run a hook once in total at the same moment, and all give its result', can),
    async () => {
      await aKeyServer();
      await untilConnected(true);
      const [id, outcomes] = await untilShared(
        async (toolUse, counter) => [toolUse, await runAll(toolUse, counter)] as const,
        1,
        MACHINES,
      );
      expect(codesOf(outcomes)).toEqual(all(0));
      expect(new Set(outcomes.map(({ stdout }) => stdout)).size).toBe(1);
      expect(await recordedOf(id)).toEqual([...all('dedupe_skip').slice(1), 'success']);
    },
  );

  test(titleOf('repeat a refusal of one on all others, and never an allow', can), async () => {
    await aKeyServer();
    await untilConnected(true);
    const [first, ...others] = machines;
    const guards = async (id: string, counter: Counter, exitCode: number) => {
      const outcomes = [await first?.guard(id, counter, exitCode)];
      // One after the other: eight at once may take a busy machine more than the 50 ms of a claim.
      for (const machine of others) outcomes.push(await machine.guard(id, counter));
      return outcomes;
    };
    const refused = await untilShared((id, counter) => guards(id, counter, 2), 1, MACHINES);
    expect(refused.map((outcome) => outcome?.code)).toEqual(all(2));
    expect(new Set(refused.map((outcome) => outcome?.stderr)).size).toBe(1);
    const counter = aCounter();
    await guards(`${name}-allowed`, counter, 0);
    expect(counter.count()).toBe(MACHINES);
  });

  test(
    titleOf('run every hook at once when the server is killed while one runs', can),
    async () => {
      const server = await aKeyServer();
      await untilConnected(true);
      const counter = aCounter();
      const running = runAll(`${name}-killed`, counter);
      await until('the first to run', () => counter.count() > 0);
      await server.stop('SIGKILL');
      expect(codesOf(await running)).toEqual(all(0));
      await recordedOf(`${name}-killed`);
      await untilConnected(false);
      await allRunAlone(`${name}-stopped`);
      await server.start();
      await untilSharedAgain();
    },
  );

  test(titleOf('run every hook at once when the network loses everything', can), async () => {
    await aKeyServer();
    await untilConnected(true);
    far.plug(false);
    onTestFinished(() => far.plug(true));
    await allRunAlone(`${name}-unplugged`);
    await untilConnected(false);
    far.plug(true);
    await untilSharedAgain();
  });

  test(titleOf('run every hook at once when the server is slow', can), async () => {
    await aKeyServer(PORT + 1);
    const delay = await aDelay();
    await untilConnected(true);
    delay(SLOW_MS);
    await allRunAlone(`${name}-slow`);
    await untilConnected(false);
    delay(0);
    await untilSharedAgain();
  });

  test(titleOf('decide alone when another server is at the address', can), async () => {
    const [first, ...others] = machines;
    let calls = 0;
    /** The first machine refuses a new call; its entry is then the only one of the machines on the server. */
    const refuse = (server: RedisServer): Promise<{ id: string; entry: string }> =>
      until('an entry', async () => {
        calls += 1;
        const id = `${name}-refused-${calls}`;
        await server.ask('EVAL', FORGET, '0');
        expect((await first?.guard(id, aCounter(), 2))?.code).toBe(2);
        const entry = onlyFinished(await server.ask('EVAL', FINISHED, '0'));
        return entry === undefined ? undefined : { id, entry };
      });
    /** Each other machine decides about the call in its own way. */
    const othersDecide = async (what: string, { id }: { id: string }): Promise<void> => {
      const counter = aCounter();
      const ways = others.map((_, index) => (index % 2) * 2);
      const decided = others.map((machine, index) => machine.guard(id, counter, ways[index]));
      expect([what, codesOf(await Promise.all(decided))]).toEqual([what, ways]);
      expect(counter.count()).toBe(others.length);
    };

    const old = await aKeyServer();
    await untilConnected(true);
    const forgotten = await refuse(old);
    await old.stop('SIGKILL');
    await untilConnected(false);
    const server = await aKeyServer();
    await untilConnected(true);
    await othersDecide('an empty server', forgotten);
    // What this machine itself has refused, it still refuses.
    expect((await first?.guard(forgotten.id, aCounter(), 0))?.code).toBe(2);

    // A database that somebody edited: the result of another call, and that of machines with another secret.
    await server.ask('RENAME', (await refuse(server)).entry, 'another');
    const theirs = connectSharedKeys(`redis://localhost?path=${server.socketPath}`, {
      secret: 'another secret',
      keyPrefix: 'theirs:',
      answerMs: 5000,
    });
    onTestFinished(() => theirs.close());
    await theirs.claim('a key', 'a token', 60_000);
    await theirs.finish('a key', 'a token', { exitCode: 2 }, 60_000);
    const theirEntry = /theirs:\{[^}]*\}/.exec(await server.ask('KEYS', 'theirs:*'))?.[0] ?? '';
    const [swapped, foreign] = [await refuse(server), await refuse(server)];
    expect(await server.ask('COPY', 'another', swapped.entry, 'REPLACE')).toBe(':1\r\n');
    expect(await server.ask('COPY', theirEntry, foreign.entry, 'REPLACE')).toBe(':1\r\n');
    await server.ask('SAVE');
    await server.stop('SIGKILL');
    await untilConnected(false);
    await server.start();
    await untilConnected(true);
    await othersDecide("another call's entry", swapped);
    await othersDecide('an entry with another secret', foreign);
    await untilSharedAgain();
  });
});
