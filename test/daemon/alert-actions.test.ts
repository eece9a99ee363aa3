import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AlertReport } from '../../src/app/alerts/alert-report.ts';
import { DEFAULT_CONFIG, parseConfig } from '../../src/config/file/config-file.ts';
import { failingSince } from '../../src/daemon/alerts/failing.ts';
import { createNotifier } from '../../src/daemon/alerts/notifier.ts';
import { findDesktop } from '../../src/os/desktop.ts';
import { encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { aState, until } from '../support/daemon.ts';
import { DIRECT } from '../support/network.ts';
import { aBegin, anEnd } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const anAlert = (number: number): AlertReport => ({
  alert_id: `alert-${number}`,
  rule: 'failure_rate',
  subject: `hook${number}`,
  state: 'open',
  text: 'it fails',
  value: 1,
  threshold: 0.01,
  runs: 20,
  reason: null,
  opened_at: '2026-11-22T10:00:00.000Z',
  cleared_at: null,
});

describe('alerts that open at once', () => {
  it('are delivered a few at a time, each once', async () => {
    const log = join(temporaryDirectory(), 'log');
    const done: string[] = [];
    const notifier = createNotifier(
      { log: () => undefined, network: () => DIRECT },
      ({ alert_id }) => done.push(alert_id),
    );
    const command = `cat >/dev/null; echo start >> '${log}'; sleep 0.05; echo end >> '${log}'`;
    const config = { ...DEFAULT_CONFIG.alerts, command };
    const alerts = Array.from({ length: 20 }, (_, index) => anAlert(index));
    for (const alert of [...alerts, ...alerts]) notifier.deliver(alert, ['command'], config);
    await until('all to be delivered', () => done.length === 20);
    let running = 0;
    const most = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((word) => {
        running += word === 'start' ? 1 : -1;
        return running;
      });
    expect(most).toHaveLength(40);
    expect(Math.max(...most)).toBeLessThanOrEqual(3);
    // If the result could not be noted, it is reported again, but the action is not repeated.
    notifier.deliver(anAlert(0), ['command'], config);
    expect(done).toHaveLength(21);
    notifier.stop();
  });

  it('are reported as opened before they are reported as cleared, and no slow webhook delays a command', async () => {
    const delivered: string[] = [];
    const asked = new Map<string, ServerResponse>();
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { alert_id, state } = JSON.parse(body) as AlertReport;
        delivered.push(`${alert_id} ${state}`);
        asked.set(`${alert_id} ${state}`, response);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const done: string[] = [];
    const notifier = createNotifier(
      { log: () => undefined, network: () => DIRECT },
      ({ alert_id, state }, action) => done.push(`${alert_id} ${state} ${action}`),
    );
    const webhook = `http://127.0.0.1:${port}/`;
    const config = { ...DEFAULT_CONFIG.alerts, webhook, command: 'cat >/dev/null' };
    for (const number of [0, 1, 2, 3]) notifier.deliver(anAlert(number), ['webhook'], config);
    notifier.deliver(anAlert(4), ['command'], config);
    await until('the command', () => done.includes('alert-4 open command'));
    notifier.deliver({ ...anAlert(0), state: 'cleared' }, ['webhook'], config);
    await until('three webhooks', () => delivered.length === 3);
    // Two more may start. The cleared one is not the first of them: its opening is still being delivered.
    asked.get('alert-1 open')?.end();
    await until('the fourth delivery', () => delivered.length === 4);
    expect(delivered.toSorted()).toEqual([0, 1, 2, 3].map((number) => `alert-${number} open`));
    asked.get('alert-2 open')?.end();
    await until('the third delivery', () => done.includes('alert-2 open webhook'));
    expect(delivered).toHaveLength(4);
    asked.get('alert-0 open')?.end();
    await until('the last delivery', () => delivered.length === 5);
    expect(delivered[4]).toBe('alert-0 cleared');
    notifier.stop();
    server.closeAllConnections();
  });
});

describe('the desktop', () => {
  it('is found if there is a display and a program, or osascript on macOS', () => {
    const directory = temporaryDirectory();
    for (const name of ['notify-send', 'osascript']) writeFileSync(join(directory, name), '');
    const PATH = `relative:/nowhere:${directory}`;
    expect(findDesktop('linux', { PATH })).toBeUndefined();
    expect(findDesktop('linux', { PATH: '/nowhere', DISPLAY: ':0' })).toBeUndefined();
    expect(findDesktop('linux', { PATH, WAYLAND_DISPLAY: 'wayland-0' })).toEqual({
      kind: 'notify-send',
      path: join(directory, 'notify-send'),
    });
    expect(findDesktop('darwin', { PATH })?.kind).toBe('osascript');
  });

  it('gets the texts as arguments, whatever is in them', async () => {
    const state = aState();
    const programs = join(state.home, 'programs');
    const said = join(state.home, 'said');
    mkdirSync(programs);
    const program = join(programs, 'notify-send');
    writeFileSync(
      program,
      `#!/bin/sh\nprintf '%s\\n' "$@" > '${said}.new'; mv '${said}.new' '${said}'\n`,
    );
    chmodSync(program, 0o755);
    Object.assign(state.env, { DISPLAY: ':99', PATH: `${programs}:${process.env['PATH']}` });
    writeFileSync(state.paths.config, JSON.stringify({ alerts: { desktop: true } }));
    await state.daemon();
    const begin = aBegin({
      hookName: '-x $(touch bad) <b>',
      eventType: 'PreToolUse',
      createdAtMs: Date.now(),
    });
    createSpool(state.paths.spool, state.paths.quarantine).finish(
      begin.executionId,
      encodeBegin(begin),
      encodeEnd(anEnd({ exitCode: 1 })),
    );
    await until('the notification', () => existsSync(said));
    expect(readFileSync(said, 'utf8').trim().split('\n')).toEqual([
      '--app-name=HookBus',
      '--',
      'HookBus alert',
      '-x $(touch bad) &lt;b&gt;: exit code 1 in its last run; only exit code 2 or JSON can block',
    ]);
  });
});

describe('other things that fail', () => {
  it('count as failing since the first failure after they last worked', () => {
    let nowMs = 1000;
    let failure: string | undefined = 'ECONNREFUSED';
    const source = failingSince(
      () => nowMs,
      () => [
        { name: 'otlp', failure },
        { name: 'well', failure: undefined },
      ],
    );
    expect(source()).toEqual([{ name: 'otlp', sinceMs: 1000, reason: 'ECONNREFUSED' }]);
    nowMs = 5000;
    failure = 'ETIMEDOUT';
    expect(source()).toEqual([{ name: 'otlp', sinceMs: 1000, reason: 'ETIMEDOUT' }]);
    failure = undefined;
    expect(source()).toEqual([]);
    failure = 'again';
    expect(source()).toMatchObject([{ sinceMs: 5000 }]);
  });

  it('include a key server that does not answer, which raises an alert', async () => {
    const state = aState();
    const dedupe = { url: 'redis://:s3cret@127.0.0.1:1', secret: 'a secret of the machines' };
    writeFileSync(state.paths.config, JSON.stringify({ alerts: { exporter_seconds: 1 }, dedupe }));
    await state.daemon();
    const rows = () =>
      state.rows<Record<string, string>>('SELECT rule, subject, reason FROM alerts');
    await until('the alert', () => rows().length > 0);
    expect(rows()[0]).toMatchObject({
      rule: 'exporter_failing',
      subject: expect.stringMatching(/^dedupe keys at redis:.*127\.0\.0\.1:1/),
    });
    expect(JSON.stringify(rows())).not.toContain('s3cret');
  });
});

it('do not repeat an invalid address, because it may hold a secret', () => {
  const reading = parseConfig('{"alerts": {"webhook": "ftp://me:s3cret@example.com"}}');
  expect(reading).toEqual({
    state: 'refused',
    problem:
      'line 1, column 24: alerts.webhook: expected a URL that begins with https:// or http://',
  });
});
