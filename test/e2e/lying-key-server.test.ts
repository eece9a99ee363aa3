import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { createSealer } from '../../src/redis/seal.ts';
import { LIBRARY } from '../library/support.ts';
import { until } from '../support/daemon.ts';
import { aServer } from '../support/redis-server.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import {
  aMachine,
  BLOCKING,
  ENGINES,
  forToolUse,
  type Machine,
  OTHER,
  outcomeOf,
} from './support/machine.ts';

/** Refuses a call that contains REFUSE. */
const GUARD = [
  'sh',
  '-c',
  'echo >>"$COUNT_FILE"; if grep -q REFUSE; then echo no >&2; exit 2; fi; echo allowed',
];
const calling = (payload: string, id: string, command: string): string =>
  forToolUse(payload, id).replace(/"command":"[^"]*"/, `"command":"${command}"`);

interface Stored {
  readonly key: string;
  readonly sealed: Buffer;
}

/** The words of a claim that a machine sends, and what else the lying server knows. */
interface Asked {
  readonly key: string;
  readonly token: string;
  /** What the machine sealed when it claimed. */
  readonly sealed: Buffer;
  readonly socket: Socket;
  /** What machines stored when they finished, the first one first. */
  readonly stored: readonly Stored[];
}

type Lie = (asked: Asked) => string | Buffer | undefined;

const bulk = (bytes: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(`$${Buffer.from(bytes).length}\r\n`), Buffer.from(bytes), NEWLINE]);
const NEWLINE = Buffer.from('\r\n');
const held = (prefix: string, sealed: string | Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('*2\r\n'),
    bulk('held'),
    bulk(Buffer.concat([Buffer.from(`${prefix}:somebody:`), Buffer.from(sealed)])),
  ]);
const CLAIMED = '*1\r\n$7\r\nclaimed\r\n';

/** The commands in what a client has sent; undefined if the last one is incomplete. */
function commandsIn(bytes: Buffer): { commands: Buffer[][]; rest: Buffer } {
  const commands: Buffer[][] = [];
  let rest = bytes;
  for (;;) {
    const command: Buffer[] = [];
    let at = 0;
    const line = (): string | undefined => {
      const end = rest.indexOf('\r\n', at);
      if (end < 0) return undefined;
      const text = rest.toString('latin1', at + 1, end);
      at = end + 2;
      return text;
    };
    const count = line();
    for (let left = Number(count ?? 0); left > 0; left -= 1) {
      const length = line();
      if (length === undefined || rest.length < at + Number(length) + 2) return { commands, rest };
      command.push(rest.subarray(at, at + Number(length)));
      at += Number(length) + 2;
    }
    if (count === undefined) return { commands, rest };
    commands.push(command);
    rest = rest.subarray(at);
  }
}

/** A server that looks real and answers claims with a lie; its answers to other words have no effect. */
async function aLiar(lie: Lie) {
  const stored: Stored[] = [];
  let claims = 0;
  const server = await aServer((socket) => {
    let bytes: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      const found = commandsIn(Buffer.concat([bytes, chunk]));
      bytes = found.rest;
      for (const command of found.commands) {
        const [lua = '', key = '', token = ''] = [1, 3, 4].map((at) => command[at]?.toString());
        const sealed = command[6] ?? Buffer.alloc(0);
        if (lua.includes('return {ARGV[1]}')) {
          socket.write(Buffer.concat([Buffer.from('*1\r\n'), bulk(token)]));
        } else if (lua.includes("{'claimed'}")) {
          claims += 1;
          const answer = lie({ key, token, sealed, socket, stored });
          if (answer !== undefined) socket.write(answer);
        } else {
          if (lua.includes("'done:'")) stored.push({ key, sealed });
          socket.write(':1\r\n');
        }
      }
    });
  });
  return { ...server, stored, claims: () => claims };
}

const FORGER = createSealer('a secret of the liar');
const times = { madeAtMs: Date.now(), untilMs: Date.now() + 3_600_000 };
const nothing = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
const forged = (key: string, exitCode: number): Buffer => {
  const name = /\{(.*)\}/.exec(key)?.[1] ?? '';
  return FORGER.seal(name, { exitCode, outputs: nothing }, times);
};

/** Sends one byte a second. */
function trickle(socket: Socket, bytes: Buffer): undefined {
  let at = 0;
  const timer = setInterval(() => {
    if (at === bytes.length || socket.destroyed) return clearInterval(timer);
    socket.write(bytes.subarray(at, at + 1));
    at += 1;
  }, 1000).unref();
  return undefined;
}

/** Sends more and more until the client closes the connection. */
function flood(socket: Socket): undefined {
  const much = Buffer.alloc(1024 * 1024, 'x');
  const pour = (): void => {
    while (!socket.destroyed && socket.write(much));
  };
  socket.on('drain', pour);
  socket.write('*2\r\n$4\r\nheld\r\n$4000000000\r\n');
  pour();
  return undefined;
}

const LIES: readonly (readonly [string, Lie])[] = [
  ['forges an allow', ({ key }) => held('done', forged(key, 0))],
  ['forges a refusal', ({ key }) => held('done', forged(key, 2))],
  ['forges a running execution', ({ key }) => held('run', FORGER.seal(key, 'running', times))],
  ['answers running forever', () => held('run', '')],
  ["answers running with the machine's own seal", ({ sealed }) => held('run', sealed)],
  ['answers done with a seal of a running execution', ({ sealed }) => held('done', sealed)],
  ['answers done without a result', () => held('done', '')],
  [
    "answers with another key's result",
    ({ stored: [first] }) => (first === undefined ? CLAIMED : held('done', first.sealed)),
  ],
  [
    'answers with half of a result',
    ({ stored: [first] }) =>
      first === undefined
        ? CLAIMED
        : held('done', first.sealed.subarray(0, first.sealed.length / 2)),
  ],
  ['answers claimed to everybody', () => CLAIMED],
  ['answers nothing', () => undefined],
  ['stops in the middle', () => '*2\r\n$4\r\nheld\r\n$60000\r\ndone:'],
  ['sends one byte a second', ({ socket, key }) => trickle(socket, held('done', forged(key, 0)))],
  ['sends gigabytes', ({ socket }) => flood(socket)],
  [
    'hangs up',
    ({ socket }) => {
      socket.destroy();
      return undefined;
    },
  ],
  [
    'answers twice',
    ({ key }) => Buffer.concat([held('done', forged(key, 0)), Buffer.from(CLAIMED)]),
  ],
  ['answers a number', () => ':0\r\n'],
  ['answers null', () => '_\r\n'],
  ['answers a map', () => '%1\r\n$4\r\nheld\r\n$4\r\ndone\r\n'],
  ['pushes a message', () => '>2\r\n$7\r\nmessage\r\n$4\r\ndone\r\n'],
  ['answers a number of many digits', () => `(${'9'.repeat(60_000)}\r\n`],
  ['answers a list of billions', () => '*4000000000\r\n$4\r\nheld\r\n'],
  ['answers a list of negative length', () => '*-9\r\n'],
  ['nests lists', () => '*1\r\n'.repeat(20_000)],
  ['streams a text', () => '$?\r\n;4\r\nheld\r\n;0\r\n'],
  ['answers an error', () => '-ERR no\r\n'],
  ['speaks HTTP', () => 'HTTP/1.1 200 OK\r\n\r\n'],
];

let calls = 0;

/**
 * Calls that the guard refuses and that it allows, bare and wrapped.
 * @returns how long the fastest wrapped one took, in ms
 */
async function decideAlike(
  machine: Machine,
  program: readonly string[],
  payload: string,
  { options = [], url = '' }: { options?: readonly string[]; url?: string } = {},
): Promise<number> {
  const count = join(temporaryDirectory(), 'count');
  const env = { ...machine.state.env, COUNT_FILE: count, HOOKBUS_DEDUPE_URL: url };
  writeFileSync(count, '');
  const runs = (): number => readFileSync(count, 'utf8').split('\n').length - 1;
  let fastestMs = Number.POSITIVE_INFINITY;
  for (const command of ['REFUSE', 'harmless', 'REFUSE again', 'harmless again']) {
    calls += 1;
    const input = calling(payload, `toolu_${calls}`, command);
    const bare = await outcomeOf(GUARD, env, input);
    const before = runs();
    const words = [...program, 'run', '--name', 'g', '--dedupe', ...options, '--', ...GUARD];
    const startedAtMs = performance.now();
    expect([command, await outcomeOf(words, env, input)]).toEqual([command, bare]);
    fastestMs = Math.min(fastestMs, performance.now() - startedAtMs);
    expect(runs() - before).toBe(1);
  }
  return fastestMs;
}

const REPLAY = { options: ['--on-duplicate', 'replay'] };

/** Twice as long as an engine waits for any answer, with room for a busy machine. */
const MAX_DELAY_MS = 1000;

/** Twice what a daemon needs, in bytes. */
const MAX_MEMORY_BYTES = 160_000_000;

/** 0 if the system does not report it. */
function peakMemoryOf(pid: number | undefined): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  return 1024 * Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(path, 'utf8'))?.[1]);
}

describe('a lying key server', () => {
  it.each(LIES)('changes no decision, and delays no guard, when it %s', async (_, lie) => {
    const liar = await aLiar(lie);
    const machine = await aMachine(liar.url);
    const [[engine, program] = ['', []]] = Object.entries(ENGINES);
    await until('a connection', () => liar.connections() > 0);
    const aloneMs = await decideAlike(machine, program, BLOCKING, { url: 'off' });
    expect(liar.claims()).toBe(0);
    expect((await decideAlike(machine, program, BLOCKING)) - aloneMs).toBeLessThan(MAX_DELAY_MS);
    expect((await decideAlike(machine, program, BLOCKING, REPLAY)) - aloneMs).toBeLessThan(
      MAX_DELAY_MS,
    );
    await decideAlike(machine, program, OTHER);
    if (engine === 'launcher') expect(liar.claims()).toBeGreaterThan(0);
    // The same daemon still runs, and never needed much memory.
    expect((await machine.state.ask())?.pid).toBe(machine.daemon.pid);
    expect(peakMemoryOf(machine.daemon.pid)).toBeLessThan(MAX_MEMORY_BYTES);
  });

  it('delays no hook for more than 5 s, whatever it sends, and no guard at all', async () => {
    const liar = await aLiar(({ sealed }) => held('run', sealed));
    const machine = await aMachine(liar.url);
    const [program = []] = Object.values(ENGINES);
    // Without one, a duplicate would not ask and be done at once.
    await until('a connection', () => liar.connections() > 0);
    const aloneMs = await decideAlike(machine, program, OTHER, { ...REPLAY, url: 'off' });
    const waitedMs = (await decideAlike(machine, program, OTHER, REPLAY)) - aloneMs;
    expect(waitedMs).toBeLessThan(5000 + MAX_DELAY_MS);
    if ('launcher' in ENGINES) expect(waitedMs).toBeGreaterThan(1000);
  });

  it.runIf('launcher' in ENGINES)(
    'is not believed after the TTL that a machine gave its refusal',
    async () => {
      const liar = await aLiar(({ stored, key }) => {
        const refusal = stored.find((each) => each.key === key);
        return refusal === undefined ? CLAIMED : held('done', refusal.sealed);
      });
      const [one, two] = [await aMachine(liar.url), await aMachine(liar.url)];
      const go = join(temporaryDirectory(), 'go');
      const guard = ['sh', '-c', '[ -e "$GO" ] || { echo no >&2; exit 2; }'];
      const words = ['run', '--name', 'g', '--dedupe', '--dedupe-ttl', '3', '--', ...guard];
      const run = (machine: Machine) => machine.perform(words, { GO: go }, BLOCKING);
      await until('a refusal on the server', async () => {
        expect((await run(one)).code).toBe(2);
        return liar.stored.length > 0;
      });
      writeFileSync(go, '');
      expect(await run(two)).toEqual({ code: 2, stdout: '', stderr: 'no\n' });
      for (const machine of [one, two])
        await until('the hook to decide again', async () => (await run(machine)).code === 0);
    },
  );
});

describe('processes that ask no key server', () => {
  it('the Node engine decides the same next to a lying server', async () => {
    const liar = await aLiar(({ key }) => held('done', forged(key, 0)));
    const machine = await aMachine(liar.url);
    const program = ENGINES['Node engine'] ?? [];
    await decideAlike(machine, program, BLOCKING);
    await decideAlike(machine, program, OTHER);
    expect(liar.claims()).toBe(0);
  });

  it('the library decides the same', async () => {
    const liar = await aLiar(({ key }) => held('done', forged(key, 0)));
    const machine = await aMachine(liar.url);
    const script = `
      import { guardedExecution } from ${JSON.stringify(LIBRARY)};
      for (const decision of ['block', 'approve']) {
        const body = () => ({ decision });
        const { output } = await guardedExecution('g', 'PreToolUse', {}, body, { dedupeKey: decision });
        console.log(output.decision);
      }`;
    const words = [execPath, '--input-type=module', '-e', script];
    const env = { ...machine.state.env, HOOKBUS_DEDUPE_URL: liar.url };
    expect(await outcomeOf(words, env, '')).toMatchObject({ code: 0, stdout: 'block\napprove\n' });
    expect(liar.claims()).toBe(0);
  });
});
