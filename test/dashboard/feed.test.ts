import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { until } from '../support/daemon.ts';
import { aDashboard } from '../support/dashboard.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';

type Dashboard = Awaited<ReturnType<typeof aDashboard>>;

const many = (count: number, error = '') =>
  Array.from({ length: count }, () =>
    recordedOf(anExecution({ createdAt: new Date().toISOString(), error })),
  );

interface FeedEvent {
  readonly event: string;
  readonly id: number;
  readonly rows?: readonly { readonly id: number }[];
  readonly missed?: number;
}

/** An open page without a browser. */
async function aWatcher({ port, cookie }: Dashboard, after: number, lastEventId?: number) {
  const headers = {
    cookie,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  const asked: ClientRequest = request({
    host: '127.0.0.1',
    port,
    path: `/api/feed?after=${after}`,
    headers,
    agent: false,
  });
  onTestFinished(() => void asked.destroy());
  const response = await new Promise<IncomingMessage>((resolve) => {
    asked.once('response', resolve);
    asked.end();
  });
  response.on('error', () => undefined);
  const events: FeedEvent[] = [];
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event = '', id, data = ''] =
        /^event: (\w+)\nid: (\d+)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== '') events.push({ event, id: Number(id), ...(JSON.parse(data) as object) });
    }
  });
  return {
    status: response.statusCode,
    response,
    events: () => events,
    ids: () => events.flatMap(({ rows = [] }) => rows.map(({ id }) => id)),
    missed: () => events.reduce((sum, { missed = 0 }) => sum + missed, 0),
    close: () => asked.destroy(),
  };
}

describe('the feed', () => {
  it('sends every execution once and in order, even after a reconnect', async () => {
    const dashboard = await aDashboard(({ paths }) => writeExecutions(paths.database, many(3)));
    const watcher = await aWatcher(dashboard, 0);
    await until('3 rows', () => watcher.ids().length === 3);
    writeExecutions(dashboard.paths.database, many(900));
    await until('all rows', () => watcher.ids().length === 903);
    expect(watcher.ids()).toEqual(Array.from({ length: 903 }, (_, index) => index + 1));
    expect(watcher.missed()).toBe(0);
    expect(watcher.events().at(-1)?.id).toBe(903);
    const back = await aWatcher(dashboard, 0, 900);
    await until('the missed executions', () => back.ids().length > 0);
    expect(back.ids()).toEqual([901, 902, 903]);
  });

  it('sends the number of missed executions if there are too many', async () => {
    const dashboard = await aDashboard(({ paths }) => writeExecutions(paths.database, many(9000)));
    const watcher = await aWatcher(dashboard, 0);
    await until('the newest execution', () => watcher.ids().at(-1) === 9000);
    expect(watcher.missed() + watcher.ids().length).toBe(9000);
    expect(watcher.missed()).toBeGreaterThan(5000);
  });

  it('buffers nothing for a slow reader, who gets everything later', async () => {
    const dashboard = await aDashboard(({ paths }) => writeExecutions(paths.database, many(1)));
    const slow = await aWatcher(dashboard, 0);
    await until('the first row', () => slow.ids().length === 1);
    slow.response.pause();
    const before = (await dashboard.ask())?.rss_bytes ?? 0;
    const quick = await aWatcher(dashboard, 1);
    const db = openDatabase(dashboard.paths.database, 5000);
    onTestFinished(() => void db.close());
    const writer = createExecutionWriter(db);
    for (let round = 1; round <= 7; round += 1) {
      writer.write(many(1000, 'x'.repeat(300)));
      await until('the quick reader', () => quick.events().at(-1)?.id === round * 1000 + 1);
    }
    const after = (await dashboard.ask())?.rss_bytes ?? 0;
    // All executions are about 5 MB of text.
    expect(after - before).toBeLessThan(40 * 1024 * 1024);
    slow.response.resume();
    await until('the slow reader', () => slow.ids().at(-1) === 7001);
    expect(slow.missed() + slow.ids().length).toBe(7001);
    expect(new Set(slow.ids()).size).toBe(slow.ids().length);
  });

  it('restarts if the database was deleted', async () => {
    const dashboard = await aDashboard(({ paths }) => writeExecutions(paths.database, many(3)));
    const watcher = await aWatcher(dashboard, 99);
    await until('the restarted feed', () => watcher.events().length > 0);
    expect(watcher.events()[0]).toMatchObject({ event: 'reset', id: 3 });
    writeExecutions(dashboard.paths.database, many(1));
    await until('the next row', () => watcher.ids().length > 0);
    expect(watcher.ids()).toEqual([4]);
  });

  it('neither restarts nor reports missed rows if rows were deleted', async () => {
    const dashboard = await aDashboard(({ paths }) => writeExecutions(paths.database, many(6000)));
    const watcher = await aWatcher(dashboard, 5999);
    await until('the last row', () => watcher.ids().length === 1);
    const db = openDatabase(dashboard.paths.database, 5000);
    onTestFinished(() => void db.close());
    db.exec('DELETE FROM hook_logs');
    // By the time of a later execution, the feed has polled.
    const other = await aWatcher(dashboard, 5999);
    await until('a poll', () => other.events().length > 0);
    createExecutionWriter(db).write(many(1));
    await until('the next row', () => watcher.ids().length === 2);
    expect(watcher.ids()).toEqual([6000, 6001]);
    expect(watcher.missed()).toBe(0);
    expect(watcher.events().map(({ event }) => event)).toEqual(['rows', 'rows']);
  });

  it('serves 16 pages at once', async () => {
    const dashboard = await aDashboard();
    const watchers = await Promise.all(Array.from({ length: 17 }, () => aWatcher(dashboard, 0)));
    expect(watchers.map(({ status }) => status).sort()).toEqual([...Array(16).fill(200), 503]);
  });

  it('keeps the daemon running only as long as a page watches', async () => {
    const idle = await aDashboard(undefined, '--idle-seconds', '1');
    const ended = new Promise((resolve) => idle.child.once('exit', resolve));
    const watcher = await aWatcher(idle, 0);
    const startedAt = performance.now();
    await until('three idle times', async () => {
      expect((await idle.ask())?.pid).toBe(idle.child.pid);
      return performance.now() - startedAt > 3000;
    });
    watcher.close();
    await ended;
  });
});
