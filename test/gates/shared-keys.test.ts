import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { KeyResult } from '../../src/domain/dedupe-key.ts';
import {
  connectSharedKeys,
  type SharedKeys,
  SharedKeysError,
  type SharedKeysOptions,
} from '../../src/gates/shared-keys.ts';
import { until } from '../support/daemon.ts';
import { aRedisServer, aServer, freePort, type RedisServer } from '../support/redis-server.ts';

const KEY = 'guard_rm:PreToolUse:toolu_01/home/dev/secret project';
const LEASE_MS = 60_000;
/** As in use; the tests that are not about time wait longer, so that a busy machine does not fail them. */
const IN_USE: SharedKeysOptions = { answerMs: 50 };
const PATIENT: SharedKeysOptions = { answerMs: 5000 };

function keysOf(url: string, options: SharedKeysOptions = PATIENT): SharedKeys {
  const keys = connectSharedKeys(url, options);
  onTestFinished(() => keys.close());
  return keys;
}

async function connected(url: string, options?: SharedKeysOptions): Promise<SharedKeys> {
  const keys = keysOf(url, options);
  await until('a connection', () => keys.state().isConnected);
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

/** The same, and that it came before a timer of so many ms that was started with it: both are late on a busy machine. */
async function failureWithin(ms: number, call: Promise<unknown>): Promise<SharedKeysError> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
  }, ms);
  const error = await failureOf(call);
  clearTimeout(timer);
  expect(isLate, `a failure within ${ms} ms: ${error.message}`).toBe(false);
  return error;
}

/** A call that has failed when the event loop comes round again: nothing was waited for. */
const failureAtOnce = (call: Promise<unknown>): Promise<SharedKeysError> => failureWithin(1, call);

const slotOf = (key: string): string =>
  `hookbus:{${createHash('sha256').update(key).digest('hex')}}`;

const resultOf = (stdout: Uint8Array, stderr: Uint8Array = Buffer.alloc(0), exitCode = 0) => ({
  exitCode,
  stdout,
  stderr,
});

function asBuffers(result: KeyResult | undefined) {
  if (result === undefined) return undefined;
  const { exitCode, stdout, stderr } = result;
  return { exitCode, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
}

describe('a claim', () => {
  it('is given to exactly one of 40 at once on two connections, time after time', async () => {
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

  it('right after the start waits for the connection', async () => {
    const server = await aRedisServer();
    const keys = keysOf(server.url);
    expect(await keys.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
  });

  it('by the same token again is still its own', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    expect(await keys.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
    expect(await keys.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'running' });
  });

  it('is not a claim of another key', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim('one', 'a', LEASE_MS);
    expect(await keys.claim('two', 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
  });

  it('ends with its lease, and lives on where that is extended', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim('left', 'a', 200);
    await keys.claim('extended', 'a', 200);
    expect(await keys.extend('extended', 'a', LEASE_MS)).toBe(true);
    await until(
      'the lease to end',
      async () => (await keys.claim('left', 'b', LEASE_MS)).kind === 'claimed',
    );
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

  it('leaves nothing readable of the key on the server', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'a', resultOf(Buffer.from('out')), LEASE_MS);
    const names = await server.ask('KEYS', '*');
    expect(names).toContain(`${slotOf(KEY)}:claim`);
    expect(names).toContain(`${slotOf(KEY)}:result`);
    expect(names).not.toContain('guard_rm');
    expect(names.match(/hookbus/g)).toHaveLength(2);
  });

  it('goes by the prefix it is given', async () => {
    const server = await aRedisServer();
    const [ours, theirs] = [
      await connected(server.url, { keyPrefix: 'team-a:' }),
      await connected(server.url),
    ];
    await ours.claim(KEY, 'a', LEASE_MS);
    expect(await theirs.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
    expect(await server.ask('KEYS', 'team-a:*')).toContain('*1\r\n');
  });
});

describe('a result', () => {
  const results: [string, KeyResult][] = [
    ['empty', resultOf(Buffer.alloc(0))],
    ['a block with its reason', resultOf(Buffer.alloc(0), Buffer.from('no: rm -rf /\n'), 2)],
    ['JSON', resultOf(Buffer.from('{"continue":false}\n'))],
    ['every byte', resultOf(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)))],
    ['what looks like the protocol', resultOf(Buffer.from('\r\n$-1\r\n'), Buffer.from('*0\r\n'))],
    ['a large one', resultOf(randomBytes(700_000), randomBytes(300_000), 2)],
  ];

  it.each(results)('comes back to the byte on another machine: %s', async (_, result) => {
    const server = await aRedisServer();
    // What is measured here is not time.
    const options = { answerMs: 2000 };
    const [one, two] = [await connected(server.url, options), await connected(server.url, options)];
    await one.claim(KEY, 'a', LEASE_MS);
    await one.finish(KEY, 'a', result, LEASE_MS);
    const state = await two.claim(KEY, 'b', LEASE_MS);
    expect(state.kind).toBe('done');
    if (state.kind === 'done') expect(asBuffers(state.result)).toEqual(asBuffers(result));
  });

  it('may be left out where duplicates are skipped, also in the place of an older one', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await server.ask('SET', `${slotOf(KEY)}:result`, 'left by somebody');
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'a', undefined, LEASE_MS);
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'done', result: undefined });
    expect(await server.ask('EXISTS', `${slotOf(KEY)}:result`)).toBe(':0\r\n');
  });

  it('counts for its TTL, and cannot be extended, released or finished again', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'a', resultOf(Buffer.from('first')), 400);
    expect(await keys.extend(KEY, 'a', LEASE_MS)).toBe(false);
    await keys.release(KEY, 'a');
    await keys.finish(KEY, 'a', resultOf(Buffer.from('second')), LEASE_MS);
    const state = await keys.claim(KEY, 'b', LEASE_MS);
    expect(state.kind === 'done' && Buffer.from(state.result?.stdout ?? []).toString()).toBe(
      'first',
    );
    await until(
      'the TTL to end',
      async () => (await keys.claim(KEY, 'b', LEASE_MS)).kind === 'claimed',
    );
  });

  it('of a token that does not own the key is not stored', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'b', resultOf(Buffer.from('stolen')), LEASE_MS);
    expect(await keys.claim(KEY, 'c', LEASE_MS)).toEqual({ kind: 'running' });
  });

  it.each([
    ['too large to be read back in time', resultOf(Buffer.alloc(2 * 1024 * 1024 + 1))],
    ['of a failure', resultOf(Buffer.from('oops'), Buffer.alloc(0), 1)],
    ['of a death by a signal', resultOf(Buffer.from('oops'), Buffer.alloc(0), 137)],
  ])('%s frees the key instead', async (_, result) => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'a', result, LEASE_MS);
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
  });

  it('that was evicted leaves a key that is done without outputs', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'a', resultOf(Buffer.from('out')), LEASE_MS);
    await server.ask('DEL', `${slotOf(KEY)}:result`);
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'done', result: undefined });
  });
});

describe('what somebody else put on the server', () => {
  async function finished(): Promise<{ server: RedisServer; keys: SharedKeys }> {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await keys.finish(KEY, 'a', resultOf(Buffer.from('out'), Buffer.from('err'), 2), LEASE_MS);
    return { server, keys };
  }

  it.each([
    [
      'text',
      ['SET', `${slotOf(KEY)}:result`, 'no result of ours, but as long as one could well be'],
    ],
    ['another exit code', ['SETRANGE', `${slotOf(KEY)}:result`, '4', '\x01']],
    ['the other exit code', ['SETRANGE', `${slotOf(KEY)}:result`, '4', '\x00']],
    ['another version', ['SETRANGE', `${slotOf(KEY)}:result`, '3', '2']],
    ['another byte', ['SETRANGE', `${slotOf(KEY)}:result`, '45', 'O']],
    ['another length', ['APPEND', `${slotOf(KEY)}:result`, 'x']],
    ['bytes on the other side of the border', ['SETRANGE', `${slotOf(KEY)}:result`, '8', '\x02']],
    ['another claim', ['SET', `${slotOf(KEY)}:claim`, 'mine']],
    ['an empty claim', ['SET', `${slotOf(KEY)}:claim`, '']],
  ])('is no result: %s', async (_, words) => {
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

  it('is no result: the result of another key', async () => {
    const { server, keys } = await finished();
    await keys.claim('another', 'a', LEASE_MS);
    await keys.finish('another', 'a', resultOf(Buffer.from('allow')), LEASE_MS);
    const copy = ['COPY', `${slotOf('another')}:result`, `${slotOf(KEY)}:result`, 'REPLACE'];
    expect(await server.ask(...copy)).toBe(':1\r\n');
    expect((await failureOf(keys.claim(KEY, 'b', LEASE_MS))).fault).toBe('nonsense');
  });

  it('is no result: a list', async () => {
    const { server, keys } = await finished();
    await server.ask('DEL', `${slotOf(KEY)}:result`);
    await server.ask('RPUSH', `${slotOf(KEY)}:result`, 'a');
    const error = await failureOf(keys.claim(KEY, 'b', LEASE_MS));
    expect(error).toMatchObject({ fault: 'refused', message: expect.stringMatching('WRONGTYPE') });
    await server.ask('DEL', `${slotOf(KEY)}:claim`);
    await server.ask('RPUSH', `${slotOf(KEY)}:claim`, 'a');
    expect((await failureOf(keys.claim(KEY, 'b', LEASE_MS))).fault).toBe('refused');
    expect(await keys.claim('another', 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
  });

  it('does not outlive a claim', async () => {
    const { server, keys } = await finished();
    await server.ask('DEL', `${slotOf(KEY)}:claim`, `${slotOf(KEY)}:result`);
    await server.ask('RPUSH', `${slotOf(KEY)}:result`, 'a');
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
    await keys.finish(KEY, 'b', resultOf(Buffer.from('ours')), LEASE_MS);
    expect(await keys.claim(KEY, 'c', LEASE_MS)).toMatchObject({ kind: 'done' });
  });
});

describe('a server that goes', () => {
  it('is missed at once, and used again when it is back', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url);
    await keys.claim(KEY, 'a', LEASE_MS);
    await server.stop();
    await until('the loss to be seen', () => !keys.state().isConnected);
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

  it('in the middle of a claim is missed too', async () => {
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
      await until('the loss to be seen', () => !keys.state().isConnected);
      await server.start();
      await until('the connection to be back', () => keys.state().isConnected, 5000);
      expect((await keys.claim(KEY, 'a', LEASE_MS)).kind).toBe('claimed');
    }
  });

  it('that was never there is found when it comes', async () => {
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
  it('costs one claim 50 ms and the next nothing, and is used again when it answers', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url, IN_USE);
    server.process().kill('SIGSTOP');
    const startedAt = performance.now();
    const first = await failureWithin(60, keys.claim(KEY, 'a', LEASE_MS));
    expect(first.fault).toBe('slow');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
    for (let times = 0; times < 20; times += 1) await failureAtOnce(keys.claim(KEY, 'b', LEASE_MS));
    expect(keys.state()).toMatchObject({ isConnected: false, failures: 21 });
    server.process().kill('SIGCONT');
    await until('the connection to be back', () => keys.state().isConnected, 5000);
  });

  it.each([
    ['soon, on the same connection', 100],
    ['late, on another connection', 1800],
  ])('gives back what it claimed after all: %s', async (_, stopForMs) => {
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
    // How long the server is stopped is what this is about.
    await wait(stopForMs);
    server.process().kill('SIGCONT');
    await until('both connections to be back', () => other.state().isConnected, 5000);
    for (const key of [KEY, 'two']) {
      await until(
        'the key to be free',
        async () => (await server.ask('EXISTS', `${slotOf(key)}:claim`)) === ':0\r\n',
        5000,
      );
      expect(await other.claim(key, 'b', LEASE_MS)).toEqual({ kind: 'claimed' });
    }
    // Whatever is done late frees only what it claimed itself.
    await until('the slow one to be back', () => slow.state().isConnected, 5000);
    expect(await slow.claim(KEY, 'c', LEASE_MS)).toEqual({ kind: 'running' });
  });

  it('does not take from a token what it claimed again', async () => {
    const server = await aRedisServer();
    const keys = await connected(server.url, IN_USE);
    server.process().kill('SIGSTOP');
    await failureOf(keys.claim(KEY, 'a', LEASE_MS));
    server.process().kill('SIGCONT');
    await until('the connection to be back', () => keys.state().isConnected, 5000);
    expect(await keys.claim(KEY, 'a', LEASE_MS)).toEqual({ kind: 'claimed' });
    // Three times there and back: whatever was under way is done.
    for (let times = 0; times < 3; times += 1) await keys.extend('another', 'a', LEASE_MS);
    expect(await keys.claim(KEY, 'b', LEASE_MS)).toEqual({ kind: 'running' });
  });

  it('frees later what could not be released or finished', async () => {
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
        async () => (await server.ask('EXISTS', `${slotOf(key)}:claim`)) === ':0\r\n',
        5000,
      );
    }
  });

  it('all the time is never used, and told so', async () => {
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
