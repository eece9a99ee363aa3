import { expect, it } from 'vitest';
import { FAILURE_RATE_TARGET, gradeOf, OVERHEAD_TARGETS } from '../../src/metrics/targets.ts';

const { p50, p95, p99 } = OVERHEAD_TARGETS;

it.each([
  [p50, 0, 'ok'],
  [p50, 1.999, 'ok'],
  [p50, 2, 'above target'],
  [p50, 5, 'above target'],
  [p50, 5.001, 'alert'],
  [p95, 9.9, 'ok'],
  [p95, 10, 'above target'],
  [p95, 15.1, 'alert'],
  [p99, 24.9, 'ok'],
  [p99, 25, 'above target'],
  [p99, 50.1, 'alert'],
  [FAILURE_RATE_TARGET, 0, 'ok'],
  [FAILURE_RATE_TARGET, 0.0001, 'above target'],
  [FAILURE_RATE_TARGET, 0.01, 'above target'],
  [FAILURE_RATE_TARGET, 0.011, 'alert'],
] as const)('against the target %o, %d is %s', (target, value, grade) => {
  expect(gradeOf(value, target)).toBe(grade);
});

it('has no grade for a missing value', () => {
  expect(gradeOf(undefined, p50)).toBeUndefined();
});
