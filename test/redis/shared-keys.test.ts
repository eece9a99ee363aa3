import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { KeyedEnd } from '../../src/domain/key/dedupe-key.ts';
import { createSealer } from '../../src/redis/seal.ts';
import {
  connectSharedKeys,
  type SharedKeys,
  SharedKeysError,
  type SharedKeysOptions,
  type SharedState,
} from '../../src/redis/shared-keys.ts';
import { until } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { aCertificate, aRedisServer, aServer, type RedisServer } from '../support/redis-server.ts';

const KEY = 'guard_rm:PreToolUse:toolu_01/home/dev/secret project';
const LEASE_MS = 60_000;
/** Redaction takes this for a secret. */
const TOKEN = ['ghp', 'A'.repeat(10) + 'b1'.repeat(13)].join('_');
/** As in production; tests that are not about time wait longer, so that a busy machine does not fail them. */
const SECRET = 'a secret of the machines';
const IN_USE: SharedKeysOptions = { secret: SECRET, answerMs: 50 };
const PATIENT: SharedKeysOptions = { secret: SECRET, answerMs: 5000 };

function keysOf(url: string, options: SharedKeysOptions = PATIENT): SharedKeys {
  const keys = connectSharedKeys(url, options);
  onTestFinished(() => keys.close());
  return keys;
}

async function connected(url: string, options?: SharedKeysOptions): Promise<SharedKeys> {
  const keys = keysOf(url, options);
  await until('a connection', () => keys.state().isConnected).catch((error: Error) => {
    throw new Error(`${error.message}: ${keys.state().lastError}`);
  });
  return keys;
}

/** The error of a call. */
async function failureOf(call: Promise<unknown>): Promise<SharedKeysError> {
  const error = await call.then(
    (value) => {
      throw new Error(`expected a failure, got ${JSON.stringify(value)}`);
    },
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SharedKeysError);
  return error as SharedKeysError;
}

/** The same, and asserts that it came before `turn`: a busy machine delays both. */
async function failureBefore(
  turn: (pass: () => void) => void,
  call: Promise<unknown>,
): Promise<SharedKeysError> {
  let isLate = false;
  turn(() => {
    isLate = true;
  });
  const error = await failureOf(call);
  expect(isLate, `late: ${error.message}`).toBe(false);
  return error;
}

/** A failure within a number of ms. */
const failureWithin = (ms: number, call: Promise<unknown>): Promise<SharedKeysError> =>
  failureBefore((pass) => setTimeout(() => setImmediate(pass), ms), call);

/** A failure within this turn of the event loop, so that nothing was waited for. */
const failureAtOnce = (call: Promise<unknown>): Promise<SharedKeysError> =>
  failureBefore(setImmediate, call);

const slotOf = (key: string, secret = SECRET): string =>
  `hookbus:{${createSealer(secret).nameOf(key)}}`;

const resultOf = (
  stdout: Uint8Array,
  stderr: Uint8Array = Buffer.alloc(0),
  exitCode = 0,
): KeyedEnd => ({ exitCode, outputs: { stdout, stderr } });

/** A refusal, which is all that a duplicate may get if a hook can block. */
const REFUSAL = resultOf(Buffer.alloc(0), Buffer.from('no: rm -rf /\n'), 2);

/** A form that shows a difference of large results without printing them. */
function digestOf({ exitCode, outputs }: KeyedEnd) {
  const digest = (bytes: Uint8Array): string =>
    `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex')}`;
  return { exitCode, ...(outputs && { out: digest(outputs.stdout), err: digest(outputs.stderr) }) };
}

/** Claims a key. For a moment after its end the server still has the expired value, which is an error. */
async function isFree(keys: SharedKeys, key: string): Promise<boolean> {
  const state = await keys.claim(key, 'b', LEASE_MS).catch(() => undefined);
  return state?.kind === 'claimed';
}

describe('a claim', () => {
  it('goes to exactly one of 40 at once on two connections, again and again', async () => {
    const server = await aRedisServer();
    const machines = [await connected(server.url), await connected(server.url)];
    for (let round = 0; round < 20; round += 1) {
      const states = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          machines[index % 2]?.claim(`round ${round}`, `token ${index}`, LEASE_MS),
        ),
      );
      const kinds = states.map((state) => state?.kind);
      expect(kinds.filter((kind) => kind === 'claimed')).toHaveLength(1);
      expect(kinds.filter((kind) => kind === 'running')).toHaveLength(39);
    }
  });

  it('waits for the connection right after the start', async () => {
    const server = await aRedisServer();
    const keys = keysOf(server.url);
    expect(await keys.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
  });

  it('may be repeated by the same token', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    expect(await keys.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
    expect(await keys.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'running' });
  });

  it('does not claim another key', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim('one', 'a', LEASE_MS);
    expect(await keys.claim('two', 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
  });

  it('ends with its lease, unless that is extended', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim('left', 'a', 1000);
    await keys.claim('extended', 'a', 1000);
    expect(await keys.extend('extended', 'a', LEASE_MS)).toBe(true);
    await until('the lease to end', () => isFree(keys, 'left'));
    expect(await keys.claim('extended', 'b', LEASE_MS)).toEqual({ kind: 'running' });
    expect(await keys.extend('left', 'a', LEASE_MS)).toBe(false);
    await keys.finish('left', 'a', resultOf(Buffer.from('too late')), LEASE_MS);
    expect(await keys.claim('left', 'c', LEASE_MS)).toEqual({ kind: 'running' });
  });

  it('is released by its owner only', async () => {
    const server = await aRedisServer();
    const [one, two] = [await connected(server.url), await connected(server.url)];
    await one.claim(KEY, 'a', LEASE_MS);
    await two.release(KEY, 'b');
    expect(await two.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'running' });
    await one.release(KEY, 'a');
    expect(await two.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
  });

  it('leaves nothing readable about the key on the server', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'a', REFUSAL, LEASE_MS);
    expect(await server.ask('GET', slotOf(KEY))).not.toMatch(/no|rm/);
    const names = await server.ask('KEYS', '*');
    expect(names).toContain(slotOf(KEY));
    expect(names.match(/hookbus/g)).toHaveLength(1);
    // The server cannot test guesses either: their digests are nowhere.
    for (const text of ['guard_rm', createHash('sha256').update(KEY).digest('hex')])
      expect(names).not.toContain(text);
  });

  it('uses the given prefix', async () => {
    const server = await aRedisServer();
    const [ours, theirs] = [
      await connected(server.url, { ...PATIENT, keyPrefix: 'team-a:' }),
      await connected(server.url),
    ];
    await ours.claim(KEY, 'a', LEASE_MS);
    expect(await theirs.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
    expect(await server.ask('KEYS', 'team-a:*')).toContain('*1\r\n');
  });
});

describe('a result', () => {
  const results: [string, KeyedEnd][] = [
    ['empty', resultOf(Buffer.alloc(0))],
    ['a block with its reason', REFUSAL],
    ['a block without outputs', { exitCode: 2 }],
    ['JSON', resultOf(Buffer.from('{"continue":false}\n'))],
    ['every byte', resultOf(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)))],
    [
      'text that looks like the protocol',
      resultOf(Buffer.from('\r\n$-1\r\n'), Buffer.from('*0\r\n')),
    ],
    ['a large one', resultOf(randomBytes(50_000), randomBytes(15_536), 2)],
  ];

  it.each(results)('is the same on another machine, byte for byte: %s', async (_, result) => {
    const server = await aRedisServer();
    // This does not measure time.
    const options = { ...PATIENT, answerMs: 2000 };
    const [one, two] = [await connected(server.url, options), await connected(server.url, options)];
    await one.claim(KEY, 'a', LEASE_MS);
    await one.finish(KEY, 'a', result, LEASE_MS);
    const state: SharedState = await two.claim(KEY, 'b', LEASE_MS);
    if (state.kind !== 'done') throw new Error('expected a result');
    expect(digestOf(state.end)).toEqual(digestOf(result));
  });

  it('is valid for its TTL, and cannot be extended, released or finished again', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'a', resultOf(Buffer.from('first')), 1000);
    expect(await keys.extend(KEY, 'a', LEASE_MS)).toBe(false);
    await keys.release(KEY, 'a');
    await keys.finish(KEY, 'a', resultOf(Buffer.from('second')), LEASE_MS);
    const state = await keys.claim(KEY, 'b', LEASE_MS);
    expect(state.kind === 'done' && Buffer.from(state.end.outputs?.stdout ?? []).toString()).toBe(
      'first',
    );
    await until('the TTL to end', () => isFree(keys, KEY));
  });

  it('of a token that does not own the key is not stored', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'b', resultOf(Buffer.from('stolen')), LEASE_MS);
    expect(await keys.claim(KEY, 'c', LEASE_MS)).toEqual({ kind: 'running' });
  });

  it.each([
    ['too large to search for secrets in time', resultOf(Buffer.alloc(64 * 1024 + 1))],
    ['of a failure', resultOf(Buffer.from('oops'), Buffer.alloc(0), 1)],
    ['of a death by a signal', resultOf(Buffer.from('oops'), Buffer.alloc(0), 137)],
    ['with a secret in stdout', resultOf(Buffer.from(`{"reason":"${TOKEN} is in it"}`))],
    ['with a secret in stderr', resultOf(Buffer.alloc(0), Buffer.from(`no: ${TOKEN}\n`), 2)],
  ])('%s frees the key instead', async (_, result) => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'a', result, LEASE_MS);
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
  });
});

describe('a value that somebody else put on the server', () => {
  async function finished(): Promise<{ server: RedisServer; keys: SharedKeys }> {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'a', resultOf(Buffer.from('out'), Buffer.from('err'), 2), LEASE_MS);
    return { server, keys };
  }

  const slot = slotOf(KEY);
  it.each<[string, string[]]>([
    [
      'text',
      ['SET', slot, 'no result of HookBus, but at least as long as the shortest one of HookBus'],
    ],
    ['text in place of a result', ['SET', slot, `done:a:${'no result of HookBus '.repeat(9)}`]],
    ['nothing in place of a result', ['SET', slot, 'done:a:']],
    ['a running claim of anybody', ['SET', slot, 'run:mine:']],
    ['a running claim in place of a finished one', ['SETRANGE', slot, '11', '\0']],
    ['another state', ['SETRANGE', slot, '11', '\x01']],
    ['the other exit code', ['SETRANGE', slot, '12', '\x01']],
    ['another version', ['SETRANGE', slot, '10', '2']],
    ['another time', ['SETRANGE', slot, '28', '\x01']],
    ['another byte of the outputs', ['SETRANGE', slot, '53', 'O']],
    ['an additional byte', ['APPEND', slot, 'x']],
    ['another length of stdout', ['SETRANGE', slot, '32', '\x02']],
  ])('is not a result: %s', async (_, words) => {
    const { server, keys } = await finished();
    expect(await server.ask(...words)).not.toMatch(/^-/);
    const error = await failureOf(keys.claim(KEY, 'b', LEASE_MS));
    expect(error.fault).toBe('nonsense');
    expect(keys.state()).toMatchObject({
      isConnected: true,
      failures: 1,
      lastError: error.message,
    });
    expect(await keys.claim('another', 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
    expect(keys.state().lastError).toBeUndefined();
  });

  it.each([1, 31, 32, 33, 60])('is not a result: one without its last %i bytes', async (count) => {
    const { server, keys } = await finished();
    const take = `local v = redis.call('get', KEYS[1]) redis.call('set', KEYS[1], string.sub(v, 1, #v - ARGV[1]))`;
    expect(await server.ask('EVAL', take, '1', slot, String(count))).not.toMatch(/^-/);
    expect((await failureOf(keys.claim(KEY, 'b', LEASE_MS))).fault).toBe('nonsense');
  });

  it('is not a result: the result of another key', async () => {
    const { server, keys } = await finished();
    await keys.claim('another', 'a', LEASE_MS);
    await keys.finish('another', 'a', resultOf(Buffer.from('allow')), LEASE_MS);
    const copy = ['COPY', slotOf('another'), slot, 'REPLACE'];
    expect(await server.ask(...copy)).toBe(':1\r\n');
    expect((await failureOf(keys.claim(KEY, 'b', LEASE_MS))).fault).toBe('nonsense');
  });

  it('is not a result: one that was sealed with another secret', async () => {
    const { server, keys } = await finished();
    const secret = 'a secret of somebody else';
    const theirs = await connected(server.url, { ...PATIENT, secret });
    expect(await theirs.claim(KEY, 'x', LEASE_MS)).toEqual({ kind: 'claimed' });
    await theirs.finish(KEY, 'x', resultOf(Buffer.from('allow')), LEASE_MS);
    expect(await server.ask('COPY', slotOf(KEY, secret), slot, 'REPLACE')).toBe(':1\r\n');
    expect((await failureOf(keys.claim(KEY, 'b', LEASE_MS))).message).toMatch(
      /nonsense: .* not sealed with our secret/,
    );
  });

  it('is not a result: an old one of this key that reappears after its end', async () => {
    const server = await aRedisServer();
    let nowMs = Date.now();
    const keys = await connected(server.url, { ...PATIENT, now: () => nowMs });
    await keys.claim(KEY, 'a', LEASE_MS);
    await server.ask('COPY', slot, 'running');
    await keys.finish(KEY, 'a', REFUSAL, LEASE_MS);
    await server.ask('COPY', slot, 'done');
    for (const kept of ['running', 'done']) {
      await server.ask('PERSIST', kept);
      await server.ask('COPY', kept, slot, 'REPLACE');
      nowMs += 59_999;
      expect((await keys.claim(KEY, 'b', LEASE_MS)).kind).toBe(kept);
      nowMs += 1;
      expect((await failureOf(keys.claim(KEY, 'b', LEASE_MS))).message).toMatch(/has expired/);
      nowMs -= 60_000;
    }
    // After a clock is set back, it does not count for longer than clocks may differ.
    nowMs -= 60_001;
    expect((await failureOf(keys.claim(KEY, 'b', LEASE_MS))).message).toMatch(/from the future/);
  });

  it('is not a result: a list', async () => {
    const { server, keys } = await finished();
    await server.ask('DEL', slot);
    await server.ask('RPUSH', slot, 'a');
    const error = await failureOf(keys.claim(KEY, 'b', LEASE_MS));
    expect(error).toMatchObject({ fault: 'refused', message: expect.stringMatching('WRONGTYPE') });
    expect(await keys.claim('another', 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
  });
});

describe('a server that goes down', () => {
  it('is noticed at once, and used again when it is back', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await server.stop();
    await until('the lost connection to be noticed', () => !keys.state().isConnected);
    for (let times = 0; times < 20; times += 1) {
      const error = await failureAtOnce(keys.claim(KEY, 'b', LEASE_MS));
      expect(error.fault).toBe('unreachable');
    }
    expect(keys.state()).toMatchObject({ isConnected: false, failures: 20 });
    expect(keys.state().lastError).toMatch(/^unreachable: /);
    await server.start();
    await until('the connection to be back', () => keys.state().isConnected, 5000);
    expect(keys.state().lastError).toBeUndefined();
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
  });

  it('in the middle of a claim is noticed too', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    server.process().kill('SIGSTOP');
    const failed = failureOf(keys.claim(KEY, 'a', LEASE_MS));
    await server.stop('SIGKILL');
    expect((await failed).fault).toBe('unreachable');
    await server.start();
    await until('the connection to be back', () => keys.state().isConnected, 5000);
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
  });

  it('comes back many times over', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    for (let times = 0; times < 5; times += 1) {
      await server.stop('SIGKILL');
      await until('the lost connection to be noticed', () => !keys.state().isConnected);
      await server.start();
      await until('the connection to be back', () => keys.state().isConnected, 5000);
      expect((await keys.claim(KEY, 'a', LEASE_MS)).kind).toBe('claimed');
    }
  });

  it('is found when it starts for the first time', async () => {
    const port = await freePort();
    const keys = keysOf(`redis://127.0.0.1:${port}`, IN_USE);
    await failureOf(keys.claim(KEY, 'a', LEASE_MS));
    await until('the refusal', () => keys.state().lastError?.includes('ECONNREFUSED'));
    await failureAtOnce(keys.claim(KEY, 'a', LEASE_MS));
    const server = await aServer((socket) => {
      socket.on('data', (chunk) => {
        const word = /\r\n([0-9a-f-]{36})\r\n/.exec(chunk.toString())?.[1];
        socket.write(word === undefined ? '*1\r\n$7\r\nclaimed\r\n' : `*1\r\n$36\r\n${word}\r\n`);
      });
    }, port);
    expect(server.port).toBe(port);
    await until('the connection', () => keys.state().isConnected, 5000);
    expect(await keys.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
  });
});

describe('a server that is slow', () => {
  it('costs one claim 50 ms and the next nothing, and it is used again when it answers', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url, IN_USE);
    server.process().kill('SIGSTOP');
    let was49MsAgo = false;
    // Like the client's timer it counts from the start of this turn of the event loop.
    setTimeout(() => {
      was49MsAgo = true;
    }, 49);
    const first = await failureWithin(60, keys.claim(KEY, 'a', LEASE_MS));
    expect(first.fault).toBe('slow');
    expect(was49MsAgo).toBe(true);
    for (let times = 0; times < 20; times += 1) await failureAtOnce(keys.claim(KEY, 'b', LEASE_MS));
    expect(keys.state()).toMatchObject({ isConnected: false, failures: 21 });
    server.process().kill('SIGCONT');
    await until('the connection to be back', () => keys.state().isConnected, 5000);
  });

  it.each([
    ['soon, on the same connection', 100],
    ['late, on another connection', 1800],
  ])('releases a late claim: %s', async (_, stopForMs) => {
    const server = await aRedisServer();
    const [slow, other] = [
      await connected(server.url, IN_USE),
      await connected(server.url, IN_USE),
    ];
    server.process().kill('SIGSTOP');
    await Promise.all([
      failureOf(slow.claim(KEY, 'a', LEASE_MS)),
      failureOf(slow.claim('two', 'a', LEASE_MS)),
    ]);
    // This is about how long the server is stopped.
    await wait(stopForMs);
    server.process().kill('SIGCONT');
    await until('both connections to be back', () => other.state().isConnected, 5000);
    for (const key of [KEY, 'two']) {
      await until(
        'the key to be free',
        async () => (await server.ask('EXISTS', `${slotOf(key)}`)) === ':0\r\n',
        5000,
      );
      expect(await other.claim(key, 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
    }
    // Whatever happens late frees only the claim that it made itself.
    await until('the slow connection to be back', () => slow.state().isConnected, 5000);
    expect(await slow.claim(KEY, 'c', LEASE_MS)).toEqual({ kind: 'running' });
  });

  it('does not release a key that its token claimed again', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url, IN_USE);
    server.process().kill('SIGSTOP');
    await failureOf(keys.claim(KEY, 'a', LEASE_MS));
    server.process().kill('SIGCONT');
    await until('the connection to be back', () => keys.state().isConnected, 5000);
    expect(await keys.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
    // After three round trips, everything in progress is done.
    for (let times = 0; times < 3; times += 1) await keys.extend('another', 'a', LEASE_MS);
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'running' });
  });

  it('frees keys later that could not be released or finished', async () => {
    const server = await aRedisServer();
    const [keys, other] = [
      await connected(server.url, IN_USE),
      await connected(server.url, IN_USE),
    ];
    await keys.claim('released', 'a', LEASE_MS);
    await keys.claim('finished', 'a', LEASE_MS);
    server.process().kill('SIGSTOP');
    await failureOf(keys.claim('whatever', 'a', LEASE_MS));
    await failureOf(keys.release('released', 'a'));
    await failureOf(keys.finish('finished', 'a', resultOf(Buffer.from('out')), LEASE_MS));
    server.process().kill('SIGCONT');
    await until('the other connection', () => other.state().isConnected, 5000);
    for (const key of ['released', 'finished']) {
      await until(
        'the key to be free',
        async () => (await server.ask('EXISTS', `${slotOf(key)}`)) === ':0\r\n',
        5000,
      );
    }
  });

  it('is never used if it is always slow, which its state reports', async () => {
    const late = await aServer((socket) => {
      socket.on('data', (chunk) => {
        const word = /\r\n([0-9a-f-]{36})\r\n/.exec(chunk.toString())?.[1] ?? '';
        setTimeout(() => socket.write(`*1\r\n$36\r\n${word}\r\n`), 90).unref();
      });
    });
    const keys = keysOf(late.url, IN_USE);
    await until('several tries', () => late.connections() > 2, 5000);
    expect(keys.state().isConnected).toBe(false);
    const error = await failureAtOnce(keys.claim(KEY, 'a', LEASE_MS));
    expect(error.message).toMatch(/slow: no answer within \d+ ms/);
  });
});

describe('something that is not a Redis server', () => {
  /** Responds to each command: to the first with the probe's word, so that it is trusted, to the others as given. */
  const trusted =
    (answer: string) =>
    (socket: Socket): void => {
      socket.on('data', (chunk) => {
        const word = /\r\n([0-9a-f-]{36})\r\n/.exec(chunk.toString())?.[1];
        socket.write(word === undefined ? answer : `*1\r\n$36\r\n${word}\r\n`);
      });
    };

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['answers nothing', () => undefined, /slow: no answer/],
    ['hangs up', (socket) => socket.destroy(), /unreachable/],
    ['hangs up politely', (socket) => socket.end(), /unreachable/],
    [
      'speaks HTTP',
      (socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      /nonsense: Unknown RESP type/,
    ],
    ['greets', (socket) => socket.write('220 mail.example.com ESMTP\r\n'), /nonsense/],
    ['greets in the protocol', (socket) => socket.write('+OK\r\n'), /nonsense/],
    [
      'answers before it is asked, with nothing',
      (socket) => socket.write('$-1\r\n'),
      /nonsense|read/,
    ],
    ['pushes', (socket) => socket.write('>2\r\n$-1\r\n$-1\r\n'), /./],
    ['echoes', (socket) => socket.pipe(socket), /nonsense/],
    ['sends noise', (socket) => socket.write(Buffer.alloc(4096, 0xff)), /nonsense/],
    [
      'says OK to everything',
      (socket) => socket.on('data', () => socket.write('+OK\r\n')),
      /nonsense/,
    ],
    [
      'responds twice to one command',
      (socket) => socket.on('data', () => socket.write('$-1\r\n$-1\r\n$-1\r\n')),
      /nonsense|read/,
    ],
    ['nests without end', (socket) => socket.write('*1\r\n'.repeat(100_000)), /./],
    [
      'loads',
      (socket) => socket.on('data', () => socket.write('-LOADING Redis is loading\r\n')),
      /refused: LOADING/,
    ],
  ])('is not trusted, and tried again with increasing pauses: %s', async (_, serve, says) => {
    const server = await aServer(serve);
    const keys = keysOf(server.url, IN_USE);
    await failureWithin(160, keys.claim(KEY, 'a', LEASE_MS));
    await until('a few tries', () => server.connections() >= 3);
    expect(keys.state().isConnected).toBe(false);
    expect(keys.state().lastError).toMatch(says);
    await failureAtOnce(keys.claim(KEY, 'a', LEASE_MS));
    const before = server.connections();
    await wait(1000);
    expect(server.connections() - before).toBeLessThan(10);
  });

  it.each([
    ['an unknown answer', '+OK\r\n'],
    ['a number', ':1\r\n'],
    ['nothing', '$-1\r\n'],
    ['an empty list', '*0\r\n'],
    ['a nested list', '*1\r\n*1\r\n$7\r\nclaimed\r\n'],
    ['a claim and more', '*2\r\n$7\r\nclaimed\r\n$1\r\nx\r\n'],
    ['a held claim without an owner', '*2\r\n$4\r\nheld\r\n$0\r\n\r\n'],
    ['a finished claim without a result', '*2\r\n$4\r\nheld\r\n$7\r\ndone:a:\r\n'],
    ['a running claim without an owner', '*2\r\n$4\r\nheld\r\n$6\r\nrun:a:\r\n'],
    ['an invalid result', '*2\r\n$4\r\nheld\r\n$11\r\ndone:a:HBS1\r\n'],
    ['a result and more', '*3\r\n$4\r\nheld\r\n$6\r\ndone:a\r\n$4\r\nHBS1\r\n'],
    ['bytes of another protocol', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('is detected when it responds to a claim with %s', async (_, answer) => {
    const server = await aServer(trusted(answer));
    const keys = await connected(server.url);
    expect((await failureOf(keys.claim(KEY, 'a', LEASE_MS))).fault).toBe('nonsense');
  });

  it('is detected when it responds to an extension with neither yes nor no', async () => {
    const server = await aServer(trusted('+OK\r\n'));
    const keys = await connected(server.url);
    expect((await failureOf(keys.extend(KEY, 'a', LEASE_MS))).fault).toBe('nonsense');
    expect(keys.state().isConnected).toBe(false);
  });
});

describe('a server with special rules', () => {
  it('needs a password, which is shown to nobody', async () => {
    const server = await aRedisServer({ words: ['--requirepass', 's3cr:t/é'], admin: 's3cr:t/é' });
    const host = `127.0.0.1:${server.port}`;
    const right = await connected(`redis://:${encodeURIComponent('s3cr:t/é')}@${host}/3`);
    expect(await right.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
    expect(right.state().url).toBe(`redis://${host}/3`);

    for (const [user, fault] of [
      ['', /NOAUTH/],
      [':wrong-password@', /WRONGPASS/],
      ['nobody:wrong-password@', /WRONGPASS/],
    ] as const) {
      const keys = keysOf(`redis://${user}${host}`);
      await until('a refusal', () => fault.test(keys.state().lastError ?? ''));
      const error = await failureOf(keys.claim(KEY, 'a', LEASE_MS));
      expect(JSON.stringify([keys.state(), error.message])).not.toContain('wrong-password');
    }
  });

  it('may repeat the password in an error, which is not shown', async () => {
    const server = await aServer((socket) => {
      socket.on('data', () =>
        socket.write("-ERR unknown command 'AUTH', 'hunter2', '\u001b[2J'\r\n"),
      );
    });
    const keys = keysOf(`redis://:hunter2@127.0.0.1:${server.port}`);
    await until('a refusal', () => keys.state().lastError?.includes('unknown command'));
    expect(keys.state().lastError).not.toContain('hunter2');
    expect(keys.state().lastError).not.toContain('\u001b');
  });

  it('needs to allow only what the page on deduplication says', async () => {
    const acl = 'hookbus on >pw ~hookbus:* -@all +eval +set +get +del +select';
    const server = await aRedisServer();
    expect(await server.ask('ACL', 'SETUSER', ...acl.split(' '))).toBe('+OK\r\n');
    const keys = await connected(`redis://hookbus:pw@127.0.0.1:${server.port}/1`);
    await keys.claim(KEY, 'a', LEASE_MS);
    expect(await keys.extend(KEY, 'a', LEASE_MS)).toBe(true);
    await keys.finish(KEY, 'a', resultOf(Buffer.from('out')), LEASE_MS);
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toMatchObject({ kind: 'done' });
    await keys.claim('other', 'a', LEASE_MS);
    await keys.release('other', 'a');
    expect(await keys.claim('other', 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
    expect(keys.state()).toMatchObject({ isConnected: true, failures: 0 });
  });

  it('may not have the database', async () => {
    const server = await aRedisServer();
    const keys = keysOf(`${server.url}/99`);
    await until('a refusal', () => /DB index/.test(keys.state().lastError ?? ''));
    await failureOf(keys.claim(KEY, 'a', LEASE_MS));
    expect(await server.ask('DBSIZE')).toBe(':0\r\n');
  });

  it('may be a replica for a while', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await server.ask('REPLICAOF', '127.0.0.1', String(await freePort()));
    expect((await failureOf(keys.claim(KEY, 'a', LEASE_MS))).message).toMatch(
      /READONLY|MASTERDOWN/,
    );
    await until('the lost connection to be noticed', () => !keys.state().isConnected);
    await server.ask('REPLICAOF', 'NO', 'ONE');
    await until('the connection to be back', () => keys.state().isConnected);
    expect(await keys.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
  });

  it('may be full for a while', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await server.ask('CONFIG', 'SET', 'maxmemory', '1');
    expect((await failureOf(keys.claim('two', 'a', LEASE_MS))).message).toMatch(/^refused: .*OOM/);
    const finish = keys.finish(KEY, 'a', resultOf(Buffer.from('out')), LEASE_MS);
    expect((await failureOf(finish)).message).toMatch(/^refused: .*OOM/);
    await server.ask('CONFIG', 'SET', 'maxmemory', '0');
    expect(await keys.claim('two', 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
  });

  it('may forget scripts', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await server.ask('SCRIPT', 'FLUSH');
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'running' });
  });

  it('may listen on a Unix socket', async () => {
    const server = await aRedisServer();
    const keys = await connected(`redis://localhost?path=${encodeURIComponent(server.socketPath)}`);
    expect(await keys.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
  });
});

describe('an unusable URL', () => {
  it.each([
    '',
    'redis://',
    'redis://:hunter2@',
    'redis://:hunter2@[::1',
    'redis://:hunter2@localhost:99999',
    'redis://:hunter2@localhost/zero',
    'redis://:hunter2%zz@localhost',
    'redis://:hunter2@localhost?lazyConnect=true',
    'redis://:hunter2@localhost?path=relative',
    'http://:hunter2@localhost',
    'redis://:hunter2@127.0.0.1:1',
    'rediss://:hunter2@127.0.0.1:1',
    'redis://:hunter2@localhost?path=/does/not/exist',
  ])('rejects and does not throw: %s', async (url) => {
    const keys = keysOf(url, IN_USE);
    for (const call of [
      () => keys.claim(KEY, 'a', LEASE_MS),
      () => keys.finish(KEY, 'a', { exitCode: 0 }, LEASE_MS),
      () => keys.release(KEY, 'a'),
      () => keys.extend(KEY, 'a', LEASE_MS),
    ]) {
      const error = await failureOf(call());
      expect(error.message).not.toContain('hunter2');
    }
    expect(keys.state()).toMatchObject({ isConnected: false, failures: 4 });
    expect(JSON.stringify(keys.state())).not.toContain('hunter2');
  });
});

describe('close', () => {
  it('rejects calls in progress and all later ones', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    server.process().kill('SIGSTOP');
    const underWay = failureOf(keys.claim(KEY, 'a', LEASE_MS));
    keys.close();
    keys.close();
    await underWay;
    await failureAtOnce(keys.claim(KEY, 'a', LEASE_MS));
    expect(keys.state().isConnected).toBe(false);
  });
});

describe('a process', () => {
  const ROOT = fileURLToPath(new URL('../..', import.meta.url));
  /** The module, bundled, in a separate process. */
  async function inProcess(script: string, env: Readonly<Record<string, string>> = {}) {
    const { stdout } = spawnSync(
      join(ROOT, 'node_modules/.bin/esbuild'),
      ['src/redis/shared-keys.ts', '--bundle', '--platform=node', '--format=cjs', '--minify'],
      { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    );
    const whole = `${stdout}\n;(async () => { const connectSharedKeys = (url, options) => module.exports.connectSharedKeys(url, { secret: '${SECRET}', ...options }); ${script} })();`;
    const child = spawn(execPath, ['-'], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 120_000,
    });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].on('data', (chunk: Buffer) => {
        said[stream] += chunk.toString();
      });
    child.stdin.end(whole);
    const [code, signal] = await once(child, 'close');
    return { code: code as number | null, signal: signal as string | null, ...said };
  }
  const CLAIM = `
    const end = Date.now() + 10000;
    while (!keys.state().isConnected && !/certificate|altnames/.test(keys.state().lastError) && Date.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 5));
    const state = await keys.claim('key', 'a', 60000).catch((error) => error.message);
    process.stdout.write(JSON.stringify(state));`;

  it.each([
    ['with a server', async () => (await aRedisServer()).url],
    ['without one', async () => `redis://127.0.0.1:${await freePort()}`],
    ['with a silent one', async () => (await aServer(() => undefined)).url],
    [
      'with one that does not speak the protocol',
      async () => (await aServer((socket) => socket.write('$-1\r\n'))).url,
    ],
  ])('exits after close, without any output: %s', async (_, find) => {
    const ended = await inProcess(
      `const keys = connectSharedKeys(${JSON.stringify(await find())});
       await keys.claim('key', 'a', 1000).catch(() => undefined);
       await new Promise((resolve) => setTimeout(resolve, 300));
       keys.close();`,
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  it('trusts a server with a certificate from its settings, and no other', async () => {
    const certificate = aCertificate('localhost');
    const server = await aRedisServer({ tls: true, words: certificate.words });
    const script = `const keys = connectSharedKeys('rediss://localhost:${server.port}', { answerMs: 5000 }); ${CLAIM} keys.close();`;
    expect((await inProcess(script)).stdout).toMatch(/certificate/);
    const ended = await inProcess(script, { NODE_EXTRA_CA_CERTS: certificate.path });
    expect(ended).toMatchObject({ code: 0, stdout: '{"kind":"claimed"}', stderr: '' });
    const elsewhere = script.replace('//localhost', '//127.0.0.1');
    const stranger = await inProcess(elsewhere, { NODE_EXTRA_CA_CERTS: certificate.path });
    expect(stranger.stdout).toMatch(/altnames/);
  });
});
