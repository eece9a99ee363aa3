import { expect, it } from 'vitest';
import { STATUSES } from '../../src/domain/execution.ts';
import type { Sample } from '../../src/domain/sample.ts';
import { createMetrics } from '../../src/metrics/report.ts';

function reportOf(samples: readonly Partial<Sample>[], hours = 24) {
  const metrics = createMetrics();
  for (const sample of samples) {
    metrics.add({
      hookName: 'guard',
      eventType: 'PreToolUse',
      status: 'success',
      decision: 'none',
      durationMs: 10,
      overheadMs: 1,
      ...sample,
    });
  }
  return metrics.report(hours);
}

it('counts every status, and excludes skipped executions from the runs', () => {
  const report = reportOf(STATUSES.map((status) => ({ status })));
  expect(report).toMatchObject({ executions: 6, runs: 4, failures: 2 });
  expect(report.hooks).toHaveLength(1);
  expect(report.hooks[0]).toMatchObject({
    runs: 4,
    success: 1,
    blocked: 1,
    error: 1,
    timeout: 1,
    deduped: 1,
    breaker_skipped: 1,
    failure_rate: 0.5,
    dedupe_rate: 1 / 6,
    total_ms: 40,
  });
});

it('has no failure rate if nothing ran', () => {
  const report = reportOf([{ status: 'dedupe_skip', durationMs: null }]);
  expect(report.hooks[0]).toMatchObject({
    runs: 0,
    failure_rate: null,
    dedupe_rate: 1,
    p50_ms: null,
  });
  expect(report.failure_rate).toEqual({ value: null, target: 0, alert: 0.01, grade: null });
});

it('separates hooks and events; the one that took the most time comes first', () => {
  const report = reportOf([
    { hookName: 'a', eventType: 'Stop', durationMs: 5 },
    { hookName: 'a', eventType: 'PreToolUse', durationMs: 50 },
    { hookName: 'b', eventType: 'Stop', durationMs: 5 },
    { hookName: 'a', eventType: 'Stop', durationMs: null },
  ]);
  expect(
    report.hooks.map(({ hook_name, event_type, runs }) => [hook_name, event_type, runs]),
  ).toEqual([
    ['a', 'PreToolUse', 1],
    ['a', 'Stop', 2],
    ['b', 'Stop', 1],
  ]);
});

it('does not confuse pairs of names', () => {
  const report = reportOf([
    { hookName: 'a","b', eventType: 'c' },
    { hookName: 'a', eventType: 'b","c' },
    { hookName: '__proto__', eventType: 'constructor' },
  ]);
  expect(report.hooks).toHaveLength(3);
});

it('grades the overhead of all executions, skipped ones included', () => {
  const { overhead } = reportOf([
    { overheadMs: 1 },
    { overheadMs: 20, status: 'dedupe_skip', durationMs: null },
    { overheadMs: null },
  ]);
  expect(overhead).toMatchObject({ count: 2, avg_ms: 10.5, p50_ms: 1, p95_ms: 20, max_ms: 20 });
  expect(overhead.grades.p50).toEqual({ value: 1, target: 2, alert: 5, grade: 'ok' });
  expect(overhead.grades.p95.grade).toBe('alert');
  expect(overhead.grades.p99.grade).toBe('ok');
});

it('has every field even without executions', () => {
  expect(reportOf([], 0.5)).toMatchObject({
    window_hours: 0.5,
    executions: 0,
    runs: 0,
    total_ms: 0,
    overhead: { count: 0, avg_ms: null, p50_ms: null, p95_ms: null, p99_ms: null, max_ms: null },
    hooks: [],
  });
});

it('sums times without the noise of floating point', () => {
  const report = reportOf([{ durationMs: 0.1 }, { durationMs: 0.2 }]);
  expect(report.total_ms).toBe(0.3);
  expect(report.hooks[0]?.avg_ms).toBe(0.15);
});
