import { TraceFlags } from '@opentelemetry/api';
import type { JsonLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import { isFailure } from '../../domain/execution.ts';
import { type LoggedExecution, plainName } from '../../domain/exported.ts';
import { addKnown } from '../../domain/record.ts';
import { attributesOf, hrTime, isId } from './spans.ts';

export type LogRecord = Parameters<typeof JsonLogsSerializer.serializeRequest>[0][number];

/** Severities of OpenTelemetry. */
const INFO = { severityNumber: 9, severityText: 'INFO' } as const;
const WARN = { severityNumber: 13, severityText: 'WARN' } as const;
const ERROR = { severityNumber: 17, severityText: 'ERROR' } as const;

/** Maximum characters of a body. */
const MAX_BODY = 2048;

/** The log record of an execution. */
export function logRecordOf(
  execution: LoggedExecution,
  resource: Resource,
  scope: LogRecord['instrumentationScope'],
): LogRecord {
  const { correlationId: traceId, spanId, startedAtMs } = execution;
  const hasIds = isId(traceId, 32) && isId(spanId, 16);
  const time = hrTime(Number.isFinite(startedAtMs) ? startedAtMs : 0);
  return {
    eventName: 'hookbus.execution',
    hrTime: time,
    hrTimeObserved: time,
    ...severityOf(execution),
    body: bodyOf(execution),
    ...(hasIds && { spanContext: { traceId, spanId, traceFlags: TraceFlags.SAMPLED } }),
    attributes: addKnown<LogRecord['attributes']>(attributesOf(execution), {
      'hookbus.execution.id': execution.executionId,
      'hookbus.correlation.id': traceId,
      'hookbus.decision.reason': execution.decisionReason,
      'hookbus.duration_ms': execution.durationMs,
      'hookbus.guard_skipped': execution.isSkippedGuard || undefined,
      'hookbus.script.digest': execution.scriptDigest,
      'error.message': execution.error,
    }),
    droppedAttributesCount: 0,
    resource,
    instrumentationScope: scope,
  };
}

/** A refusal, and a guard that did not run, deserve a look although nothing failed. */
function severityOf({ status, decision, isSkippedGuard }: LoggedExecution) {
  if (isFailure(status)) return ERROR;
  return decision === 'deny' || isSkippedGuard ? WARN : INFO;
}

/** One line for people: what ran, what came of it, and why. */
function bodyOf(execution: LoggedExecution): string {
  const { eventType, hookName, status, decision, decisionReason, error } = execution;
  const what = [eventType, hookName].filter((word) => word !== '').map(plainName);
  const hasDecided = decision !== undefined && decision !== 'none';
  const why = hasDecided ? (decisionReason ?? error) : error;
  const line = `${what.join(' ')}: ${hasDecided && !isFailure(status) ? decision : status}`;
  return (why === undefined ? line : `${line}: ${why}`).slice(0, MAX_BODY);
}
