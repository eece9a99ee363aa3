import { expect, it, onTestFinished } from 'vitest';
import { SharedClaims } from '../../src/daemon/shared-claims.ts';
import { until } from '../support/daemon.ts';
import { DIRECT } from '../support/network.ts';
import { aServer } from '../support/redis-server.ts';

const FIVE_MINUTES = 5 * 60_000;

it('a server of keys that nobody asks is no news, and makes room for another', async () => {
  let nowMs = 0;
  const claims = new SharedClaims({ log: () => undefined, network: () => DIRECT }, () => nowMs);
  onTestFinished(() => claims.close());
  // Nobody listens there.
  const addresses = [1, 2, 3, 4].map((port) => `redis://127.0.0.1:${port}`);
  for (const address of addresses) claims.prepare(address);
  await until('all to be known', () => claims.state().length === 4);
  expect(claims.state().map(({ isUsed }) => isUsed)).toEqual([true, true, true, true]);

  const { url, connections } = await aServer((socket) => socket.resume());
  const id = { hookName: 'lint', key: 'k' };
  expect(await claims.ask(url, id, 'token', 1000)).toEqual({ kind: 'alone' });
  expect(connections()).toBe(0);

  nowMs = FIVE_MINUTES;
  expect(await claims.ask(addresses[3] ?? '', id, 'token', 1000)).toEqual({ kind: 'alone' });
  expect(claims.state().map(({ isUsed }) => isUsed)).toEqual([false, false, false, true]);
  // It does not answer, but it is asked.
  expect(await claims.ask(url, id, 'token', 1000)).toEqual({ kind: 'alone' });
  await until('a connection', () => connections() > 0);
  expect(claims.state()).toHaveLength(4);
});
