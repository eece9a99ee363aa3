import { sha256Hex } from './key/sha256.ts';
import { sameInput } from './payload/call-input.ts';

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

/** What a payload says about why an execution happens. */
export interface Cause {
  readonly sessionId?: string | undefined;
  readonly toolUseId?: string | undefined;
  readonly promptId?: string | undefined;
  readonly eventType?: string | undefined;
  readonly toolName?: string | undefined;
  /** The input of the tool, as JSON. */
  readonly toolInput?: Uint8Array | undefined;
  /** A part of the payload is unknown: what is missing here may be in it. */
  readonly isPartial?: boolean;
}

/**
 * The correlation id of all executions with this cause: the first 32 hex digits of SHA-256 over
 * `session id NUL word NUL id`. Word and id come from the tool use, else from the prompt, else from tool and input, which
 * are the same before and after a call, else from the event. Undefined if nothing shows what belongs together: HookBus
 * rather joins too little than what has nothing in common.
 */
export function deriveCorrelationId(cause: Cause): string | undefined {
  const { sessionId, toolUseId, promptId, toolName, eventType } = cause;
  if (!sessionId) return undefined;
  if (toolUseId) return hashOf(sessionId, 'tool', toolUseId);
  if (promptId) return hashOf(sessionId, 'prompt', promptId);
  if (cause.isPartial) return undefined;
  if (!toolName) return eventType ? hashOf(sessionId, 'event', eventType) : undefined;
  const input = cause.toolInput && sameInput(cause.toolInput);
  return input && hashOf(sessionId, 'call', toolName, input);
}

function hashOf(sessionId: string, word: string, id: string, more?: Uint8Array): string {
  const text = Buffer.from(`${sessionId}\0${word}\0${id}`);
  return sha256Hex(more ? Buffer.concat([text, Buffer.of(0), more]) : text).slice(0, 32);
}
