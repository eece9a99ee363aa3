import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import {
  boundNames,
  type ExportedExecution,
  MAX_EVENTS,
  MAX_HOOKS,
} from '../../domain/exported.ts';
import { DURATION_BOUNDS_MS, OVERHEAD_BOUNDS_MS } from '../../domain/totals.ts';

export interface OtlpMetricsParts {
  readonly resource: Resource;
  readonly version: string;
  readonly exporter: Pick<PushMetricExporter, 'export'>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** Counts executions and their times for a collector from now on. The next export includes what was not sent. */
export function createOtlpMetrics(parts: OtlpMetricsParts) {
  const { resource, version, exporter, intervalMs, timeoutMs } = parts;
  const reader = new PeriodicExportingMetricReader({
    exporter: {
      export: exporter.export,
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
      selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
    },
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter('hookbus', version);
  const seconds = (bounds: readonly number[]) => ({
    unit: 's',
    advice: { explicitBucketBoundaries: bounds.map((ms) => ms / 1000) },
  });
  const runs = meter.createCounter('hookbus.hook.runs', {
    unit: '{execution}',
    description: 'Executions, skipped ones included.',
  });
  const decisions = meter.createCounter('hookbus.hook.decisions', {
    unit: '{execution}',
    description: 'Executions by decision; deny is a refusal.',
  });
  const duration = meter.createHistogram('hookbus.hook.duration', {
    ...seconds(DURATION_BOUNDS_MS),
    description: 'How long hooks took.',
  });
  const overhead = meter.createHistogram('hookbus.overhead', {
    ...seconds(OVERHEAD_BOUNDS_MS),
    description: 'What HookBus added.',
  });
  const dedupe = meter.createCounter('hookbus.dedupe', {
    unit: '{execution}',
    description: 'Executions with a dedupe key.',
  });
  const hookOf = boundNames(MAX_HOOKS);
  const eventOf = boundNames(MAX_EVENTS);

  function record(execution: ExportedExecution): void {
    const { status, decision, durationMs, overheadMs, hasDedupeKey } = execution;
    const labels = {
      'hookbus.hook.name': hookOf(execution.hookName),
      'hookbus.event': eventOf(execution.eventType),
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
