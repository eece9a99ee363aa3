import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { reasonOf } from '../domain/errors.ts';
import type { ExportedExecution } from '../domain/exported.ts';
import { VERSION } from '../domain/version.ts';
import { type BatchEnd, BatchQueue } from './batch-queue.ts';
import { createTally, type Exporter, type ExporterParts, type ExporterState } from './exporter.ts';
import { LogPump } from './otlp/log-pump.ts';
import { logRecordOf } from './otlp/logs.ts';
import { createOtlpMetrics } from './otlp/metrics.ts';
import { createOtlpSender, NO_COLLECTOR, type OtlpAnswer, type OtlpTarget } from './otlp/sender.ts';
import { canBeSpan, spanOf } from './otlp/spans.ts';

export interface OpenTelemetryOptions extends OtlpTarget {
  readonly service_name: string;
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly logs: boolean;
  readonly metrics_interval_seconds: number;
  /** Maximum number of waiting spans. */
  readonly queue: number;
}

/** Time limit of closing, in ms. */
const CLOSE_MS = 1000;

/** Sends a span for each execution, log records and metrics to a collector. Opening sends nothing but records that wait. */
export function openOpenTelemetry(
  options: OpenTelemetryOptions,
  parts: Pick<ExporterParts, 'network' | 'resource' | 'alerts' | 'logs'>,
): Exporter {
  const resource = resourceFromAttributes({
    'service.name': options.service_name,
    'service.version': VERSION,
    ...parts.resource(),
  });
  const { network } = parts;
  const signals = [
    ...(options.traces ? [createTraces(options, resource, network)] : []),
    ...(options.logs ? [createLogs(options, resource, parts)] : []),
    ...(options.metrics ? [createMetricsSignal(options, resource, parts)] : []),
  ];
  return {
    take: (executions) => {
      for (const signal of signals) signal.take(executions);
    },
    room: () => Math.min(...signals.map(({ room }) => room())),
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

/** Combines the signals of one exporter. If there are spans, they decide whether an execution was sent. */
function joinedState(target: string, states: readonly ExporterState[]): ExporterState {
  const [first] = states;
  const failing = states.find(({ isWorking }) => !isWorking);
  return {
    target,
    isWorking: failing === undefined,
    lastError: failing?.lastError ?? states.find(({ lastError }) => lastError)?.lastError,
    sent: first?.sent ?? 0,
    dropped: Math.max(0, ...states.map(({ dropped }) => dropped)),
    failures: states.reduce((sum, { failures }) => sum + failures, 0),
    failedAtMs: Math.max(...states.map(({ failedAtMs }) => failedAtMs)),
    isRetrying: states.some(({ isRetrying }) => isRetrying),
  };
}

function createTraces(
  options: OpenTelemetryOptions,
  resource: Resource,
  network: ExporterParts['network'],
): Exporter {
  const sender = createOtlpSender(options, 'traces', network);
  const tally = createTally(sender.url);
  const serializer =
    options.protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer;
  const send = async (batch: readonly ExportedExecution[]): Promise<BatchEnd> => {
    const spans = batch.map((execution) => spanOf(execution, resource, VERSION));
    const answer = await sender.send(serializer.serializeRequest(spans) ?? new Uint8Array());
    if (answer.kind !== 'sent') return answer;
    const { rejected, ...said } = read(answer, (body) => {
      const part = serializer.deserializeResponse(body).partialSuccess;
      return { rejected: part?.rejectedSpans, message: part?.errorMessage };
    });
    return { kind: 'sent', refused: Math.min(rejected, batch.length), ...said };
  };
  const queue = new BatchQueue({ maxWaiting: options.queue, send, tally });
  return {
    take: (executions) => {
      const usable = executions.filter(canBeSpan);
      tally.dropped(executions.length - usable.length);
      queue.add(usable);
    },
    room: () => queue.room(),
    state: () => ({ ...tally.state(), isRetrying: queue.isRetrying() }),
    close: async () => {
      await queue.close(CLOSE_MS);
      sender.close();
    },
  };
}

function createLogs(
  options: OpenTelemetryOptions,
  resource: Resource,
  { network, logs }: Pick<ExporterParts, 'network' | 'logs'>,
): Exporter {
  const sender = createOtlpSender(options, 'logs', network);
  const tally = createTally(sender.url);
  const serializer = options.protocol === 'http/json' ? JsonLogsSerializer : ProtobufLogsSerializer;
  const scope = { name: 'hookbus', version: VERSION };
  const pump = new LogPump({
    feed: logs(),
    tally,
    send: async (executions) => {
      const records = executions.map((execution) => logRecordOf(execution, resource, scope));
      const answer = await sender.send(serializer.serializeRequest(records) ?? new Uint8Array());
      if (answer.kind !== 'sent') return answer;
      const reply = read(answer, (body) => {
        const part = serializer.deserializeResponse(body).partialSuccess;
        return { rejected: part?.rejectedLogRecords, message: part?.errorMessage };
      });
      return { ...answer, ...reply };
    },
  });
  pump.wake();
  return {
    take: () => pump.wake(),
    // What it cannot send stays in the database.
    room: () => Number.POSITIVE_INFINITY,
    state: () => ({ ...tally.state(), isRetrying: pump.isRetrying() }),
    close: async () => {
      await pump.close(CLOSE_MS);
      sender.close();
    },
  };
}

function createMetricsSignal(
  options: OpenTelemetryOptions,
  resource: Resource,
  { network, alerts }: Pick<ExporterParts, 'network' | 'alerts'>,
): Exporter {
  const sender = createOtlpSender(options, 'metrics', network);
  const tally = createTally(sender.url);
  const serializer =
    options.protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  let counted = 0;
  const push: PushMetricExporter['export'] = (metrics, done) => {
    const executions = counted;
    counted = 0;
    void sender.send(serializer.serializeRequest(metrics) ?? new Uint8Array()).then((answer) => {
      const isSent = countSent(answer, executions);
      if (!isSent) counted += executions;
      // The codes of ExportResultCode: success and failure.
      done({ code: isSent ? 0 : 1 });
    });
  };
  function countSent(answer: OtlpAnswer, executions: number): boolean {
    if (answer.kind !== 'sent') {
      tally.failed(answer.reason);
      return false;
    }
    tally.sent(executions);
    const { problem, warning } = read(answer, (body) => {
      const part = serializer.deserializeResponse(body).partialSuccess;
      return { rejected: part?.rejectedDataPoints, message: part?.errorMessage };
    });
    if (problem !== undefined) tally.failed(problem);
    else if (warning !== undefined) tally.noted(warning);
    return true;
  }

  const metrics = createOtlpMetrics({
    resource,
    version: VERSION,
    exporter: { export: push },
    alerts,
    intervalMs: options.metrics_interval_seconds * 1000,
    timeoutMs: options.timeout_seconds * 1000,
  });
  return {
    take: (executions) => {
      counted += executions.length;
      for (const execution of executions) metrics.record(execution);
    },
    // Metrics are counted, not kept.
    room: () => Number.POSITIVE_INFINITY,
    // The next export includes what was not sent.
    state: () => ({ ...tally.state(), isRetrying: !tally.state().isWorking }),
    close: async () => {
      const timer = setTimeout(sender.close, CLOSE_MS);
      // It sends the last metrics. A failure is in the tally already.
      await metrics.close().catch(() => undefined);
      clearTimeout(timer);
      sender.close();
    },
  };
}

interface Reply {
  readonly rejected?: unknown;
  readonly message?: string | undefined;
}

/** Reads the response to a successful request. A message is a warning if nothing was rejected. */
function read(
  { contentType, body }: Extract<OtlpAnswer, { kind: 'sent' }>,
  decode: (body: Buffer) => Reply,
): { readonly rejected: number; readonly problem?: string; readonly warning?: string } {
  if (body.length === 0) return { rejected: 0 };
  const isOtlp = /^application\/(?:x-protobuf|json)\b/.test(contentType);
  if (!isOtlp) return { rejected: 0, problem: NO_COLLECTOR };
  try {
    const { rejected, message } = decode(body);
    const count = Number(rejected ?? 0);
    if (count > 0)
      return { rejected: count, problem: message || `the collector rejected ${count}` };
    return { rejected: 0, ...(message ? { warning: message } : {}) };
  } catch (error) {
    return { rejected: 0, problem: `the response cannot be read: ${reasonOf(error)}` };
  }
}
