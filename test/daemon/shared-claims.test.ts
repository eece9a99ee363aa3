import { expect, it, onTestFinished } from 'vitest';
import { SharedClaims } from '../../src/daemon/claims/shared-claims.ts';
import type { Log } from '../../src/daemon/log.ts';
import { until } from '../support/daemon.ts';
import { DIRECT } from '../support/network.ts';
import { aServer } from '../support/redis-server.ts';

const SECRET = 'a secret of the machines';
const ID = { hookName: 'lint', key: 'k', eventType: 'PostToolUse' };

function claimsFor(dedupe: { url: string; secret: string }) {
  const logged: string[] = [];
  const log: Log = (event) => void logged.push(event);
  const claims = new SharedClaims({ log, network: () => DIRECT, dedupe: () => dedupe });
  onTestFinished(() => claims.close());
  return { claims, logged };
}

it('the daemon follows config.json, and disconnects from a server that it no longer names', async () => {
  const [one, other] = [await aServer(() => undefined), await aServer(() => undefined)];
  const dedupe = { url: '', secret: SECRET };
  const { claims } = claimsFor(dedupe);
  expect([claims.isOn(), claims.state()]).toEqual([false, undefined]);
  expect(await claims.ask(ID, 'token', 1000)).toEqual({ kind: 'alone' });

  dedupe.url = one.url;
  expect(claims.isOn()).toBe(true);
  await until('a connection', () => one.connections() > 0);
  expect(claims.state()?.url).toBe(one.url);

  dedupe.url = other.url;
  expect(await claims.ask(ID, 'token', 1000)).toEqual({ kind: 'alone' });
  await until('a connection to the other', () => other.connections() > 0);
  expect(claims.state()?.url).toBe(other.url);
  const before = one.connections();
  await until('more tries', () => other.connections() > 3);
  expect(one.connections()).toBe(before);

  claims.close();
  expect([claims.isOn(), claims.state()]).toEqual([false, undefined]);
});

it('the daemon connects to no key server without a secret', async () => {
  const server = await aServer(() => undefined);
  const dedupe = { url: server.url, secret: '' };
  const { claims, logged } = claimsFor(dedupe);
  expect([claims.isOn(), claims.state()]).toEqual([false, undefined]);
  expect(await claims.ask(ID, 'token', 1000)).toEqual({ kind: 'alone' });
  expect([server.connections(), logged]).toEqual([0, []]);
  dedupe.secret = SECRET;
  expect(claims.isOn()).toBe(true);
  await until('a connection', () => server.connections() > 0);
});
