import {
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { reasonOf } from '../domain/errors.ts';
import { VERSION } from '../domain/version.ts';
import { type BatchEnd, BatchQueue } from './batch-queue.ts';
import { createTally, type Exporter, type ExporterState, type Tally } from './exporter.ts';
import { createOtlpMetrics } from './otlp-metrics.ts';
import { createOtlpSender, type OtlpAnswer, type OtlpTarget } from './otlp-sender.ts';
import { spanOf } from './otlp-spans.ts';

export interface OpenTelemetryOptions extends OtlpTarget {
  readonly service_name: string;
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly metrics_interval_seconds: number;
  /** Spans that may wait. */
  readonly queue: number;
}

/** How long closing may take, in ms. */
const CLOSE_MS = 1000;

/** Sends a span of each execution, and metrics, to a collector. Opening sends nothing. */
export function openOpenTelemetry(options: OpenTelemetryOptions): Exporter {
  const resource = resourceFromAttributes({
    'service.name': options.service_name,
    'service.version': VERSION,
  });
  const signals = [
    ...(options.traces ? [createTraces(options, resource)] : []),
    ...(options.metrics ? [createMetricsSignal(options, resource)] : []),
  ];
  return {
    take: (executions) => {
      for (const signal of signals) signal.take(executions);
    },
    state: () =>
      joinedState(
        options.endpoint,
        signals.map(({ state }) => state()),
      ),
    close: async () => {
      await Promise.all(signals.map(({ close }) => close()));
    },
  };
}

/** Two signals are one exporter: an execution is sent, or dropped, by its span where there are spans. */
function joinedState(target: string, states: readonly ExporterState[]): ExporterState {
  const [first] = states;
  const failing = states.find(({ isWorking }) => !isWorking);
  return {
    target,
    isWorking: failing === undefined,
    lastError: failing?.lastError ?? states.find(({ lastError }) => lastError)?.lastError,
    sent: first?.sent ?? 0,
    dropped: first?.dropped ?? 0,
    failures: states.reduce((sum, { failures }) => sum + failures, 0),
  };
}

function createTraces(options: OpenTelemetryOptions, resource: Resource): Exporter {
  const sender = createOtlpSender(options, 'traces');
  const tally = createTally(sender.url);
  const serializer =
    options.protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer;
  const send = async (batch: readonly ReadableSpan[]): Promise<BatchEnd> => {
    const answer = await sender.send(serializer.serializeRequest([...batch]) ?? new Uint8Array());
    if (answer.kind !== 'sent') return answer;
    const part = read(answer, (body) => serializer.deserializeResponse(body).partialSuccess);
    const refused = Math.min(Number(part.value?.rejectedSpans ?? 0), batch.length);
    return {
      kind: 'sent',
      refused,
      remark: part.remark ?? (part.value?.errorMessage || undefined),
    };
  };
  const queue = new BatchQueue({ most: options.queue, send, tally });
  return {
    take: (executions) => {
      const spans = executions.map((execution) => spanOf(execution, resource, VERSION));
      const usable = spans.filter((span) => span !== undefined);
      tally.dropped(spans.length - usable.length);
      queue.add(usable);
    },
    state: tally.state,
    close: async () => {
      await queue.close(CLOSE_MS);
      sender.close();
    },
  };
}

function createMetricsSignal(options: OpenTelemetryOptions, resource: Resource): Exporter {
  const sender = createOtlpSender(options, 'metrics');
  const tally = createTally(sender.url);
  const serializer =
    options.protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  let counted = 0;
  const push: PushMetricExporter['export'] = (metrics, done) => {
    const executions = counted;
    counted = 0;
    void sender.send(serializer.serializeRequest(metrics) ?? new Uint8Array()).then((answer) => {
      const isSent = settle(answer, executions, tally);
      if (!isSent) counted += executions;
      // The codes of ExportResultCode: sent, and failed.
      done({ code: isSent ? 0 : 1 });
    });
  };
  const metrics = createOtlpMetrics({
    resource,
    version: VERSION,
    exporter: { export: push },
    intervalMs: options.metrics_interval_seconds * 1000,
    timeoutMs: options.timeout_seconds * 1000,
  });
  return {
    take: (executions) => {
      counted += executions.length;
      for (const execution of executions) metrics.record(execution);
    },
    state: tally.state,
    close: async () => {
      const timer = setTimeout(sender.close, CLOSE_MS);
      // It sends what there is, and says when that failed: so does the tally.
      await metrics.close().catch(() => undefined);
      clearTimeout(timer);
      sender.close();
    },
  };
}

function settle(answer: OtlpAnswer, executions: number, tally: Tally): boolean {
  if (answer.kind !== 'sent') {
    tally.failed(answer.reason);
    return false;
  }
  tally.sent(executions);
  const { remark } = read(answer, () => undefined);
  if (remark !== undefined) tally.failed(remark);
  return true;
}

/** Reads an answer that is good by its status; what is not in OTLP is worth a remark. */
function read<T>(
  { contentType, body }: Extract<OtlpAnswer, { kind: 'sent' }>,
  decode: (body: Buffer) => T,
): { readonly value?: T; readonly remark?: string } {
  if (body.length === 0) return {};
  const isOtlp = /^application\/(?:x-protobuf|json)\b/.test(contentType);
  if (!isOtlp) return { remark: 'whoever answers there is no collector' };
  try {
    return { value: decode(body) };
  } catch (error) {
    return { remark: `an answer that cannot be read: ${reasonOf(error)}` };
  }
}
