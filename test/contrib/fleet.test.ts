/*
 * Fifty machines, each a state directory with a real daemon, one after another: what its /metrics said is kept, and a
 * server on the loopback gives it to a real Prometheus, which has the rules of contrib/ and is asked every query of
 * every dashboard.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import type { Execution } from '../../src/domain/execution.ts';
import { aCollector, valuesOf } from '../support/collector.ts';
import { CLI, hasLauncher, inPool, LAUNCHER, start, until } from '../support/daemon.ts';
import { aProcess, aStateWith, hasProgram, isOpen, type State } from '../support/exporting.ts';
import { freePort } from '../support/free-port.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import {
  CONTRIB,
  DASHBOARDS,
  type Dashboard,
  labelsAskedIn,
  labelsShownIn,
  metricsIn,
  queriesOf,
  variablesIn,
} from './dashboards.ts';

const hasPrometheus = hasProgram('prometheus', ['--version'], 'a fleet of fifty machines');

const MACHINES = 50;
/** More daemons at a time would only wait for each other. */
const WIDTH = 3;

/** The machines with a story. */
const SILENT_GUARD = 1;
const CHANGED_GUARD = 2;
const BROKEN_HOOK = 3;

const nameOf = (machine: number): string => `machine-${String(machine).padStart(2, '0')}`;

/** How fast this computer is, while it runs other tests, is no alert. */
const QUIET = { rules_off: ['hook_p95', 'overhead_p50', 'overhead_p95', 'overhead_p99'] };

/** What one machine said before and after it worked. */
interface Texts {
  readonly before: string;
  readonly after: string;
}

/** Lines of Prometheus's text that belong to a metric, with labels and value. */
const linesOf = (text: string, metric: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(`${metric}{`));

const executionsIn = (text: string): number =>
  linesOf(text, 'hookbus_hook_runs_total').reduce(
    (sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)),
    0,
  );

const labelsIn = (line: string): string[] =>
  [...line.matchAll(/[{,](\w+)="/g)].map(([, label = '']) => label);

/** Runs a hook as an agent does; by the Node engine where no launcher was built. */
async function run(state: State, name: string, words: readonly string[]): Promise<void> {
  const engine = hasLauncher ? [LAUNCHER] : [execPath, CLI];
  const options = ['run', '--name', name, '--event', 'PreToolUse', '--', ...words];
  const payload = { session_id: 's', hook_event_name: 'PreToolUse', tool_name: 'Bash' };
  const env = { ...state.env, CLAUDECODE: '1' };
  await start([...engine, ...options], env, `${JSON.stringify(payload)}\n`, state.home).ended;
}

/** The work of one turn: a refusal, a failure, a success. */
async function work(state: State): Promise<number> {
  const script = join(state.home, 'guard.sh');
  await run(state, 'guard_rm', ['sh', script, '2']);
  await run(state, 'guard_rm', ['sh', script, '3']);
  await run(state, 'format', ['true']);
  return 3;
}

/** Executions of a minute ago: as many calls as tell this machine from the others, and what its story needs. */
function past(machine: number): Execution[] {
  const calls = Array.from({ length: machine === SILENT_GUARD ? 60 : machine }, (_, call) => call);
  const guarded = machine === SILENT_GUARD ? calls.slice(0, 30) : [];
  const seen = (call: number, hookName: string): Execution =>
    anExecution({
      ...{ hookName, eventType: 'PreToolUse', toolName: 'Bash', toolUseId: `toolu_${call}` },
      ...{ agent: 'claude', project: '/home/dev/app' },
      createdAt: new Date(Date.now() - 60_000 + call).toISOString(),
    });
  return calls.flatMap((call) => [
    seen(call, 'log_event'),
    ...(guarded.includes(call) ? [seen(call, 'secret_scan')] : []),
  ]);
}

/** Starts a machine, lets it work twice, and ends it. */
async function textsOf(machine: number, config: object): Promise<Texts> {
  const port = await freePort();
  const state = aStateWith({ prometheus: { enabled: true, port }, alerts: QUIET, ...config });
  const guard = join(state.home, 'guard.sh');
  writeFileSync(guard, 'exit $1\n');
  const stored = past(machine);
  writeExecutions(
    state.paths.database,
    stored.map((execution) => recordedOf(execution)),
  );
  await state.daemon();
  await isOpen(state, 'prometheus');
  const get = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  let count = stored.length;
  const said = (word: string) =>
    until(`${count} executions and ${word} of ${nameOf(machine)}`, async () => {
      const text = await get();
      return executionsIn(text) === count && text.includes(word) ? text : undefined;
    });
  count += await work(state);
  const before = await said('');
  if (machine === CHANGED_GUARD) writeFileSync(guard, 'exit $1 # changed\n');
  if (machine === BROKEN_HOOK) {
    await run(state, 'missing', ['sh', '-c', 'exit 127']);
    count += 1;
  }
  count += await work(state);
  const rule = { [SILENT_GUARD]: 'went_silent', [CHANGED_GUARD]: 'guard_changed' }[machine];
  const after = await said(rule ?? (machine === BROKEN_HOOK ? 'cannot_start' : ''));
  await state.stop();
  return { before, after };
}

/** Serves what each machine said, at `/1/metrics` and so on; and counts who was read since the texts changed. */
async function aServerOf(machines: readonly Texts[]) {
  let has: keyof Texts = 'before';
  let read = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    read.set(path, (read.get(path) ?? 0) + 1);
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(machines[Number(path.split('/')[1]) - 1]?.[has]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as AddressInfo).port,
    /** Each machine was read this often, since it was changed. */
    isRead: (times: number) =>
      read.size === machines.length && [...read.values()].every((count) => count >= times),
    change(): void {
      has = 'after';
      read = new Map();
    },
  };
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A Prometheus with the rules of contrib/, hurried: what waits for minutes there waits for a second here. */
async function aPrometheus(targets: number) {
  const directory = temporaryDirectory();
  for (const file of ['recording-rules.yml', 'alert-rules.yml']) {
    const rules = readFileSync(join(CONTRIB, 'prometheus', file), 'utf8');
    writeFileSync(join(directory, file), rules.replace(/(for|interval): \d+[mh]$/gm, '$1: 1s'));
  }
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['*-rules.yml'],
    scrape_configs: [
      {
        job_name: 'hookbus',
        static_configs: Array.from({ length: MACHINES }, (_, index) => ({
          targets: [`127.0.0.1:${targets}`],
          labels: { __metrics_path__: `/${index + 1}/metrics`, instance: nameOf(index + 1) },
        })),
      },
    ],
  };
  // YAML contains JSON.
  writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(config));
  const port = await freePort();
  aProcess('prometheus', [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ]);
  const get = async (path: string, parameters: Record<string, string>) => {
    const url = `http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(parameters)}`;
    const { data, error } = (await (await fetch(url)).json()) as { data: unknown; error?: string };
    if (error !== undefined) throw new Error(`${parameters['query']}: ${error}`);
    return data;
  };
  const ask = async (query: string) =>
    ((await get('query', { query })) as { result: Series[] }).result;
  await until('Prometheus', () => ask('1').catch(() => undefined));
  return {
    ask,
    alerts: async () => {
      const { alerts } = (await get('alerts', {})) as { alerts: FiringAlert[] };
      return alerts.filter(({ state }) => state === 'firing');
    },
  };
}

interface FiringAlert {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What Grafana puts in the place of variables: those of the machine and the hook that have a story. */
const VALUES: Readonly<Record<string, string>> = {
  agent: '.*',
  project: '.*',
  hook: 'guard_rm',
  machine: nameOf(CHANGED_GUARD),
  __range: '1h',
  __rate_interval: '1m',
};

const filled = (expression: string): string =>
  variablesIn(expression).reduce(
    (text, name) => text.replaceAll(`$${name}`, VALUES[name] ?? `no value of ${name}`),
    expression,
  );

/** The values of a variable, as Grafana finds them. */
async function choicesOf(
  { templating }: Dashboard,
  name: string,
  ask: (query: string) => Promise<Series[]>,
): Promise<string[]> {
  const variable = templating.list.find((one) => one.name === name);
  if (typeof variable?.query !== 'object') throw new Error(`expected a query of ${name}`);
  const { query } = variable.query;
  const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? [];
  const expression = /^query_result\((.*)\)$/.exec(query)?.[1];
  if (expression === undefined)
    return (await ask(`count by (${label}) (${metric})`)).map(
      (one) => one.metric[label ?? ''] ?? '',
    );
  const pattern = new RegExp(variable.regex.slice(1, -1));
  return (await ask(expression)).map(({ metric: labels }) => {
    const { __name__, ...others } = labels;
    const shown = Object.entries(others).map(([key, value]) => `${key}="${value}"`);
    const { groups } = pattern.exec(`${__name__}{${shown}} 1 0`) ?? {};
    expect(groups?.['text']).toBe(labels['host_name']);
    return groups?.['value'] ?? '';
  });
}

/** Queries that rightly find nothing in a fleet where all is well. */
const MAY_BE_EMPTY = ['Silent machines'];

it.skipIf(!hasPrometheus)(
  'fifty machines stay distinct, and each query of each dashboard finds something',
  async () => {
    const collector = await aCollector();
    const toCollector = {
      opentelemetry: { enabled: true, endpoint: collector.endpoint, metrics_interval_seconds: 1 },
    };
    const machines: Texts[] = [];
    await inPool(MACHINES, WIDTH, async (index) => {
      const machine = index + 1;
      machines[index] = await textsOf(machine, machine === CHANGED_GUARD ? toCollector : {});
    });
    const served = await aServerOf(machines);
    const { ask, alerts } = await aPrometheus(served.port);
    await until('two scrapes of each machine', () => served.isRead(2));
    served.change();
    await until('two scrapes after the work', () => served.isRead(2));

    // Each machine has its own counters and its own id.
    const counted = await ask('sum by (instance) (hookbus_hook_runs_total)');
    const expected = machines.map(({ after }, index) => [nameOf(index + 1), executionsIn(after)]);
    expect(
      counted.map(({ metric, value }) => [metric['instance'], Number(value[1])]).sort(),
    ).toEqual(expected);
    expect(new Set(expected.map(([, count]) => count)).size).toBeGreaterThan(MACHINES - 5);
    expect(await ask('count by (service_instance_id) (target_info)')).toHaveLength(MACHINES);

    // Every query of every dashboard has an answer, and asks for metrics that machines have.
    const text = machines.map(({ after }) => after).join('\n');
    const labels = new Set(['job', 'instance', ...text.split('\n').flatMap(labelsIn)]);
    for (const [name, board] of DASHBOARDS) {
      for (const label of labelsShownIn(board)) expect(labels, name).toContain(label);
      for (const { title, expr } of queriesOf(board)) {
        const what = `${name}, ${title}: ${filled(expr)}`;
        for (const metric of metricsIn(expr))
          if (!metric.includes(':')) expect(text, what).toMatch(new RegExp(`^${metric}[{ ]`, 'm'));
        for (const label of labelsAskedIn(expr)) expect(labels, what).toContain(label);
        const found = await ask(filled(expr));
        if (MAY_BE_EMPTY.includes(title)) expect(found, what).toEqual([]);
        else expect(found, what).not.toEqual([]);
      }
    }
    const [silent = ''] = queriesOf(DASHBOARDS.get('fleet') as Dashboard)
      .filter(({ title }) => MAY_BE_EMPTY.includes(title))
      .map(({ expr }) => filled(expr).replace('> 86400', '> -1'));
    expect(await ask(silent)).toHaveLength(MACHINES);

    // Its variables offer what there is.
    const choices = (board: string, variable: string) =>
      choicesOf(DASHBOARDS.get(board) as Dashboard, variable, ask);
    expect(await choices('machine', 'machine')).toHaveLength(MACHINES);
    expect(await choices('hook', 'hook')).toContain('guard_rm');
    expect(await choices('fleet', 'agent')).toContain('claude');
    expect((await choices('fleet', 'project')).length).toBeGreaterThan(0);

    // What went wrong on three of them is an alert about each, and about no other.
    const firing = await until('three alerts', async () => {
      const all = await alerts();
      return all.length >= 3 ? all : undefined;
    });
    const subjects = firing.map(({ labels: about }) => [
      about['alertname'],
      about['instance'],
      about['hook'],
    ]);
    expect(subjects.sort()).toEqual([
      ['HookbusAlertOpen', nameOf(BROKEN_HOOK), 'missing'],
      ['HookbusGuardChanged', nameOf(CHANGED_GUARD), 'guard_rm'],
      ['HookbusGuardSilent', nameOf(SILENT_GUARD), 'secret_scan'],
    ]);
    for (const { labels: about, annotations } of firing) {
      expect(annotations['summary']).toContain(about['instance']);
      expect(annotations['summary']).toContain(about['hook']);
      expect(JSON.stringify(annotations)).not.toMatch(/no value|error|\{\{/);
    }

    expectLabels(collector.metrics(), machines[CHANGED_GUARD - 1]?.after ?? '');
  },
  300_000,
);

interface Action {
  readonly key?: string;
  readonly from_attribute?: string;
  readonly pattern?: string;
  readonly action: string;
}

/** What went by OTLP has, after the collector of contrib/, the labels of /metrics, so that one dashboard fits both. */
function expectLabels(
  metrics: ReturnType<Awaited<ReturnType<typeof aCollector>>['metrics']>,
  text: string,
): void {
  const config = parse(readFileSync(join(CONTRIB, 'collector.yaml'), 'utf8')) as {
    processors: Record<string, { actions: Action[] }>;
  };
  const actions = config.processors['attributes/labels']?.actions ?? [];
  for (const [otlp, scraped] of [
    ['hookbus.hook.runs', 'hookbus_hook_runs_total'],
    ['hookbus.hook.decisions', 'hookbus_hook_decisions_total'],
    ['hookbus.hook.duration', 'hookbus_hook_duration_seconds_count'],
    ['hookbus.alert.open', 'hookbus_alert_open'],
  ] as const) {
    const metric = metrics.get(otlp);
    const kind = metric?.sum ?? metric?.gauge ?? metric?.histogram;
    const labels = Object.keys(valuesOf(kind?.dataPoints[0]?.attributes));
    for (const { key = '', from_attribute: from = '', pattern, action } of actions) {
      if (action === 'upsert' && labels.includes(from)) labels.push(key);
      if (action === 'delete' && pattern !== undefined)
        labels.splice(0, labels.length, ...labels.filter((one) => !new RegExp(pattern).test(one)));
    }
    expect(labels.sort(), otlp).toEqual(labelsIn(linesOf(text, scraped)[0] ?? '').sort());
  }
}
