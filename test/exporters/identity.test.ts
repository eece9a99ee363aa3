import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { hostname, userInfo } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/config/file/config-file.ts';
import { aCollector, valuesOf } from '../support/collector.ts';
import { until } from '../support/daemon.ts';
import {
  aStateWith,
  configure,
  instanceId,
  isOpen,
  logOf,
  type State,
  stored,
} from '../support/exporting.ts';
import { hookbusProcess } from '../support/hookbus.ts';
import { spoolMany } from '../support/spool-many.ts';

const OS = process.platform === 'win32' ? 'windows' : process.platform;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const cli = (state: State, ...words: string[]) =>
  hookbusProcess(words, { HOOKBUS_HOME: state.home, HOOKBUS_ENABLED: '1' });

/** The labels of each series of a metric. */
function labelsIn(text: string, metric: string): Record<string, string>[] {
  const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`));
  return lines.map((line) =>
    Object.fromEntries(
      [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    ),
  );
}

const shown = (state: State): string => cli(state, 'export', 'prometheus').stdout;

describe('who exports', () => {
  it('is an id that outlives restarts and cleanup, a machine, and a system; in Prometheus target_info', async () => {
    const state = aStateWith({
      export: { attributes: { 'deployment.environment.name': 'a "b"' } },
    });
    spoolMany(state, 2, { hookName: 'lint' });
    const text = shown(state);
    const id = instanceId(state);
    expect(id).toMatch(UUID);
    const [labels] = labelsIn(text.replaceAll('\\"', "'"), 'target_info');
    expect(labels).toEqual({
      service_name: 'hookbus',
      service_version: '0.1.0',
      service_instance_id: id,
      host_name: hostname(),
      os_type: OS,
      deployment_environment_name: "a 'b'",
    });
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    if (checked.error === undefined) expect(checked).toMatchObject({ status: 0, stderr: '' });
    expect(cli(state, 'cleanup', '--older-than', '0d').exitCode).toBe(0);
    expect(instanceId(state)).toBe(id);
    const other = aStateWith({});
    spoolMany(other, 1);
    shown(other);
    expect(instanceId(other)).not.toBe(id);
  });

  it('names user and projects only where config.json asks for that', () => {
    const state = aStateWith({});
    spoolMany(state, 1, { cwd: '/home/dev/secret-plan' });
    spoolMany(state, 1, { cwd: '/home/dev/other-plan' });
    const text = shown(state);
    expect(text).not.toMatch(/secret-plan|other-plan|user_name/);
    const digests = () =>
      labelsIn(shown(state), 'hookbus_hook_runs_total').map(({ project }) => project);
    expect(new Set(digests()).size).toBe(2);
    for (const digest of digests()) expect(digest).toMatch(/^[0-9a-f]{12}$/);
    expect(digests()).toEqual(digests());
    configure(state, { export: { project_name: true, user_name: true } });
    expect(digests().sort()).toEqual(['other-plan', 'secret-plan']);
    expect(labelsIn(shown(state), 'target_info')[0]?.['user_name']).toBe(userInfo().username);
  });

  it('is in each resource of OpenTelemetry, with agent and project in metrics and spans, and follows config.json', async () => {
    const collector = await aCollector();
    const opentelemetry = {
      enabled: true,
      endpoint: collector.endpoint,
      metrics_interval_seconds: 1,
    };
    const state = aStateWith({ opentelemetry });
    await state.daemon();
    await isOpen(state, 'opentelemetry');
    spoolMany(state, 1, { cwd: '/home/dev/app', variables: ['CLAUDECODE=1'] });
    const runs = await until('the metrics', () => collector.metrics().get('hookbus.hook.runs'));
    const names = valuesOf(runs.sum?.dataPoints[0]?.attributes);
    expect(names).toMatchObject({ 'hookbus.agent': 'claude' });
    expect(names['hookbus.project']).toMatch(/^[0-9a-f]{12}$/);
    const [span] = await until('a span', () => collector.spans().length > 0 && collector.spans());
    expect(valuesOf(span?.attributes)['hookbus.project']).toBe(names['hookbus.project']);
    const who = {
      'service.instance.id': instanceId(state),
      'host.name': hostname(),
      'os.type': OS,
    };
    for (const resource of collector.resources()) expect(valuesOf(resource)).toMatchObject(who);
    expect(collector.resources().length).toBeGreaterThanOrEqual(2);
    const attributes = { 'team.name': 'platform', 'host.name': 'desk-7' };
    configure(state, { opentelemetry, export: { attributes, project_name: true } });
    await until(
      'the exporter to open again',
      () => logOf(state).match(/exporter_on/g)?.length === 2,
    );
    spoolMany(state, 1, { cwd: '/home/dev/app' });
    await until('the new resource', () => {
      const last = valuesOf(collector.resources().at(-1));
      return last['team.name'] === 'platform' && last['host.name'] === 'desk-7';
    });
    await until('a span with a name', () =>
      collector.spans().some((one) => valuesOf(one.attributes)['hookbus.project'] === 'app'),
    );
  });

  it('are tags of DogStatsD as far as half a packet has room, the id first', async () => {
    const packets: string[] = [];
    const socket = createSocket('udp4', (packet) => packets.push(packet.toString()));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    onTestFinished(() => void socket.close());
    const attributes = Object.fromEntries(
      Array.from({ length: 16 }, (_, index) => [`big.number_${index}`, 'x'.repeat(200)]),
    );
    const { port } = socket.address();
    const state = aStateWith({
      statsd: { enabled: true, port, tags: 'dogstatsd' },
      export: { attributes, project_name: true },
    });
    await state.daemon();
    await isOpen(state, 'statsd');
    spoolMany(state, 1, { cwd: '/home/dev/app' });
    const line = await until('a packet', () => packets[0]?.split('\n')[0]);
    expect(line).toContain(`project:app,status:success,service_instance_id:${instanceId(state)},`);
    expect(line.match(/big_number_/g)?.length).toBeGreaterThanOrEqual(2);
    expect(line.length).toBeLessThan(1432);
  });

  it('takes at most 16 attributes with the names of OpenTelemetry, and none that HookBus sets', () => {
    const problem = (attributes: unknown) => {
      const reading = parseConfig(JSON.stringify({ export: { attributes } }));
      return reading.state === 'refused' ? reading.problem : undefined;
    };
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`a.n${index}`, 'x']));
    expect(
      problem({ 'service.namespace': 'tools', team: 'é x', 'a.b_c.d2': 'y'.repeat(200) }),
    ).toBeUndefined();
    expect(problem(many(16))).toBeUndefined();
    const wrong = [
      many(17),
      { 'service.name': 'x' },
      { 'service.instance.id': 'x' },
      { 'service.version': 'x' },
      { service_instance_id: 'x' },
      { 'service.instance_id': 'x' },
      { project: 'x' },
      { Team: 'x' },
      { 'a..b': 'x' },
      { _a: 'x' },
      { 'a-b': 'x' },
      { 'a.b': 'x', a_b: 'y' },
      { a: '' },
      { a: 'x'.repeat(201) },
      { a: 'x\ny' },
      { a: 1 },
      [],
      'a',
    ];
    for (const attributes of wrong)
      expect(problem(attributes)).toContain('export.attributes: expected an object of at most 16');
  });
});

describe('open alerts', () => {
  it('are a gauge by rule and hook, in Prometheus and OpenTelemetry, until they clear', async () => {
    const collector = await aCollector();
    const state = aStateWith({
      alerts: { failures_in_a_row: 2, hold_seconds: 0 },
      opentelemetry: {
        enabled: true,
        endpoint: collector.endpoint,
        metrics_interval_seconds: 1,
        traces: false,
      },
    });
    await state.daemon();
    await isOpen(state, 'opentelemetry');
    spoolMany(state, 3, { hookName: 'lint', eventType: 'Stop' }, { exitCode: 7 });
    await stored(state, 3);
    const point = await until('the gauge', () =>
      collector
        .metrics()
        .get('hookbus.alert.open')
        ?.gauge?.dataPoints.find(
          ({ attributes }) => valuesOf(attributes)['hookbus.alert.rule'] === 'fails_every_time',
        ),
    );
    expect(valuesOf(point.attributes)['hookbus.hook.name']).toBe('lint');
    expect(Number(point.asInt ?? point.asDouble)).toBe(1);
    expect(shown(state)).toContain('hookbus_alert_open{rule="fails_every_time",hook="lint"} 1');
    spoolMany(state, 1, { hookName: 'lint', eventType: 'Stop' });
    await until('the alert to clear', () => !shown(state).includes('rule="fails_every_time"'));
  });
});
