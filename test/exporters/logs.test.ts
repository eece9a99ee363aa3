import { describe, expect, it } from 'vitest';
import { createLogFeed } from '../../src/app/export/log-feed.ts';
import { DEFAULT_CONFIG } from '../../src/config/file/config-file.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { aCollector, answers, type Collector, takesAll, valuesOf } from '../support/collector.ts';
import { until } from '../support/daemon.ts';
import {
  aStateWith,
  configure,
  exporterState,
  isOpen,
  type State,
  stored,
} from '../support/exporting.ts';
import { anExecution, recordedOf } from '../support/seed.ts';
import { spoolMany } from '../support/spool-many.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const settings = (collector: Collector, more: object = {}) => ({
  opentelemetry: {
    ...{ enabled: true, endpoint: collector.endpoint, logs: true, traces: false, metrics: false },
    ...more,
  },
});

async function anExport(more: object = {}): Promise<{ state: State; collector: Collector }> {
  const collector = await aCollector();
  const state = aStateWith(settings(collector, more));
  await state.daemon();
  await isOpen(state, 'opentelemetry');
  await marked(state);
  return { state, collector };
}

const mark = (state: State): string | undefined =>
  state.rows<{ value: string }>("SELECT value FROM export_state WHERE name = 'logs_mark'")[0]
    ?.value;

const marked = (state: State, at?: number) =>
  until('the mark', () => (at === undefined ? mark(state) !== undefined : mark(state) === `${at}`));

const records = (collector: Collector, count: number) =>
  until(`${count} records`, () => collector.logRecords().length >= count && collector.logRecords());

const namesOf = (collector: Collector) =>
  collector.logRecords().map(({ attributes }) => valuesOf(attributes)['hookbus.hook.name']);

const SECRET = 'ghp_0123456789abcdefghijklmnopqrstuvwxyzAB';

describe.each(['http/protobuf', 'http/json'])('log records over %s', (protocol) => {
  it('are one per execution, with what it decided and why, by gzip, and without secrets', async () => {
    const { state, collector } = await anExport({
      protocol,
      compression: 'gzip',
      traces: true,
      metrics: true,
    });
    const begin = { hookName: 'guard', spanId: '1'.repeat(16) };
    spoolMany(state, 1, { ...begin, variables: ['CLAUDECODE=1'] });
    spoolMany(state, 1, begin, {
      exitCode: 2,
      stderrTail: Buffer.from(`no rm ${SECRET}\n`),
      stderrBytes: 50,
    });
    spoolMany(state, 1, begin, {
      exitCode: 7,
      stderrTail: Buffer.from(`${'x'.repeat(5000)} at the end\n`),
    });
    const all = await records(collector, 3);
    const [ok, denied, failed] = all;
    expect(ok).toMatchObject({
      ...{ eventName: 'hookbus.execution', severityText: 'INFO', traceId: 'c'.repeat(32) },
      ...{ spanId: '1'.repeat(16), body: { stringValue: 'PreToolUse guard: success' } },
    });
    expect(valuesOf(ok?.attributes)).toMatchObject({
      ...{
        'hookbus.hook.name': 'guard',
        'hookbus.event': 'PreToolUse',
        'hookbus.status': 'success',
      },
      ...{ 'hookbus.agent': 'claude', 'session.id': 'session-1', 'process.exit.code': 0 },
      ...{ 'hookbus.duration_ms': 12.5, 'hookbus.correlation.id': 'c'.repeat(32) },
      'hookbus.execution.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(denied).toMatchObject({ severityText: 'WARN' });
    expect(denied?.body.stringValue).toMatch(/^PreToolUse guard: deny: no rm/);
    expect(valuesOf(denied?.attributes)).toMatchObject({ 'hookbus.decision': 'deny' });
    expect(failed).toMatchObject({ severityText: 'ERROR' });
    const { 'error.message': error } = valuesOf(failed?.attributes) as { 'error.message': string };
    expect(error).toContain('at the end');
    expect(Buffer.byteLength(error)).toBeLessThanOrEqual(2048);
    expect(failed?.body.stringValue?.length).toBeLessThanOrEqual(2048);
    expect(JSON.stringify(all)).not.toContain(SECRET);
    const paths = ['/v1/logs', '/v1/metrics', '/v1/traces'];
    await until('the spans', () => collector.requests.some(({ path }) => path === '/v1/traces'));
    expect(await state.stop()).toBe(true);
    await until(
      'the last metrics',
      () => new Set(collector.requests.map(({ path }) => path)).size === 3,
    );
    expect([...new Set(collector.requests.map(({ path }) => path))].sort()).toEqual(paths);
    for (const { headers } of collector.requests) expect(headers['content-encoding']).toBe('gzip');
  });
});

describe('log records', () => {
  it('wait in the database while the collector is away or the daemon ends, and come once each, in order', async () => {
    const { state, collector } = await anExport();
    spoolMany(state, 3, { hookName: 'first' });
    await records(collector, 3);
    await marked(state, 3);
    collector.answerWith(answers(503));
    spoolMany(state, 2, { hookName: 'second' });
    await until(
      'a failure',
      async () => ((await exporterState(state, 'opentelemetry'))?.failures ?? 0) > 0,
    );
    expect(await state.stop()).toBe(true);
    expect(mark(state)).toBe('3');
    collector.requests.length = 0;
    collector.answerWith(takesAll);
    await state.daemon();
    spoolMany(state, 1, { hookName: 'third' });
    await records(collector, 3);
    await marked(state, 6);
    expect(namesOf(collector)).toEqual(['second', 'second', 'third']);
  });

  it('wait also for a collector that wants another path or password; one batch that it cannot read is dropped', async () => {
    const { state, collector } = await anExport();
    collector.answerWith(answers(404));
    spoolMany(state, 2, { hookName: 'first' });
    await until(
      'a failure',
      async () => (await exporterState(state, 'opentelemetry'))?.last_error === 'HTTP 404',
    );
    expect(mark(state)).toBe('0');
    collector.answerWith(answers(400));
    await marked(state, 2);
    expect(await exporterState(state, 'opentelemetry')).toMatchObject({ sent: 0, dropped: 2 });
  });

  it('come in smaller requests where the collector takes only those, and one that is too large alone is dropped', async () => {
    const { state, collector } = await anExport();
    const taken: string[] = [];
    collector.answerWith((response, received) => {
      const names = (received.body.resourceLogs ?? [])
        .flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
        .map(({ attributes }) => String(valuesOf(attributes)['hookbus.hook.name']));
      if (names.length > 3 || names.includes('huge')) return answers(413)(response, received);
      taken.push(...names);
      takesAll(response, received);
    });
    for (const [count, hookName] of [
      [5, 'before'],
      [1, 'huge'],
      [5, 'after'],
    ] as const)
      spoolMany(state, count, { hookName });
    await marked(state, 11);
    expect(taken).toEqual([...Array(5).fill('before'), ...Array(5).fill('after')]);
    expect(await exporterState(state, 'opentelemetry')).toMatchObject({ sent: 10, dropped: 1 });
  }, 30_000);

  it('wait behind the sign-in page of a network, and are taken once the collector says so, whatever follows', async () => {
    const { state, collector } = await anExport();
    collector.answerWith(answers(200, { 'content-type': 'text/html' }, '<p>Sign in'));
    spoolMany(state, 2, { hookName: 'first' });
    await until(
      'a failure',
      async () => ((await exporterState(state, 'opentelemetry'))?.failures ?? 0) > 0,
    );
    expect([mark(state), (await exporterState(state, 'opentelemetry'))?.sent]).toEqual(['0', 0]);
    collector.requests.length = 0;
    collector.answerWith((response) => {
      response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': 9 });
      response.write('x', () => response.destroy());
    });
    await marked(state, 2);
    expect(namesOf(collector)).toEqual(['first', 'first']);
  }, 30_000);

  it('begin with the first execution after they are enabled, in more than one batch', async () => {
    const collector = await aCollector();
    const state = aStateWith({
      opentelemetry: { ...settings(collector).opentelemetry, logs: false, traces: true },
    });
    await state.daemon();
    await isOpen(state, 'opentelemetry');
    spoolMany(state, 5, { hookName: 'before' });
    await stored(state, 5);
    configure(state, settings(collector));
    await marked(state);
    spoolMany(state, 600, { hookName: 'after' });
    await records(collector, 600);
    await marked(state, 605);
    expect(collector.logRecords()).toHaveLength(600);
    expect(new Set(namesOf(collector))).toEqual(new Set(['after']));
    expect(
      new Set(
        collector
          .logRecords()
          .map(({ attributes }) => valuesOf(attributes)['hookbus.execution.id']),
      ).size,
    ).toBe(600);
  });
});

describe('the feed of log records', () => {
  const nowMs = Date.parse('2026-11-22T12:00:00.000Z');
  const aFeed = () => {
    const db = openDatabase(`${temporaryDirectory()}/hook_bus.db`, 0);
    const write = (...createdAt: string[]) =>
      createExecutionWriter(db).write(
        createdAt.map((at) => recordedOf(anExecution({ createdAt: at }))),
      );
    const config = () => DEFAULT_CONFIG.export;
    const open = () => createLogFeed({ use: (work) => work(db), config, now: () => nowMs });
    return { db, write, open };
  };

  it('has nothing older than a day after a long absence', () => {
    const { db, write, open } = aFeed();
    expect(open().next(10)).toEqual({ executions: [], lastId: 0 });
    write(
      '2026-11-21T11:59:59.000Z',
      '2026-11-21T12:00:01.000Z',
      '2026-11-20T12:00:01.000Z',
      '2026-11-22T11:00:00.000Z',
    );
    const { executions, lastId } = open().next(10);
    expect(executions.map(({ startedAtMs }) => new Date(startedAtMs).toISOString())).toEqual([
      '2026-11-21T12:00:01.000Z',
      '2026-11-22T11:00:00.000Z',
    ]);
    expect(lastId).toBe(4);
    db.close();
  });

  it('continues after everything was deleted and the ids start again', () => {
    const { db, write, open } = aFeed();
    const feed = open();
    feed.next(10);
    write('2026-11-22T11:00:00.000Z', '2026-11-22T11:00:00.000Z');
    feed.sent(feed.next(10).lastId);
    expect(feed.next(10)).toEqual({ executions: [], lastId: 2 });
    db.exec('DELETE FROM hook_logs; DELETE FROM sqlite_sequence');
    write('2026-11-22T11:30:00.000Z');
    for (const one of [feed, open()])
      expect(one.next(10)).toMatchObject({ executions: [{}], lastId: 1 });
    db.close();
  });

  it('replaces secrets in rows that were stored with them', () => {
    const { db, write, open } = aFeed();
    const feed = open();
    feed.next(10);
    write('2026-11-22T11:00:00.000Z');
    db.prepare(
      `UPDATE hook_logs SET redacted = 0, error = 'a ' || @s, decision_reason = @s, hook_name = @s, event_type = @s,
         tool_name = @s, session_id = @s, subagent = @s, command = @s`,
    ).run({ s: SECRET });
    const [execution] = feed.next(10).executions;
    expect(execution?.error).toMatch(/^a /);
    expect(JSON.stringify(execution)).not.toContain(SECRET);
    db.close();
  });
});
