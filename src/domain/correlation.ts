import { sha256Hex } from './key/sha256.ts';

/** The parts of a W3C `traceparent` header of version 00 (https://www.w3.org/TR/trace-context/). */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: string;
}

const ALL_ZERO = /^0+$/;

/** Parses a `TRACEPARENT`; undefined if it is absent or invalid. Of a later version, only the first four fields count. */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(
    text ?? '',
  );
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (ALL_ZERO.test(traceId) || ALL_ZERO.test(spanId)) return undefined;
  return { traceId, spanId, flags };
}

/** Writes a `TRACEPARENT` of version 00. */
export function formatTraceParent(parent: TraceParent): string {
  return `00-${parent.traceId}-${parent.spanId}-${parent.flags}`;
}

/** The fields of a payload that show whether two executions have one cause. */
export interface Cause {
  readonly sessionId?: string | undefined;
  readonly toolUseId?: string | undefined;
  readonly promptId?: string | undefined;
  readonly eventType?: string | undefined;
}

/**
 * The correlation id of all executions with this cause: the first 32 hex digits of SHA-256 over
 * `session id NUL word NUL id`. Word and id come from the tool use, else from the prompt, else from the event.
 * Undefined without a session id, since nothing then shows what belongs together.
 */
export function deriveCorrelationId(cause: Cause): string | undefined {
  if (!cause.sessionId) return undefined;
  const [word, id] = cause.toolUseId
    ? ['tool', cause.toolUseId]
    : cause.promptId
      ? ['prompt', cause.promptId]
      : ['event', cause.eventType ?? ''];
  return sha256Hex(`${cause.sessionId}\0${word}\0${id}`).slice(0, 32);
}
