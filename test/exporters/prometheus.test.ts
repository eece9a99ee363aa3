import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/config/file/config-file.ts';
import { duplicateReason } from '../../src/domain/skipped-guard.ts';
import { until } from '../support/daemon.ts';
import {
  aProcess,
  aStateWith,
  configure,
  exporterState,
  hasProgram,
  isOpen,
  logOf,
  type State,
  stored,
} from '../support/exporting.ts';
import { freePort } from '../support/free-port.ts';
import { hookbusProcess } from '../support/hookbus.ts';
import { spoolMany } from '../support/spool-many.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const hasPrometheus =
  hasProgram('promtool', ['--version'], 'the text of Prometheus') &&
  hasProgram('prometheus', ['--version'], 'a scrape');

interface Got {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

function get(port: number, path = '/metrics', options: object = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, ...options }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** The value of a series, whichever agent and project; NaN if there is none. */
function valueIn(text: string, series: string): number {
  const line = text
    .split('\n')
    .map((one) => one.replace(/agent="[^"]*",project="[^"]*",/, ''))
    .find((one) => one.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
}

const RUNS = 'hookbus_hook_runs_total{hook="lint",event="Stop",status="success"}';

const cli = (state: State, ...words: string[]) => hookbusProcess(words, { ...envOf(state) });

const envOf = (state: State) => ({ HOOKBUS_HOME: state.home, HOOKBUS_ENABLED: '1' });

async function aServed(config: object = {}): Promise<{ state: State; port: number }> {
  const port = await freePort();
  const state = aStateWith({ prometheus: { enabled: true, port }, ...config });
  await state.daemon();
  await isOpen(state, 'prometheus');
  return { state, port };
}

function check(text: string): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  return { status, stderr };
}

describe('/metrics', () => {
  it.skipIf(!hasPrometheus)('passes promtool, whatever hooks are called', async () => {
    const { state, port } = await aServed();
    for (const hookName of ['lint', 'a "b" \\ c\nd', 'naïve ☃', '\u001b[31m', '']) {
      spoolMany(state, 2, { hookName, eventType: 'Stop' }, { durationMs: 30 });
    }
    spoolMany(state, 1, { hookName: 'lint', dedupeKey: 'k' }, { exitCode: 2 });
    spoolMany(state, 2, { hookName: 'lint' }, { kind: 'dedupe_skip', dedupeKey: 'k' });
    const again = { kind: 'dedupe_skip', reason: duplicateReason('x', true) } as const;
    spoolMany(state, 3, { hookName: 'lint', dedupeKey: 'k' }, again);
    await stored(state, 16);
    const { text, status, headers } = await get(port);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(check(text)).toEqual({ status: 0, stderr: '' });
    expect(valueIn(text, RUNS)).toBe(2);
    expect(valueIn(text, 'hookbus_dedupe_total{result="run"}')).toBe(1);
    expect(valueIn(text, 'hookbus_dedupe_total{result="skip"}')).toBe(5);
    const decisions = (event: string, decision: string) =>
      `hookbus_hook_decisions_total{hook="lint",event="${event}",decision="${decision}"}`;
    expect(valueIn(text, decisions('PreToolUse', 'deny'))).toBeGreaterThanOrEqual(3);
    expect(valueIn(text, decisions('Stop', 'none'))).toBe(2);
    // Counted now and then: it may say what waited a moment ago.
    const later = await until('an empty spool', async () => {
      const { text: now } = await get(port);
      return valueIn(now, 'hookbus_spool_pending') === 0 && now;
    });
    expect(valueIn(later, 'hookbus_database_bytes')).toBe(sizeOf(state));
    expect(valueIn(text, 'hookbus_build_info{version="0.1.0"}')).toBe(1);
    expect(text).not.toContain('\u001b');
    expect(text).not.toMatch(/session-1|toolu_1|guard_rm\.py|\/home\/dev/);
  });

  it.skipIf(!hasPrometheus)(
    'is scraped by a Prometheus server, which answers a histogram_quantile query',
    async () => {
      const { state, port } = await aServed();
      spoolMany(state, 90, { hookName: 'lint', eventType: 'Stop' }, { durationMs: 8 });
      spoolMany(state, 10, { hookName: 'lint', eventType: 'Stop' }, { durationMs: 2000 });
      await stored(state, 100);
      const directory = temporaryDirectory();
      const config = join(directory, 'prometheus.yml');
      // The configuration in docs/exporters.md, except for port and interval.
      const page = readFileSync('docs/exporters.md', 'utf8');
      const example = /```yaml\n(scrape_configs:[\s\S]*?)```/.exec(page)?.[1] ?? '';
      expect(example).toContain('127.0.0.1:9642');
      writeFileSync(
        config,
        `global:\n  scrape_interval: 200ms\n${example.replace('9642', String(port)).replace(/ *scrape_interval: .*\n/, '')}`,
      );
      const own = await freePort();
      aProcess('prometheus', [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${own}`,
        '--log.level=error',
      ]);
      const ask = async (query: string): Promise<number> => {
        const path = `/api/v1/query?query=${encodeURIComponent(query)}`;
        const { text } = await get(own, path).catch(() => ({ text: '{}' }));
        const { data } = text.startsWith('{') ? JSON.parse(text) : { data: undefined };
        return Number(data?.result?.[0]?.value?.[1] ?? Number.NaN);
      };
      const quantile = (q: number) =>
        `histogram_quantile(${q}, sum by (le, hook) (hookbus_hook_duration_seconds_bucket{hook="lint"}))`;
      await until('a scrape', async () => (await ask(quantile(0.95))) > 0, 20_000);
      const [half, most] = [await ask(quantile(0.5)), await ask(quantile(0.95))];
      // Of 100, the 50th is between 5 and 10 ms and the 95th between 1 and 2.5 s.
      expect(half).toBeGreaterThan(0.005);
      expect(half).toBeLessThanOrEqual(0.01);
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(2.5);
      expect(await ask('up{job="hookbus"}')).toBe(1);
      expect(await ask('sum(hookbus_hook_runs_total)')).toBe(100);
      const rules = join(directory, 'rules.yml');
      writeFileSync(rules, /```yaml\n(groups:[\s\S]*?)```/.exec(page)?.[1] ?? '');
      const checked = spawnSync('promtool', ['check', 'rules', rules], { encoding: 'utf8' });
      expect(checked.stdout + checked.stderr).toContain('SUCCESS');
    },
    60_000,
  );

  it('never decreases, neither by a restart of the daemon nor by retention; and export shows the same', async () => {
    const { state, port } = await aServed();
    spoolMany(state, 7, { hookName: 'lint', eventType: 'Stop' });
    await stored(state, 7);
    expect(valueIn((await get(port)).text, RUNS)).toBe(7);
    expect(await state.stop()).toBe(true);
    spoolMany(state, 3, { hookName: 'lint', eventType: 'Stop' });
    expect(cli(state, 'cleanup', '--older-than', '0d').stdout).toContain('10 executions');
    expect(valueIn(cli(state, 'export', 'prometheus').stdout, RUNS)).toBe(10);
    await state.daemon();
    await isOpen(state, 'prometheus');
    spoolMany(state, 1, { hookName: 'lint', eventType: 'Stop' });
    await stored(state, 1);
    const { text } = await get(port);
    expect(valueIn(text, RUNS)).toBe(11);
    expect(cli(state, 'export', 'prometheus').stdout).toBe(text);
    expect(state.rows('SELECT last_id FROM hook_totals_mark')).toEqual([{ last_id: 11 }]);
  });

  it('answers only this machine, and only its own path', async () => {
    const { port } = await aServed();
    const status = async (path: string, options: object) => (await get(port, path, options)).status;
    expect(await status('/metrics', { headers: { host: 'evil.example' } })).toBe(403);
    expect(await status('/metrics', { headers: { host: `127.0.0.1.evil.example:${port}` } })).toBe(
      403,
    );
    expect(await status('/metrics', { headers: { host: `localhost:${port}` } })).toBe(200);
    expect(await status('/metrics', { headers: { host: `[::1]:${port}` } })).toBe(200);
    expect(await status('/', {})).toBe(404);
    expect(await status('/metrics', { method: 'POST' })).toBe(405);
    expect(await get(port, '/metrics?x=1', { method: 'HEAD' })).toMatchObject({
      status: 200,
      text: '',
    });
    await expect(get(port, '/metrics', { host: '127.0.0.2' })).rejects.toThrow('ECONNREFUSED');
    for (const address of ['0.0.0.0', '::', '192.168.0.1', 'localhost']) {
      const reading = parseConfig(`{"prometheus":\n{"address": "${address}"}}`);
      expect(reading).toMatchObject({ problem: expect.stringContaining('line 2, column 13') });
    }
  });

  it('waits for a port that is in use, reports that, and is served once the port is free', async () => {
    const port = await freePort();
    const other = await listening(port);
    const state = aStateWith({ prometheus: { enabled: true, port } });
    await state.daemon();
    const failing = await until('the failing exporter', async () => {
      const found = await exporterState(state, 'prometheus');
      return found?.state === 'failing' ? found : undefined;
    });
    expect(failing.last_error).toContain('EADDRINUSE');
    expect(logOf(state).match(/exporter_failed.*EADDRINUSE/g)).toHaveLength(1);
    expect(cli(state, 'status').stdout).toMatch(/prometheus is failing: .*EADDRINUSE/);
    // Everything except the exporter continues.
    spoolMany(state, 1);
    await stored(state, 1);
    other.close();
    await isOpen(state, 'prometheus');
    expect((await get(port)).status).toBe(200);
  });

  it('starts, stops and moves when config.json changes; an invalid file changes nothing', async () => {
    const { state, port } = await aServed();
    const second = await freePort();
    configure(state, { prometheus: { enabled: true, port: second } });
    await until(
      'the page on the new port',
      async () => (await get(second).catch(() => undefined))?.status === 200,
    );
    await expect(get(port)).rejects.toThrow('ECONNREFUSED');
    writeFileSync(state.paths.config, '{\n  "prometheus": {"enabled": true, "port": 0}\n}\n');
    // The daemon may read the file before it is complete, and refuse that too.
    await until('the refusal', () =>
      logOf(state).includes('line 2, column 43: prometheus.port: expected a port from 1 to 65535'),
    );
    expect((await get(second)).status).toBe(200);
    expect(cli(state, 'status').stdout.replace(/\s+/g, ' ')).toContain('line 2, column 43');
    configure(state, {});
    await until('the disabled exporter', () => logOf(state).match(/exporter_off/g)?.length === 2);
    expect((await state.ask())?.exporters).toEqual([]);
  });

  it('keeps a scraped daemon from stopping as idle', async () => {
    const port = await freePort();
    const state = aStateWith({ prometheus: { enabled: true, port } });
    const daemon = await state.daemon('--idle-seconds', '1');
    await isOpen(state, 'prometheus');
    const end = performance.now() + 2500;
    await until('two idle times', async () => {
      await get(port);
      return performance.now() > end;
    });
    expect(daemon.exitCode).toBeNull();
    await until('the end of the daemon', () => daemon.exitCode === 0);
  });
});

describe('export prometheus', () => {
  it('works without any execution, and without a daemon', async () => {
    const home = join(temporaryDirectory(), 'none');
    const { stdout, exitCode } = hookbusProcess(['export', 'prometheus'], { HOOKBUS_HOME: home });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('hookbus_overhead_seconds_count 0');
    expect(() => statSync(home)).toThrow('ENOENT');
    if (hasPrometheus) expect(check(stdout)).toEqual({ status: 0, stderr: '' });
  });

  it('writes a file for a textfile collector, and JSON for programs', async () => {
    const state = aStateWith({});
    spoolMany(state, 2, { hookName: 'lint', eventType: 'Stop' });
    const file = join(state.home, 'hookbus.prom');
    expect(cli(state, 'export', 'prometheus', '--file', file)).toMatchObject({ exitCode: 0 });
    expect(valueIn(readFileSync(file, 'utf8'), RUNS)).toBe(2);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    const { metrics } = JSON.parse(cli(state, 'export', 'prometheus', '--json').stdout);
    expect(metrics[0]).toMatchObject({
      name: 'hookbus_hook_runs_total',
      values: [{ value: 2, labels: { hook: 'lint', event: 'Stop', agent: '', status: 'success' } }],
    });
    expect(cli(state, 'export', 'prometheus', '--file', '/nowhere/x').stderr).toContain('--file');
    expect(cli(state, 'export', 'json').stderr).toContain('Did you mean "jsonl"');
    expect(cli(state, 'export').stderr).toContain('missing argument FORMAT');
  });
});

/** As SQLite itself computes it. */
const sizeOf = (state: State): number =>
  (state.rows<{ page_count: number }>('PRAGMA page_count')[0]?.page_count ?? 0) *
  (state.rows<{ page_size: number }>('PRAGMA page_size')[0]?.page_size ?? 0);

async function listening(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return server;
}
