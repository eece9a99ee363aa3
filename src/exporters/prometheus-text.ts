import { Counter, Gauge, type Metric, type MetricObject, Registry } from 'prom-client';
import { MAX_HOOKS, type MetricNames, plainName } from '../domain/exported.ts';
import {
  type DecisionTotal,
  DURATION_BOUNDS_MS,
  emptyHistogram,
  type Histogram,
  joined,
  OVERHEAD_BOUNDS_MS,
  type Total,
} from '../domain/totals.ts';
import type { Attributes } from './exporter.ts';
import type { MetricsSnapshot } from './snapshot.ts';

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** The text that Prometheus reads. */
export function prometheusText(snapshot: MetricsSnapshot): Promise<string> {
  return registryOf(snapshot).metrics();
}

/** The same for programs that read JSON. */
export function prometheusJson(snapshot: MetricsSnapshot): Promise<readonly MetricObject[]> {
  return registryOf(snapshot).getMetricsAsJSON() as Promise<readonly MetricObject[]>;
}

const BREAKER_VALUES = { closed: 0, half_open: 1, open: 2 } as const;

function registryOf(snapshot: MetricsSnapshot): Registry {
  const registry = new Registry();
  addExecutions(registry, snapshot.totals);
  addDecisions(registry, snapshot.decisions);
  addBreakers(registry, snapshot.breakers);
  addAlerts(registry, snapshot.alerts);
  aGauge(registry, 'hookbus_spool_pending', 'Records that wait to be ingested.').set(
    snapshot.spoolPending,
  );
  aGauge(registry, 'hookbus_build_info', 'Always 1; the version of HookBus.', ['version']).set(
    { version: snapshot.version },
    1,
  );
  if (snapshot.resource !== undefined) addTarget(registry, snapshot.version, snapshot.resource);
  addExporters(registry, snapshot.exporters);
  return registry;
}

/** What OpenTelemetry's rules for Prometheus demand for a resource; Prometheus's own `instance` tells series apart. */
function addTarget(registry: Registry, version: string, resource: Attributes): void {
  const attributes = { 'service.name': 'hookbus', 'service.version': version, ...resource };
  const labels = Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name.replaceAll('.', '_'), value]),
  );
  const help = 'Always 1; which machine and whose HookBus this is.';
  aGauge(registry, 'target_info', help, Object.keys(labels)).set(labels, 1);
}

const labelsOf = ({ hookName, eventType, agent, project }: MetricNames) => ({
  hook: hookName,
  event: eventType,
  agent,
  project,
});

function addExecutions(registry: Registry, totals: readonly Total[]): void {
  const runs = aCounter(
    registry,
    'hookbus_hook_runs_total',
    'Executions by hook, event, agent, project and status, skipped ones included.',
    ['hook', 'event', 'agent', 'project', 'status'],
  );
  for (const total of totals)
    runs.inc({ ...labelsOf(total), status: total.status }, total.executions);
  registry.registerMetric(durations(totals));
  registry.registerMetric(overheads(totals));
  const dedupe = aCounter(
    registry,
    'hookbus_dedupe_total',
    'Executions with a dedupe key: those that ran, and duplicates that did not.',
    ['result'],
  );
  const skipped = totals.filter(({ status }) => status === 'dedupe_skip');
  const ran = totals.filter(({ status }) => status !== 'dedupe_skip');
  dedupe.inc({ result: 'run' }, sum(ran.map(({ keyed }) => keyed)));
  dedupe.inc({ result: 'skip' }, sum(skipped.map(({ executions }) => executions)));
}

function addDecisions(registry: Registry, decisions: readonly DecisionTotal[]): void {
  const counter = aCounter(
    registry,
    'hookbus_hook_decisions_total',
    'Executions by hook, event, agent, project and decision; deny is a refusal.',
    ['hook', 'event', 'agent', 'project', 'decision'],
  );
  for (const total of decisions)
    counter.inc({ ...labelsOf(total), decision: total.decision }, total.executions);
}

function addBreakers(registry: Registry, breakers: MetricsSnapshot['breakers']): void {
  const gauge = aGauge(
    registry,
    'hookbus_breaker_state',
    'Breakers that opened at least once: 0 closed, 1 half-open, 2 open.',
    ['hook'],
  );
  const worstFirst = [...breakers].sort(
    (a, b) => BREAKER_VALUES[b.state] - BREAKER_VALUES[a.state],
  );
  for (const { hookName, state } of worstFirst.slice(0, MAX_HOOKS))
    gauge.set({ hook: plainName(hookName) }, BREAKER_VALUES[state]);
}

function addAlerts(registry: Registry, alerts: MetricsSnapshot['alerts']): void {
  const gauge = aGauge(
    registry,
    'hookbus_alert_open',
    '1 for each alert that is open; the hook is empty if the alert is not about a hook.',
    ['rule', 'hook'],
  );
  for (const { rule, hook } of alerts) gauge.set({ rule, hook }, 1);
}

function addExporters(registry: Registry, exporters: MetricsSnapshot['exporters']): void {
  const counter = (name: string, help: string) => aCounter(registry, name, help, ['exporter']);
  const sent = counter(
    'hookbus_exporter_sent_total',
    'Executions that the daemon sent since it opened the exporter.',
  );
  const dropped = counter(
    'hookbus_exporter_dropped_total',
    'Executions that an exporter had no room for, or that were refused.',
  );
  const failures = counter('hookbus_exporter_failures_total', 'Failed attempts of an exporter.');
  for (const state of exporters) {
    const labels = { exporter: state.name };
    sent.inc(labels, state.sent);
    dropped.inc(labels, state.dropped);
    failures.inc(labels, state.failures);
  }
}

function durations(totals: readonly Total[]): Metric {
  const series = new Map<string, Series>();
  for (const total of totals) {
    if (total.duration.count === 0) continue;
    const labels = labelsOf(total);
    const key = Object.values(labels).join('\0');
    const before = series.get(key)?.histogram ?? emptyHistogram(DURATION_BOUNDS_MS);
    series.set(key, { labels, histogram: joined(before, total.duration) });
  }
  return aHistogram(
    'hookbus_hook_duration_seconds',
    'How long hooks took, over all hooks that ran.',
    DURATION_BOUNDS_MS,
    [...series.values()],
  );
}

function overheads(totals: readonly Total[]): Metric {
  const all = totals.map(({ overhead }) => overhead);
  return aHistogram(
    'hookbus_overhead_seconds',
    'What HookBus added to the time of an execution.',
    OVERHEAD_BOUNDS_MS,
    [{ labels: {}, histogram: all.reduce(joined, emptyHistogram(OVERHEAD_BOUNDS_MS)) }],
  );
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly histogram: Histogram;
}

/** prom-client's own histogram counts single values and cannot import counts. */
function aHistogram(
  name: string,
  help: string,
  boundsMs: readonly number[],
  series: readonly Series[],
): Metric {
  const valuesOf = ({ labels, histogram }: Series) => {
    let below = 0;
    const buckets = histogram.buckets.map((count, index) => {
      below += count;
      const bound = boundsMs[index];
      const le = bound === undefined ? '+Inf' : bound / 1000;
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: histogram.sumMs / 1000 },
      { metricName: `${name}_count`, labels, value: histogram.count },
    ];
  };
  const metric = {
    ...{ name, help, type: 'histogram', aggregator: 'sum' },
    values: series.flatMap(valuesOf),
  };
  return { name, get: () => Promise.resolve(metric) } as unknown as Metric;
}

const aCounter = (registry: Registry, name: string, help: string, labelNames: readonly string[]) =>
  new Counter({ name, help, labelNames, registers: [registry] });

const aGauge = (
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[] = [],
) => new Gauge({ name, help, labelNames, registers: [registry] });

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);
