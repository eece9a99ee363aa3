import { describe, expect, it } from 'vitest';
import { createBlocking, type Waited } from '../../src/metrics/blocking.ts';
import { suggestTimeout } from '../../src/metrics/suggest-timeout.ts';
import { createRandom } from '../support/random.ts';

const waited = (hookName: string, startMs: number, tookMs: number, more: Partial<Waited> = {}) => ({
  hookName,
  eventType: 'PreToolUse',
  sessionId: 's1',
  toolUseId: 't1',
  toolName: 'Bash',
  startMs,
  tookMs,
  ...more,
});

function costsOf(all: readonly Waited[], mostCalls = 100) {
  const blocking = createBlocking(mostCalls);
  for (const one of all) blocking.add(one);
  return blocking.end();
}

describe('what agents waited for', () => {
  it('counts hooks at the same time once within a session', () => {
    const { sessions } = costsOf([
      waited('a', 0, 100),
      waited('b', 10, 20),
      waited('c', 90, 50),
      waited('d', 140, 10),
      waited('e', 150, 5, { sessionId: 's2' }),
      waited('f', 500, 7),
    ]);
    expect(sessions).toMatchObject([
      { sessionId: 's1', executions: 5, startMs: 0, endMs: 507, blockedMs: 157, hookMs: 187 },
      { sessionId: 's2', executions: 1, blockedMs: 5, hookMs: 5 },
    ]);
  });

  it('is as many ms as any hook was running, for any random input', () => {
    const random = createRandom(23);
    for (let round = 0; round < 50; round += 1) {
      const all = Array.from({ length: 30 }, () => waited('a', random(500), random(60))).sort(
        (a, b) => a.startMs - b.startMs,
      );
      const running = new Set(
        all.flatMap(({ startMs, tookMs }) =>
          Array.from({ length: tookMs }, (_, ms) => startMs + ms),
        ),
      );
      expect(costsOf(all).sessions[0]?.blockedMs).toBe(running.size);
    }
  });
});

describe('the critical path of a tool call', () => {
  it('is the hook that ended last, separately before and after the call', () => {
    const { calls, callCount, criticalOf } = costsOf([
      waited('quick', 0, 10),
      waited('slow', 1, 100),
      waited('middle', 2, 40),
      waited('quick', 200, 10, { eventType: 'PostToolUse' }),
      waited('quick', 300, 30, { toolUseId: 't2' }),
      waited('slow', 301, 20, { toolUseId: 't2' }),
      waited('none', 400, 900, { toolUseId: null }),
    ]);
    expect(callCount).toBe(3);
    expect(calls).toMatchObject([
      {
        toolUseId: 't1',
        eventType: 'PreToolUse',
        executions: 3,
        blockedMs: 101,
        criticalHook: 'slow',
        criticalMs: 100,
        gainMs: 59,
      },
      { toolUseId: 't2', criticalHook: 'quick', blockedMs: 30, gainMs: 9 },
      { toolUseId: 't1', eventType: 'PostToolUse', criticalHook: 'quick', gainMs: 10 },
    ]);
    expect(criticalOf('slow', 'PreToolUse')).toEqual({ calls: 1, gainMs: 59 });
    expect(criticalOf('quick', 'PreToolUse')).toEqual({ calls: 1, gainMs: 9 });
    expect(criticalOf('middle', 'PreToolUse')).toEqual({ calls: 0, gainMs: 0 });
  });

  it('keeps the longest of many, and counts a late one as another call', () => {
    const many = Array.from({ length: 5000 }, (_, index) =>
      waited('a', index * 1000, 1 + ((index * 7919) % 5000), { toolUseId: `t${index}` }),
    );
    const { calls, callCount } = costsOf(many, 3);
    expect(callCount).toBe(5000);
    expect(calls.map(({ blockedMs }) => blockedMs)).toEqual([5000, 4999, 4998]);
    expect(costsOf([waited('a', 0, 1), waited('a', 60_001, 1)]).callCount).toBe(2);
  });
});

it.each([
  [0.4, 5],
  [2500, 5],
  [2501, 10],
  [12_000, 30],
  [44_000, 90],
  [299_000, 600],
  [301_000, 900],
])('a P99 of %d ms suggests a timeout of %d s', (p99Ms, seconds) => {
  expect(suggestTimeout(p99Ms)).toBe(seconds);
});
