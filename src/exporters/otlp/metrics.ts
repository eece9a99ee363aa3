import type { Meter } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import {
  boundMetricNames,
  type ExportedExecution,
  MAX_COMBINATIONS,
} from '../../domain/exported.ts';
import { DURATION_BOUNDS_MS, OVERHEAD_BOUNDS_MS } from '../../domain/totals.ts';
import type { OpenAlert } from '../exporter.ts';

export interface OtlpMetricsParts {
  readonly resource: Resource;
  readonly version: string;
  readonly exporter: Pick<PushMetricExporter, 'export'>;
  /** @throws if the database cannot be read */
  readonly alerts: () => readonly OpenAlert[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** Counts executions and their times for a collector from now on. The next export includes what was not sent. */
export function createOtlpMetrics(parts: OtlpMetricsParts) {
  const { resource, version, exporter, alerts, intervalMs, timeoutMs } = parts;
  const reader = new PeriodicExportingMetricReader({
    exporter: {
      export: exporter.export,
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
      selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
    },
    exportIntervalMillis: intervalMs,
    // Each combination of names may have each status.
    cardinalityLimits: { default: 10 * MAX_COMBINATIONS },
    exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter('hookbus', version);
  const { runs, decisions, duration, overhead, dedupe } = instrumentsOf(meter);
  observeAlerts(meter, alerts);
  const namesOf = boundMetricNames();

  function record(execution: ExportedExecution): void {
    const { status, decision, durationMs, overheadMs, hasDedupeKey } = execution;
    const { hookName, eventType, agent, project } = namesOf(execution);
    const labels = {
      'hookbus.hook.name': hookName,
      'hookbus.event': eventType,
      ...(agent !== '' && { 'hookbus.agent': agent }),
      ...(project !== '' && { 'hookbus.project': project }),
    };
    runs.add(1, { ...labels, 'hookbus.status': status });
    if (decision !== undefined) decisions.add(1, { ...labels, 'hookbus.decision': decision });
    if (durationMs !== undefined) duration.record(durationMs / 1000, labels);
    if (overheadMs !== undefined) overhead.record(overheadMs / 1000);
    const isDuplicate = status === 'dedupe_skip';
    if (isDuplicate || hasDedupeKey)
      dedupe.add(1, { 'hookbus.result': isDuplicate ? 'skip' : 'run' });
  }

  return {
    record,
    /** Exports what was counted. @throws if that fails */
    flush: (): Promise<void> => reader.forceFlush(),
    close: (): Promise<void> => provider.shutdown(),
  };
}

function instrumentsOf(meter: Meter) {
  const seconds = (bounds: readonly number[]) => ({
    unit: 's',
    advice: { explicitBucketBoundaries: bounds.map((ms) => ms / 1000) },
  });
  return {
    runs: meter.createCounter('hookbus.hook.runs', {
      unit: '{execution}',
      description: 'Executions, skipped ones included.',
    }),
    decisions: meter.createCounter('hookbus.hook.decisions', {
      unit: '{execution}',
      description: 'Executions by decision; deny is a refusal.',
    }),
    duration: meter.createHistogram('hookbus.hook.duration', {
      ...seconds(DURATION_BOUNDS_MS),
      description: 'How long hooks took.',
    }),
    overhead: meter.createHistogram('hookbus.overhead', {
      ...seconds(OVERHEAD_BOUNDS_MS),
      description: 'What HookBus added.',
    }),
    dedupe: meter.createCounter('hookbus.dedupe', {
      unit: '{execution}',
      description: 'Executions with a dedupe key.',
    }),
  };
}

function observeAlerts(meter: Meter, alerts: OtlpMetricsParts['alerts']): void {
  const open = meter.createObservableGauge('hookbus.alert.open', {
    unit: '{alert}',
    description: '1 for each open alert.',
  });
  open.addCallback((result) => {
    try {
      for (const { rule, hook } of alerts())
        result.observe(1, {
          'hookbus.alert.rule': rule,
          ...(hook !== '' && { 'hookbus.hook.name': hook }),
        });
    } catch {
      // A database that cannot be read has no alerts to show; the other metrics are in memory.
    }
  });
}
