import { once } from 'node:events';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCollector } from '../support/collector.ts';
import { aState, until } from '../support/daemon.ts';
import {
  aStateWith,
  configure,
  exporterState,
  isOpen,
  logOf,
  type State,
} from '../support/exporting.ts';
import { freePort } from '../support/free-port.ts';
import { hookbusProcess } from '../support/hookbus.ts';
import { anAuthority, aProxy } from '../support/network.ts';
import { aRedisServer } from '../support/redis-server.ts';
import { spoolMany } from '../support/spool-many.ts';

const NAME = 'collector.test';

const settings = (endpoint: string, network: object = {}, more: object = {}) => ({
  opentelemetry: { enabled: true, endpoint, metrics: false, ...more },
  network,
});

/** A daemon that exports one execution with these settings. */
async function anExport(config: object): Promise<State> {
  const state = aStateWith(config);
  await state.daemon();
  await isOpen(state, 'opentelemetry');
  spoolMany(state, 1);
  return state;
}

const isIn = (state: State, wanted: object) =>
  until(JSON.stringify(wanted), async () => {
    const found = await exporterState(state, 'opentelemetry');
    return Object.entries(wanted).every(([key, value]) => found?.[key as 'sent'] === value);
  });

const lastError = async (state: State) =>
  (await exporterState(state, 'opentelemetry'))?.last_error ?? '';

/** Receives webhooks. */
async function aHookServer(server: Server) {
  const paths: string[] = [];
  let strangers = 0;
  server.on('request', (request, response) => {
    paths.push(request.url ?? '');
    request.resume();
    request.on('end', () => response.writeHead(204).end());
  });
  server.on('tlsClientError', () => {
    strangers += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, paths, strangers: () => strangers };
}

const webhook = (address: string, network: object = {}) => ({
  alerts: { webhook: address, hold_seconds: 0 },
  network,
});

/** A daemon with an alert to deliver. */
async function anAlert(config: object): Promise<State> {
  const state = aStateWith(config);
  await state.daemon();
  spoolMany(state, 1, { hookName: 'guard', eventType: 'PreToolUse' }, { exitCode: 1 });
  return state;
}

describe('a certificate of a private authority', () => {
  it('makes an exporter fail until network.ca_file names the authority, and again after it does not', async () => {
    const { ca, tls } = anAuthority();
    const { port, spans } = await aCollector({ tls });
    const endpoint = `https://localhost:${port}`;
    const state = await anExport(settings(endpoint));
    await isIn(state, { state: 'failing', sent: 0, dropped: 0 });
    expect(await lastError(state)).toMatch(/certificate/);
    expect(spans()).toEqual([]);
    configure(state, settings(endpoint, { ca_file: ca }));
    await isIn(state, { state: 'working', sent: 1 });
    expect(spans()).toHaveLength(1);
    configure(state, settings(endpoint));
    spoolMany(state, 1);
    await isIn(state, { state: 'failing', sent: 1 });
    expect(spans()).toHaveLength(1);
  });

  it('stops a webhook until then', async () => {
    const { ca, tls } = anAuthority();
    const { port, paths, strangers } = await aHookServer(createSecureServer(tls));
    const state = await anAlert(webhook(`https://localhost:${port}/h00k`));
    await until('the refusal', () => strangers() > 0);
    expect(paths).toEqual([]);
    configure(state, webhook(`https://localhost:${port}/h00k`, { ca_file: ca }));
    await until('the delivery', () => logOf(state).includes('alert_told'));
    expect(paths).toEqual(['/h00k']);
  });

  it('stops a key server until then', async () => {
    const { ca, redisWords } = anAuthority();
    const server = await aRedisServer({ tls: true, words: redisWords });
    const state = aState();
    const url = `rediss://localhost:${server.port}`;
    const dedupe = { url, secret: 'a secret of the machines' };
    configure(state, { dedupe });
    await state.daemon();
    const keys = async () => (await state.ask())?.shared_keys[0];
    await until('the refusal', async () => /certificate/.test((await keys())?.last_error ?? ''));
    configure(state, { dedupe, network: { ca_file: ca } });
    await until('a trusted connection', async () => (await keys())?.connected);
  });
});

describe('a network.ca_file that cannot be used', () => {
  it.each([
    ['does not exist', () => undefined, /ENOENT/],
    ['holds no certificate', (path: string) => writeFileSync(path, 'no\n'), /no certificate/],
    [
      'holds half a certificate',
      (path: string, ca: string) => {
        copyFileSync(ca, path);
        writeFileSync(path, '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', {
          flag: 'a',
        });
      },
      /certificate/,
    ],
    [
      'others can write',
      (path: string, ca: string) => {
        copyFileSync(ca, path);
        chmodSync(path, 0o666);
      },
      /others can write to it/,
    ],
  ])(
    'because it %s is named in status, log and an alert; exporters continue, and it is read once it is fixed',
    async (_, make, reason) => {
      const { ca, tls } = anAuthority();
      const [plain, secure] = [await aCollector(), await aCollector({ tls })];
      const path = join(aState().home, 'company.pem');
      make(path, ca);
      const config = {
        alerts: { exporter_seconds: 1 },
        ...settings(plain.endpoint, { ca_file: path }),
      };
      const state = await anExport(config);
      await isIn(state, { state: 'working', sent: 1 });
      const alerts = () => state.rows<Record<string, string>>('SELECT subject, reason FROM alerts');
      await until('the alert', () => alerts().length > 0);
      expect(alerts()).toMatchObject([
        { subject: `certificates in ${path}`, reason: expect.stringMatching(reason) },
      ]);
      const env = { HOOKBUS_HOME: state.home };
      const said = () => JSON.parse(hookbusProcess(['status', '--json'], env).stdout).certificates;
      expect(said()).toEqual({ file: path, last_error: expect.stringMatching(reason) });
      expect(hookbusProcess(['status'], env).stdout).toContain(path);
      expect(logOf(state).match(/certificates_failed.*/g)).toHaveLength(1);
      configure(state, settings(`https://localhost:${secure.port}`, { ca_file: path }));
      spoolMany(state, 1);
      await isIn(state, { state: 'failing' });
      copyFileSync(ca, path);
      chmodSync(path, 0o600);
      await isIn(state, { state: 'working' });
      expect(said()).toEqual({ file: path, last_error: null });
    },
    60_000,
  );
});

describe('a proxy', () => {
  it('connects to a collector over https, which it cannot read, with its password', async () => {
    const { ca, tls } = anAuthority();
    const [proxy, collector] = [await aProxy(), await aCollector({ tls })];
    const network = { ca_file: ca, proxy: `http://me:s%3Acret@${proxy.host}` };
    const state = await anExport(settings(`https://${NAME}:${collector.port}`, network));
    await isIn(state, { state: 'working', sent: 1 });
    expect(collector.spans()).toHaveLength(1);
    const auth = `Basic ${Buffer.from('me:s:cret').toString('base64')}`;
    expect(proxy.asked[0]).toEqual({ line: `CONNECT ${NAME}:${collector.port}`, auth });
    expect(collector.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
    expect(logOf(state)).not.toMatch(/s%3Acret|s:cret/);
    const shown = ['status', 'config', 'doctor'].map(
      (word) => hookbusProcess([word, '--json'], { HOOKBUS_HOME: state.home }).stdout,
    );
    expect(shown.join()).not.toMatch(/s%3Acret|s:cret/);
  });

  it('makes neither an untrusted certificate trusted, nor one with another name', async () => {
    const { ca, tls } = anAuthority();
    const [proxy, collector] = [await aProxy(), await aCollector({ tls })];
    const endpoint = `https://${NAME}:${collector.port}`;
    const state = await anExport(settings(endpoint, { proxy: proxy.url }));
    await isIn(state, { state: 'failing', sent: 0 });
    expect(await lastError(state)).toMatch(/certificate/);
    expect(collector.spans()).toEqual([]);
    const network = { ca_file: ca, proxy: proxy.url };
    for (const host of ['other.test', '192.0.2.1']) {
      const other = await anExport(settings(`https://${host}:${collector.port}`, network));
      await until(host, async () => (await lastError(other)).includes(host));
      expect(await lastError(other)).toMatch(/does not match/);
      expect(collector.spans()).toEqual([]);
    }
  });

  it('forwards requests to a collector over http', async () => {
    const [proxy, collector] = [await aProxy(), await aCollector()];
    const network = { proxy: `http://me:s%3Acret@${proxy.host}` };
    const state = await anExport(settings(`http://${NAME}:${collector.port}/base`, network));
    await isIn(state, { state: 'working', sent: 1 });
    const auth = `Basic ${Buffer.from('me:s:cret').toString('base64')}`;
    expect(proxy.asked[0]).toEqual({
      line: `POST http://${NAME}:${collector.port}/base/v1/traces`,
      auth,
    });
    expect(collector.requests[0]?.headers.host).toBe(`${NAME}:${collector.port}`);
    expect(collector.spans()).toHaveLength(1);
  });

  it('forwards webhooks over http and https', async () => {
    const { ca, tls } = anAuthority();
    const proxy = await aProxy();
    const [plain, secure] = [
      await aHookServer(createServer()),
      await aHookServer(createSecureServer(tls)),
    ];
    const network = { ca_file: ca, proxy: proxy.url };
    const state = await anAlert(webhook(`http://${NAME}:${plain.port}/a?b`, network));
    await until('the webhook over http', () => plain.paths.length > 0);
    const other = await anAlert(webhook(`https://${NAME}:${secure.port}/c`, network));
    await until('the webhook over https', () => secure.paths.length > 0);
    expect(proxy.asked.map(({ line }) => line)).toEqual([
      `POST http://${NAME}:${plain.port}/a?b`,
      `CONNECT ${NAME}:${secure.port}`,
    ]);
    for (const one of [state, other])
      await until('the delivery', () => logOf(one).includes('alert_told'));
  });

  it.each(['localhost', '127.0.0.1', '127.1.2.3', 'a.localhost'])(
    'is never asked for %s',
    async (host) => {
      const proxy = await aProxy();
      const collector = await aCollector({ host: host === '127.1.2.3' ? host : '127.0.0.1' });
      const network = { proxy: proxy.url };
      const state = await anExport(settings(`http://${host}:${collector.port}`, network));
      await until('an attempt', async () => {
        const found = await exporterState(state, 'opentelemetry');
        return found !== undefined && found.sent + found.failures > 0;
      });
      // Not every system resolves names below localhost.
      if (host !== 'a.localhost') expect(collector.spans()).toHaveLength(1);
      expect(proxy.connections()).toBe(0);
    },
    60_000,
  );

  it('is not used for what network.no_proxy names', async ({ skip }) => {
    const own = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal);
    if (own === undefined) skip('this machine has no address but the loopback');
    const [proxy, collector] = [await aProxy(), await aCollector({ host: own?.address ?? '' })];
    const [through, around] = [
      { proxy: proxy.url },
      { proxy: proxy.url, no_proxy: ['example.com', own?.address] },
    ];
    const state = await anExport(settings(collector.endpoint, around));
    await isIn(state, { state: 'working', sent: 1 });
    expect(proxy.connections()).toBe(0);
    configure(state, settings(collector.endpoint, through));
    spoolMany(state, 1);
    await until('the proxy to be asked', () => proxy.asked.length > 0);
  });

  it.each([407, 403, 204])(
    'that answers %i is a failure that loses nothing',
    async (status) => {
      const { ca, tls } = anAuthority();
      const [bad, good] = [await aProxy({ status }), await aProxy()];
      const collector = await aCollector({ tls });
      const endpoint = `https://${NAME}:${collector.port}`;
      const state = await anExport(settings(endpoint, { ca_file: ca, proxy: bad.url }));
      await isIn(state, { state: 'failing', sent: 0, dropped: 0 });
      expect(await lastError(state)).toBe(`the proxy answers ${status}`);
      configure(state, settings(endpoint, { ca_file: ca, proxy: good.url }));
      await isIn(state, { state: 'working', sent: 1, dropped: 0 });
      expect(collector.spans()).toHaveLength(1);
    },
    60_000,
  );

  it('that wants a password over http is a failure that loses nothing', async () => {
    const proxy = await aProxy({ status: 407 });
    const state = await anExport(settings(`http://${NAME}:80`, { proxy: proxy.url }));
    await isIn(state, { state: 'failing', sent: 0, dropped: 0 });
    expect(await lastError(state)).toBe('the proxy answers 407');
  });

  it('that is down or silent is a failure, and no connection stays', async () => {
    const proxy = await aProxy({ isSilent: true });
    const gone = `http://127.0.0.1:${await freePort()}`;
    const config = (url: string) =>
      settings(`https://${NAME}:443`, { proxy: url }, { timeout_seconds: 1 });
    const state = await anExport(config(gone));
    await isIn(state, { state: 'failing' });
    expect(await lastError(state)).toMatch(/ECONNREFUSED/);
    configure(state, config(proxy.url));
    await until('the timeout', async () => (await lastError(state)) === 'no answer in 1 s');
    await until('its connection to be closed', () => proxy.open() === 0);
  });
});
