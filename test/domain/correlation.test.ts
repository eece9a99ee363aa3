import { describe, expect, it } from 'vitest';
import {
  deriveCorrelationId,
  formatTraceParent,
  parseTraceParent,
} from '../../src/domain/correlation.ts';
import { traceIdOf, uuidV7 } from '../../src/domain/identifiers.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('a traceparent', () => {
  it('is read and written', () => {
    const text = `00-${TRACE}-${SPAN}-01`;
    expect(parseTraceParent(text)).toEqual({ traceId: TRACE, spanId: SPAN, flags: '01' });
    expect(formatTraceParent({ traceId: TRACE, spanId: SPAN, flags: '01' })).toBe(text);
    expect(parseTraceParent(`cc-${TRACE}-${SPAN}-00-later`)?.traceId).toBe(TRACE);
  });

  it.each([
    undefined,
    '',
    'garbage',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01\n`,
  ])('that is %j is not valid', (text) => {
    expect(parseTraceParent(text)).toBeUndefined();
  });
});

describe('a correlation id', () => {
  it('is the same for all hooks of one tool use, whatever the event', () => {
    const cause = { sessionId: 's', toolUseId: 't', promptId: 'p' };
    const before = deriveCorrelationId({ ...cause, eventType: 'PreToolUse' });
    expect(deriveCorrelationId({ ...cause, eventType: 'PostToolUse' })).toBe(before);
    expect(before).toMatch(/^[0-9a-f]{32}$/);
  });

  it('differs between a tool use, a prompt, an event and a session with the same id', () => {
    const ids = [
      deriveCorrelationId({ sessionId: 's', toolUseId: 'x' }),
      deriveCorrelationId({ sessionId: 's', promptId: 'x' }),
      deriveCorrelationId({ sessionId: 's', eventType: 'x' }),
      deriveCorrelationId({ sessionId: 'x', toolUseId: 's' }),
    ];
    expect(new Set(ids).size).toBe(4);
  });

  it('cannot be derived without a session', () => {
    expect(deriveCorrelationId({ toolUseId: 't' })).toBeUndefined();
  });
});

describe('an execution id', () => {
  it('is a UUIDv7 that carries its time and sorts by it', () => {
    const now = Date.parse('2026-11-22T10:00:00.123Z');
    const id = uuidV7(now, new Uint8Array(10).fill(255));
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(now);
    expect(uuidV7(now + 1, new Uint8Array(10)) > id).toBe(true);
  });

  it('is never a forbidden all-zero trace id', () => {
    expect(traceIdOf(new Uint8Array(8))).toBe('0000000000000001');
  });
});
