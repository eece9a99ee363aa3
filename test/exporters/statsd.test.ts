import { createSocket } from 'node:dgram';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/config/file/config-file.ts';
import { duplicateReason } from '../../src/domain/skipped-guard.ts';
import { until } from '../support/daemon.ts';
import {
  aProcess,
  aStateWith,
  exporterState,
  hasProgram,
  instanceId,
  isOpen,
  type State,
  stored,
} from '../support/exporting.ts';
import { freePort } from '../support/free-port.ts';
import { spoolMany } from '../support/spool-many.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** Whether the optional package with native code is installed. */
const hasUnixDatagrams = ((): boolean => {
  try {
    createRequire(import.meta.url)('unix-dgram');
    return true;
  } catch {
    process.stderr.write('no unix-dgram was built, so StatsD over a Unix socket is not tested\n');
    return false;
  }
})();
const hasPython = hasProgram('python3', ['--version'], 'StatsD over a Unix socket');

async function anExport(statsd: object): Promise<State> {
  const state = aStateWith({ statsd: { enabled: true, ...statsd } });
  await state.daemon();
  await isOpen(state, 'statsd');
  return state;
}

/** Receives packets on a port of the loopback interface. */
async function aReceiver(): Promise<{ port: number; packets: string[] }> {
  const packets: string[] = [];
  const socket = createSocket('udp4', (packet) => packets.push(packet.toString()));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void socket.close());
  return { port: socket.address().port, packets };
}

const linesOf = (packets: readonly string[]): string[] =>
  packets.flatMap((packet) => packet.split('\n'));

/** The response of a StatsD server to a command on its management port. */
async function tell(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  return new Promise((resolve) => {
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (/END\n|^health: /.test(text)) socket.end();
    });
    socket.on('connect', () => socket.write(`${command}\n`));
  });
}

describe('StatsD', () => {
  it('counts and times executions in the StatsD server from npm', async () => {
    const [port, own] = [await freePort(), await freePort()];
    const config = join(temporaryDirectory(), 'config.cjs');
    const server = createRequire(import.meta.url).resolve('statsd/stats.js');
    writeFileSync(
      config,
      `{ port: ${port}, address: '127.0.0.1', mgmt_port: ${own}, mgmt_address: '127.0.0.1',
         backends: [], flushInterval: 3600000, title: false }`,
    );
    aProcess(execPath, [server, config]);
    await until('the server', async () => (await tell(own, 'health')).includes('up'));
    const state = await anExport({ port });
    spoolMany(state, 40, { hookName: 'lint', eventType: 'Stop' }, { durationMs: 12.5 });
    spoolMany(state, 2, { hookName: 'a.b c:d|e', eventType: '' }, { exitCode: 1 });
    spoolMany(state, 3, { hookName: 'lint' }, { kind: 'dedupe_skip', dedupeKey: 'k' });
    const again = { kind: 'dedupe_skip', reason: duplicateReason('x', true) } as const;
    spoolMany(state, 2, { hookName: 'guard', dedupeKey: 'k' }, again);
    const counters = await until('the counters', async () => {
      const text = await tell(own, 'counters');
      return text.includes("hookbus.dedupe.skip': 5") ? text : undefined;
    });
    expect(counters).toContain("'hookbus.hook.runs.lint.Stop.success': 40");
    expect(counters).toContain("'hookbus.hook.runs.a_b_c_d_e.none.error': 2");
    expect(counters).toContain("'hookbus.hook.decisions.lint.Stop.none': 40");
    expect(counters).toContain("'hookbus.hook.decisions.guard.PreToolUse.deny': 2");
    expect(counters).toContain("'statsd.bad_lines_seen': 0");
    const timers = await tell(own, 'timers');
    expect(timers).toMatch(/'hookbus\.hook\.duration\.lint\.Stop': \[\s*12\.5,/);
    expect(await exporterState(state, 'statsd')).toMatchObject({
      sent: 47,
      dropped: 0,
      failures: 0,
    });
  });

  it('writes DogStatsD tags, in packets that fit', async () => {
    const { port, packets } = await aReceiver();
    const state = await anExport({
      port,
      tags: 'dogstatsd',
      prefix: 'ci.hooks',
      max_packet_bytes: 1024,
    });
    spoolMany(
      state,
      1,
      { hookName: 'lint', eventType: 'Stop', dedupeKey: 'k' },
      { durationMs: 0.1234567 },
    );
    spoolMany(state, 40, { hookName: `${'x'.repeat(300)} #,|:é` });
    await until(
      'all metrics',
      () => linesOf(packets).filter((line) => line.includes('.hook.runs')).length === 41,
    );
    const sent = linesOf(packets);
    const id = instanceId(state);
    const who = new RegExp(`,?service_instance_id:${id},host_name:[^,]+,os_type:[a-z]+$`);
    expect(sent.filter((line) => !who.test(line))).toEqual([]);
    const lines = sent.map((line) =>
      line.replace(who, '').replace(/project:[0-9a-f]{12}/, 'project:DIGEST'),
    );
    const names = '#hook:lint,event:Stop,agent:none,project:DIGEST';
    expect(lines).toContain(`ci.hooks.hook.runs:1|c|${names},status:success`);
    expect(lines).toContain(`ci.hooks.hook.decisions:1|c|${names},decision:none`);
    expect(lines).toContain(`ci.hooks.hook.duration:0.123|ms|${names}`);
    expect(lines).toContain('ci.hooks.overhead:1.25|ms|#');
    expect(lines).toContain('ci.hooks.dedupe:1|c|#result:run');
    for (const packet of packets) {
      expect(packet).toMatch(/^[\x21-\x7e\n]+$/);
      expect(Buffer.byteLength(packet)).toBeLessThanOrEqual(1024);
      expect(packet).not.toMatch(/^\n|\n$|session-1|toolu_1/);
    }
    // In as few packets as possible: most have several lines.
    expect(packets.length).toBeLessThan(lines.length / 2);
  });

  it('to a closed port or an unknown name costs only a count', async () => {
    const state = await anExport({ host: 'no-such-host.invalid' });
    spoolMany(state, 50);
    await stored(state, 50);
    const failing = await until('the failure', async () => {
      const found = await exporterState(state, 'statsd');
      return found !== undefined && found.dropped === 50 ? found : undefined;
    });
    expect(failing).toMatchObject({ state: 'failing', sent: 0 });
    expect(failing.last_error).toMatch(/ENOTFOUND|EAI_AGAIN/);
    expect(await state.stop()).toBe(true);
  });

  it.skipIf(!hasUnixDatagrams || !hasPython)(
    'goes to a Unix datagram socket, whether or not anybody reads it',
    async () => {
      const socket = join(temporaryDirectory(), 'dsd.socket');
      const state = await anExport({ socket, tags: 'dogstatsd' });
      spoolMany(state, 3);
      const failing = await until('the failure', async () => {
        const found = await exporterState(state, 'statsd');
        return found?.dropped === 3 ? found : undefined;
      });
      expect(failing).toMatchObject({ target: `unix:${socket}`, last_error: 'send ENOENT' });
      // Nobody reads at first: it is bound, and its queue fills up.
      const receiver = aProcess('python3', ['-u', '-c', RECEIVER, socket]);
      await until('the bound socket', () => receiver.stdout().includes('bound'));
      spoolMany(state, 500, { hookName: 'lint', eventType: 'Stop' });
      await stored(state, 503);
      await until('its queue to be full', async () =>
        (await exporterState(state, 'statsd'))?.last_error?.includes('queue is full'),
      );
      expect(await exporterState(state, 'statsd')).toMatchObject({ dropped: 3 });
      receiver.child.kill('SIGUSR1');
      await until('all metrics', () => received(receiver.stdout()) === 500);
      expect(await exporterState(state, 'statsd')).toMatchObject({
        state: 'working',
        dropped: 3,
        sent: 500,
      });
      rmSync(socket);
    },
  );

  it('refuses invalid settings', () => {
    for (const setting of [
      '"host": "a b"',
      '"socket": "dsd"',
      '"prefix": "a..b"',
      '"max_packet_bytes": 9000',
      '"tags": "influx"',
    ]) {
      expect(parseConfig(`{"statsd": {${setting}}}`)).toMatchObject({ state: 'refused' });
    }
  });
});

const received = (stdout: string): number =>
  stdout.match(/hookbus\.hook\.runs:1\|c\|#hook:lint,event:Stop/g)?.length ?? 0;

const RECEIVER = `
import signal, socket, sys
taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
taken.bind(sys.argv[1])
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print('bound')
signal.sigwait([signal.SIGUSR1])
while True:
    print(taken.recv(65536).decode())
`;
