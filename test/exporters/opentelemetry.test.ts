import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/config/file/config-file.ts';
import { duplicateReason } from '../../src/domain/skipped-guard.ts';
import {
  aCollector,
  answers,
  type Collector,
  refuses,
  takesAll,
  valuesOf,
} from '../support/collector.ts';
import { hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';
import {
  aStateWith,
  configure,
  exporterState,
  isOpen,
  logOf,
  type State,
  stored,
} from '../support/exporting.ts';
import { freePort } from '../support/free-port.ts';
import { hookbusProcess } from '../support/hookbus.ts';
import { spoolMany } from '../support/spool-many.ts';

const PROTOCOLS = ['http/protobuf', 'http/json'] as const;

const settings = (endpoint: string, more: object = {}) => ({
  opentelemetry: { enabled: true, endpoint, metrics: false, ...more },
});

async function anExport(more: object = {}): Promise<{ state: State; collector: Collector }> {
  const collector = await aCollector();
  const state = aStateWith(settings(collector.endpoint, more));
  await state.daemon();
  await isOpen(state, 'opentelemetry');
  return { state, collector };
}

const spans = (collector: Collector, count: number) =>
  until(`${count} spans`, () => collector.spans().length >= count && collector.spans());

const counts = async (state: State) => {
  const found = await exporterState(state, 'opentelemetry');
  return { sent: found?.sent ?? -1, dropped: found?.dropped ?? -1, state: found?.state };
};

const untilCounts = (state: State, wanted: object) =>
  until(`${JSON.stringify(wanted)}`, async () => {
    const found = await counts(state);
    return Object.entries(wanted).every(
      ([key, value]) => found[key as keyof typeof found] === value,
    );
  });

describe.each(PROTOCOLS)('spans over %s', (protocol) => {
  it('are one per execution, with its ids, times, status and attributes, and no payload', async () => {
    const { state, collector } = await anExport({ protocol, headers: { 'api-key': 'k-1' } });
    const begin = {
      ...{ correlationId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
      ...{
        hookName: 'lint',
        eventType: 'Stop',
        createdAtMs: Date.parse('2026-11-22T10:00:00.125Z'),
      },
      argv: ['/usr/bin/python3', 'lint.py', '--token=hidden-1'],
    };
    const stderrTail = Buffer.from('hidden-2\n');
    spoolMany(state, 1, { ...begin, parentSpanId: '00f067aa0ba902b7' }, { durationMs: 1500.25 });
    spoolMany(state, 1, { ...begin, spanId: '1'.repeat(16) }, { exitCode: 2, stderrTail });
    spoolMany(state, 1, { ...begin, spanId: '2'.repeat(16) }, { exitCode: 7, stderrTail });
    spoolMany(state, 1, { ...begin, spanId: '3'.repeat(16) }, { kind: 'timeout', exitCode: 124 });
    const again = { kind: 'dedupe_skip', reason: duplicateReason('x', true) } as const;
    const client = { variables: ['CLAUDECODE=1'], subagent: 'Explore' };
    spoolMany(state, 1, { ...begin, ...client, spanId: '4'.repeat(16) }, again);
    const all = await spans(collector, 5);
    const [ok, blocked, failed, late, refused] = [
      'b7ad6b7169203331',
      ...['1', '2', '3', '4'].map((digit) => digit.repeat(16)),
    ].map((id) => all.find(({ spanId }) => spanId === id));
    expect(ok).toMatchObject({
      ...{ traceId: begin.correlationId, parentSpanId: '00f067aa0ba902b7', name: 'Stop lint' },
      ...{ kind: 'SPAN_KIND_INTERNAL', startTimeUnixNano: '1795341600125000000' },
      endTimeUnixNano: '1795341601625250000',
    });
    expect(ok?.status?.code ?? 'STATUS_CODE_UNSET').toBe('STATUS_CODE_UNSET');
    expect(valuesOf(ok?.attributes)).toMatchObject({
      ...{ 'hookbus.hook.name': 'lint', 'hookbus.event': 'Stop', 'hookbus.status': 'success' },
      ...{
        'process.exit.code': 0,
        'process.executable.name': 'python3',
        'session.id': 'session-1',
      },
      ...{ 'hookbus.tool.name': 'Bash', 'hookbus.overhead_ms': 1.25, 'hookbus.stdin.bytes': 519 },
    });
    expect(blocked?.status?.code ?? 'STATUS_CODE_UNSET').toBe('STATUS_CODE_UNSET');
    expect(blocked?.parentSpanId ?? '').toBe('');
    expect(valuesOf(blocked?.attributes)).not.toHaveProperty('error.type');
    expect(failed?.status).toEqual({ code: 'STATUS_CODE_ERROR', message: 'exit code 7' });
    expect(valuesOf(failed?.attributes)).toMatchObject({
      'process.exit.code': 7,
      'error.type': '7',
    });
    expect(late?.status).toEqual({ code: 'STATUS_CODE_ERROR', message: 'timed out' });
    expect(valuesOf(late?.attributes)).toMatchObject({ 'error.type': 'timeout' });
    expect(refused?.status?.code ?? 'STATUS_CODE_UNSET').toBe('STATUS_CODE_UNSET');
    // The directory of the project stays here.
    expect(valuesOf(refused?.attributes)).toMatchObject({
      ...{ 'hookbus.decision': 'deny', 'hookbus.project': expect.stringMatching(/^[0-9a-f]{12}$/) },
      ...{ 'hookbus.agent': 'claude', 'hookbus.subagent': 'Explore' },
    });
    for (const { bytes, headers, path } of collector.requests) {
      expect(bytes.toString('latin1')).not.toMatch(/hidden|lint\.py|\/home\/dev|toolu_1/);
      expect({ path, key: headers['api-key'] }).toEqual({ path: '/v1/traces', key: 'k-1' });
    }
    const attributes = collector.requests[0]?.body.resourceSpans?.[0]?.resource.attributes;
    const service = { 'service.name': 'hookbus', 'service.version': '0.1.0' };
    expect(valuesOf(attributes)).toMatchObject(service);
    expect(hookbusProcess(['status', '--json'], { HOOKBUS_HOME: state.home }).stdout).not.toContain(
      'k-1',
    );
  });

  it('come with metrics, whose buckets are those of Prometheus', async () => {
    const { state, collector } = await anExport({
      protocol,
      metrics: true,
      metrics_interval_seconds: 1,
    });
    spoolMany(
      state,
      3,
      { hookName: 'lint', eventType: 'Stop' },
      { durationMs: 30, overheadMs: 1.5 },
    );
    spoolMany(
      state,
      1,
      { hookName: 'lint', eventType: 'Stop' },
      { kind: 'dedupe_skip', dedupeKey: 'k' },
    );
    const runs = await until('the runs', () => {
      const points = collector.metrics().get('hookbus.hook.runs')?.sum?.dataPoints ?? [];
      return points.length === 2 ? points : undefined;
    });
    const ran = runs.find(({ attributes }) => valuesOf(attributes)['hookbus.status'] === 'success');
    expect(Number(ran?.asInt ?? ran?.asDouble)).toBe(3);
    const metrics = collector.metrics();
    expect(metrics.get('hookbus.hook.runs')?.sum?.isMonotonic).toBe(true);
    const duration = metrics.get('hookbus.hook.duration');
    expect(duration?.unit).toBe('s');
    const [point] = duration?.histogram?.dataPoints ?? [];
    expect(point?.explicitBounds?.slice(0, 4)).toEqual([0.005, 0.01, 0.025, 0.05]);
    expect(Number(point?.bucketCounts?.[3])).toBeGreaterThanOrEqual(3);
    expect(Number(metrics.get('hookbus.overhead')?.histogram?.dataPoints[0]?.count)).toBe(4);
    expect([...metrics.keys()]).toContain('hookbus.dedupe');
    const decisions = metrics.get('hookbus.hook.decisions')?.sum?.dataPoints ?? [];
    expect(decisions.map(({ attributes }) => valuesOf(attributes)['hookbus.decision'])).toEqual([
      'none',
    ]);
  });
});

describe('spans', () => {
  it.skipIf(!hasLauncher)('of an execution in a trace have its span as parent', async () => {
    const { state, collector } = await anExport();
    const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await start([LAUNCHER, 'run', '--', 'true'], { ...state.env, TRACEPARENT }).ended;
    const [span] = await spans(collector, 1);
    expect(span).toMatchObject({
      ...{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', parentSpanId: '00f067aa0ba902b7' },
    });
  });

  it('cover what waited in the spool when the daemon started, and nothing older, each once', async () => {
    const collector = await aCollector();
    const state = aStateWith(settings(collector.endpoint));
    spoolMany(state, 3, { hookName: 'old' });
    hookbusProcess(['logs'], { HOOKBUS_HOME: state.home });
    spoolMany(state, 700, { hookName: 'new' });
    await state.daemon();
    await spans(collector, 700);
    spoolMany(state, 1, { hookName: 'last' });
    await until('the last span', () =>
      collector.spans().some(({ name }) => name.endsWith(' last')),
    );
    expect(collector.spans()).toHaveLength(701);
    expect(new Set(collector.spans().map(({ spanId }) => spanId)).size).toBe(701);
    expect(collector.spans().filter(({ name }) => name.endsWith(' old'))).toEqual([]);
  });

  it('that wait when the daemon stops are sent first', async () => {
    const { state, collector } = await anExport();
    spoolMany(state, 30);
    expect(await state.stop()).toBe(true);
    expect(collector.spans()).toHaveLength(30);
  });
});

describe('a collector', () => {
  it('that is down for a while costs no span, and is tried again', async () => {
    const port = await freePort();
    const state = aStateWith(settings(`http://127.0.0.1:${port}`));
    await state.daemon();
    await isOpen(state, 'opentelemetry');
    spoolMany(state, 5);
    await untilCounts(state, { state: 'failing', sent: 0, dropped: 0 });
    await until('the logged failure', () =>
      /exporter_failed pid=\d+ name="opentelemetry" reason="[^"]*ECONNREFUSED/.test(logOf(state)),
    );
    expect(hookbusProcess(['status'], { HOOKBUS_HOME: state.home }).stdout).toContain(
      'ECONNREFUSED',
    );
    const collector = await aCollector({ port });
    await spans(collector, 5);
    await untilCounts(state, { state: 'working', sent: 5, dropped: 0 });
  });

  it('that never answers has a bounded queue, which drops the oldest, counts them, and delays nothing', async () => {
    const { state, collector } = await anExport({ queue: 100, timeout_seconds: 1 });
    collector.answerWith(() => undefined);
    spoolMany(state, 2000, { hookName: 'old' });
    await stored(state, 2000);
    spoolMany(state, 100, { hookName: 'new' });
    await stored(state, 2100);
    await untilCounts(state, { dropped: 2000 });
    expect(await exporterState(state, 'opentelemetry')).toMatchObject({
      ...{ state: 'failing', last_error: 'no answer in 1 s', sent: 0 },
    });
    const before = collector.requests.length;
    collector.answerWith(takesAll);
    await untilCounts(state, { sent: 100 });
    const sent = collector.requests
      .slice(before)
      .flatMap(({ body }) =>
        (body.resourceSpans ?? []).flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap((scope) => scope.spans),
        ),
      );
    expect(sent.every(({ name }) => name.endsWith(' new'))).toBe(true);
  });

  it.each([429, 503])(
    'that answers %i with Retry-After gets the same request again, but not earlier',
    async (status) => {
      const { state, collector } = await anExport();
      collector.answerWith(answers(status, { 'retry-after': '2' }));
      spoolMany(state, 3);
      await until('the first request', () => collector.requests.length === 1);
      const at = performance.now();
      collector.answerWith(takesAll);
      await until('the second request', () => collector.requests.length === 2);
      expect(performance.now() - at).toBeGreaterThan(1900);
      await untilCounts(state, { sent: 3, dropped: 0, state: 'working' });
    },
  );

  it('that refuses a request does not get it again', async () => {
    const { state, collector } = await anExport();
    collector.answerWith(answers(400));
    spoolMany(state, 3);
    await untilCounts(state, { sent: 0, dropped: 3, state: 'failing' });
    collector.answerWith(refuses(2, 'too old'));
    spoolMany(state, 5);
    await untilCounts(state, { sent: 3, dropped: 5 });
    expect((await exporterState(state, 'opentelemetry'))?.last_error).toBe('too old');
    expect(collector.requests).toHaveLength(2);
  });

  it('that warns counts as working, and one that rejects metrics does not', async () => {
    const { state, collector } = await anExport();
    collector.answerWith(refuses(0, 'use the other port'));
    spoolMany(state, 3);
    await untilCounts(state, { sent: 3, dropped: 0, state: 'working' });
    expect(await exporterState(state, 'opentelemetry')).toMatchObject({
      ...{ last_error: 'use the other port', failures: 0 },
    });
    collector.answerWith(refuses(4, ''));
    const only = { traces: false, metrics: true, metrics_interval_seconds: 1 };
    configure(state, settings(collector.endpoint, only));
    await until('metrics only', async () => {
      const found = await exporterState(state, 'opentelemetry');
      return found?.sent === 0 && found.target !== null;
    });
    spoolMany(state, 1);
    await untilCounts(state, { state: 'failing' });
    expect((await exporterState(state, 'opentelemetry'))?.last_error).toBe(
      'the collector rejected 4',
    );
  });

  it('that works gets every span even if there are more than fit into the queue, the last ones when the daemon stops', async () => {
    const collector = await aCollector();
    collector.answerWith((response, received) => {
      setTimeout(() => takesAll(response, received), 20);
    });
    const state = aStateWith(settings(collector.endpoint, { queue: 1000 }));
    spoolMany(state, 6000);
    await state.daemon();
    await until('most spans', () => collector.spans().length > 3000);
    // Enough that a busy machine sends them within the second that a daemon takes to stop.
    spoolMany(state, 1000);
    await stored(state, 7000);
    expect(await state.stop()).toBe(true);
    expect(collector.spans()).toHaveLength(7000);
  });

  it('that is not a collector, or never stops answering, does no harm', async () => {
    const { state, collector } = await anExport();
    collector.answerWith(answers(200, { 'content-type': 'text/html' }, '<h1>Hello</h1>'));
    spoolMany(state, 1);
    await untilCounts(state, { sent: 0, dropped: 0, state: 'failing' });
    collector.answerWith((response) => {
      response.writeHead(200, { 'content-type': 'application/x-protobuf' });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 0xff)));
      };
      response.on('drain', more);
      more();
    });
    spoolMany(state, 1);
    await untilCounts(state, { sent: 2 });
    const rude = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('\u0000\u0001 garbage\r\n\r\n');
    });
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void rude.close());
    const address = rude.address();
    const port = typeof address === 'object' ? address?.port : 0;
    configure(state, settings(`http://127.0.0.1:${port}`));
    await until('the other endpoint', async () =>
      (await exporterState(state, 'opentelemetry'))?.target?.endsWith(`:${port}`),
    );
    spoolMany(state, 1);
    await untilCounts(state, { sent: 0, dropped: 0, state: 'failing' });
    expect(await state.stop()).toBe(true);
  });

  it('that is gone for a long time costs the daemon no memory except for the queue', async () => {
    const state = aStateWith(settings('http://127.0.0.1:1', { queue: 500, metrics: true }));
    await state.daemon();
    await isOpen(state, 'opentelemetry');
    const memory = async (): Promise<number> => (await state.ask())?.rss_bytes ?? 0;
    spoolMany(state, 1000);
    await stored(state, 1000);
    await untilCounts(state, { dropped: 500 });
    const before = await memory();
    for (let round = 2; round <= 6; round += 1) {
      spoolMany(state, 1000);
      await stored(state, round * 1000);
    }
    await untilCounts(state, { dropped: 5500 });
    expect((await memory()) - before).toBeLessThan(15 * 1024 * 1024);
  });
});

describe('the settings of OpenTelemetry', () => {
  it.each([
    ['"endpoint": "ftp://x"', 'opentelemetry.endpoint: expected a URL'],
    ['"endpoint": "http://me:secret@x"', 'opentelemetry.endpoint: expected a URL'],
    ['"protocol": "grpc"', 'expected "http/protobuf" or "http/json", got "grpc"'],
    ['"headers": {"a b": "x"}', 'opentelemetry.headers: expected an object'],
    ['"headers": {"a": "x\\r\\nb: c"}', 'opentelemetry.headers: expected an object'],
    ['"queue": 0', 'expected a whole number of spans from 1 to 65536'],
  ])('refuse %s', (text, problem) => {
    expect(parseConfig(`{"opentelemetry": {${text}}}`)).toMatchObject({
      ...{ state: 'refused', problem: expect.stringContaining(problem) },
    });
  });

  it('that contain a key show it only where it was asked for', () => {
    const state = aStateWith(settings('http://127.0.0.1:1', { headers: { 'api-key': 'hidden' } }));
    const env = { HOOKBUS_HOME: state.home };
    for (const words of [['config'], ['config', '--json'], ['status', '--json']]) {
      const { stdout, exitCode } = hookbusProcess(words, env);
      expect({ exitCode, hidden: stdout.includes('hidden"') || /"hidden/.test(stdout) }).toEqual({
        ...{ exitCode: 0, hidden: false },
      });
    }
    const refused = parseConfig('{"opentelemetry": {"headers": {"api-key": 1, "x": "hidden"}}}');
    expect(JSON.stringify(refused)).not.toContain('hidden');
    expect(readFileSync(state.paths.config, 'utf8')).toContain('hidden');
  });
});
