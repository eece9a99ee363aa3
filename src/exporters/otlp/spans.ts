import {
  type Attributes,
  type HrTime,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { isFailure } from '../../domain/execution.ts';
import { type ExportedExecution, plainName } from '../../domain/exported.ts';
import { addKnown } from '../../domain/record.ts';

/** Whether its ids and its time are valid for a span. */
export const canBeSpan = ({ correlationId, spanId, startedAtMs }: ExportedExecution): boolean =>
  isId(correlationId, 32) && isId(spanId, 16) && Number.isFinite(startedAtMs);

/** The span of an execution that can be one. */
export function spanOf(
  execution: ExportedExecution,
  resource: Resource,
  version: string,
): ReadableSpan {
  const { correlationId: traceId, spanId, parentSpanId, startedAtMs } = execution;
  const context = { traceId, traceFlags: TraceFlags.SAMPLED };
  const durationMs = Math.max(0, execution.durationMs ?? 0);
  return {
    name: [execution.eventType, execution.hookName]
      .filter((word) => word !== '')
      .map(plainName)
      .join(' '),
    kind: SpanKind.INTERNAL,
    spanContext: () => ({ ...context, spanId }),
    ...(parentSpanId !== undefined &&
      isId(parentSpanId, 16) && {
        parentSpanContext: { ...context, spanId: parentSpanId, isRemote: true },
      }),
    startTime: hrTime(startedAtMs),
    endTime: hrTime(startedAtMs + durationMs),
    duration: hrTime(durationMs),
    ended: true,
    status: isFailure(execution.status)
      ? { code: SpanStatusCode.ERROR, message: whyOf(execution) }
      : { code: SpanStatusCode.UNSET },
    attributes: attributesOf(execution),
    links: [],
    events: [],
    resource,
    instrumentationScope: { name: 'hookbus', version },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Uses the names of the semantic conventions where they exist. docs/exporters.md lists all names. */
export function attributesOf(execution: ExportedExecution): Attributes {
  const { status, exitCode, signal } = execution;
  const all: Attributes = {
    'hookbus.hook.name': execution.hookName,
    'hookbus.event': execution.eventType || undefined,
    'hookbus.status': status,
    'hookbus.decision': execution.decision,
    'hookbus.agent': execution.agent,
    'hookbus.subagent': execution.subagent,
    'hookbus.project': execution.project,
    'hookbus.tool.name': execution.toolName,
    'session.id': execution.sessionId,
    'process.executable.name': execution.program,
    'process.exit.code': exitCode,
    'hookbus.signal': signal,
    'error.type': isFailure(status) ? errorType(execution) : undefined,
    'hookbus.overhead_ms': execution.overheadMs,
    'hookbus.stdin.bytes': execution.stdinBytes,
    'hookbus.stdout.bytes': execution.stdoutBytes,
    'hookbus.stderr.bytes': execution.stderrBytes,
  };
  return addKnown({}, all);
}

/** A word of a closed set: `timeout`, a signal, an exit code, or `_OTHER`. */
function errorType({ status, signal, exitCode }: ExportedExecution): string {
  if (status === 'timeout') return 'timeout';
  return signal ?? (exitCode === undefined ? '_OTHER' : String(exitCode));
}

/** Never contains output of the hook. */
function whyOf({ status, signal, exitCode }: ExportedExecution): string {
  if (status === 'timeout') return 'timed out';
  if (signal !== undefined) return `ended by ${signal}`;
  return exitCode === undefined ? 'no exit code' : `exit code ${exitCode}`;
}

export const isId = (text: string, digits: number): boolean =>
  text.length === digits && /^[0-9a-f]+$/.test(text) && !/^0+$/.test(text);

/** Seconds, and the remaining nanoseconds. */
export function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
