import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../src/daemon/log.ts';
import { aCollector } from '../support/collector.ts';
import { until } from '../support/daemon.ts';
import { aStateWith, isOpen, logOf } from '../support/exporting.ts';
import { freePort } from '../support/free-port.ts';
import { spoolMany } from '../support/spool-many.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const aSecret = (): string => ['gh', 'p_', randomBytes(18).toString('hex')].join('');

it('no exported or logged name contains a secret', async () => {
  const packets: string[] = [];
  const socket = createSocket('udp4', (packet) => packets.push(packet.toString()));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void socket.close());
  const [collector, port] = [await aCollector(), await freePort()];
  const state = aStateWith({
    statsd: { enabled: true, port: socket.address().port, tags: 'dogstatsd' },
    opentelemetry: {
      ...{ enabled: true, endpoint: collector.endpoint },
      ...{ metrics_interval_seconds: 1, logs: true },
    },
    export: { project_name: true },
    prometheus: { enabled: true, port },
    breaker: { enabled: true, window: 5 },
    alerts: { enabled: true, hold_seconds: 0, command: 'cat >&2; exit 1' },
  });
  await state.daemon();
  for (const name of ['statsd', 'opentelemetry', 'prometheus']) await isOpen(state, name);
  const secret = aSecret();
  const names = {
    ...{ hookName: `h-${secret}`, eventType: `E-${secret}`, toolName: `t-${secret}` },
    ...{ sessionId: `s-${secret}`, argv: [`/bin/${secret}`, secret], cwd: `/home/${secret}` },
  };
  const said = { exitCode: 1, stderrTail: Buffer.from(`${secret}\n`) };
  spoolMany(state, 30, { ...names, toolUseId: `u-${secret}` }, said);
  await until('spans', () => collector.spans().length >= 30);
  await until('metrics', () => collector.requests.some(({ path }) => path === '/v1/metrics'));
  await until('log records', () => collector.logRecords().length >= 30);
  await until('packets', () => packets.join('\n').includes('hook.runs'));
  await until('an alert', () => logOf(state).includes('alert_action_failed'), 15_000);
  const scraped = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const left = [
    scraped,
    packets.join('\n'),
    logOf(state),
    ...collector.requests.map(({ bytes }) => bytes.toString('latin1')),
    JSON.stringify(await state.ask()),
  ];
  for (const text of left.slice(0, 4)) expect(text).toMatch(/redacted.github-token/);
  for (const text of left) expect(text).not.toContain(secret.slice(0, 20));
});

it('no line of the log contains a secret, whatever it is about', () => {
  const path = `${temporaryDirectory()}/hookbus.log`;
  const secret = aSecret();
  createLog(path, Date.now)('something_failed', {
    hook: `x-${secret}`,
    reason: `not ${secret}`,
    count: 3,
  });
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(/something_failed pid=\d+ hook="x-\[redacted:github-token\]" .* count=3\n$/);
  expect(text).not.toContain(secret);
});
