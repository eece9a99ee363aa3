import { describe, expect, it, onTestFinished } from 'vitest';
import { RANGES, type Range, readSeries } from '../../src/app/reading/read-series.ts';
import { rollUp } from '../../src/app/retention/roll-up.ts';
import type { Status } from '../../src/domain/execution.ts';
import { percentile } from '../../src/metrics/percentile.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { createRandom } from '../support/random.ts';
import { rollUpAll } from '../support/roll-up.ts';
import { anExecution, recordedOf } from '../support/seed.ts';
import { freshState, makeDatabase } from '../support/state.ts';

const NOW = Date.parse('2026-11-22T10:20:30.000Z');
const STATUSES: readonly Status[] = [
  'success',
  'success',
  'error',
  'timeout',
  'blocked',
  'dedupe_skip',
];

function aDatabase() {
  const { paths } = freshState();
  makeDatabase(paths);
  const db = openDatabase(paths.database, 5000);
  onTestFinished(() => void db.close());
  const random = createRandom(5);
  const executions = Array.from({ length: 4000 }, () => {
    const status = STATUSES[random(STATUSES.length)] ?? 'success';
    return anExecution({
      hookName: `hook_${random(3)}`,
      status,
      decision: random(9) === 0 ? 'deny' : 'none',
      durationMs: status === 'dedupe_skip' ? undefined : 0.5 * 10 ** (random(1000) / 250),
      // Most of them recent, some a month old.
      createdAt: new Date(
        NOW - Math.floor((random(1000) / 1000) ** 6 * 31 * 86_400_000),
      ).toISOString(),
    });
  });
  createExecutionWriter(db).write(executions.map((execution) => recordedOf(execution)));
  return { db, executions };
}

describe('a chart over time', () => {
  it.each(Object.keys(RANGES) as Range[])(
    'of %s has the values of the rows, rolled up or not',
    (range) => {
      const { db, executions } = aDatabase();
      for (const turn of [() => undefined, () => rollUp(db), () => rollUpAll(db)]) {
        turn();
        for (const hookName of [undefined, 'hook_1']) {
          const series = readSeries(db, range, hookName, NOW);
          expect(series.missing).toBe(0);
          expect(series.source).toBe(range === '1h' || range === '24h' ? 'rows' : 'rollups');
          for (const [index, at] of series.at.entries()) {
            const here = executions.filter(({ createdAt, hookName: name }) => {
              const seconds = Date.parse(createdAt) / 1000;
              const isHere = seconds >= at && seconds < at + series.step_seconds;
              return isHere && (hookName === undefined || name === hookName);
            });
            const ran = here.filter(({ status }) => status !== 'dedupe_skip');
            const failed = ran.filter(({ status }) => status === 'error' || status === 'timeout');
            expect(series.runs[index]).toBe(ran.length);
            const ends = ([series.ok, series.refused, series.failed, series.skipped] as const).map(
              (counts) => counts[index] ?? -1,
            );
            expect(ends.reduce((sum, count) => sum + count)).toBe(here.length);
            expect(Math.min(...ends)).toBeGreaterThanOrEqual(0);
            expect(series.failed[index]).toBe(failed.length);
            expect(series.failure_rate[index]).toBe(
              ran.length === 0 ? null : failed.length / ran.length,
            );
            expect(series.dedupe_rate[index]).toBe(
              here.length === 0 ? null : (here.length - ran.length) / here.length,
            );
            const denied = here.filter(({ decision }) => decision === 'deny');
            expect(series.deny_rate[index]).toBe(
              here.length === 0 ? null : denied.length / here.length,
            );
            const exact = percentile(
              ran.map(({ durationMs }) => durationMs ?? 0),
              95,
            );
            const got = series.p95_ms[index];
            if (exact === undefined) expect(got).toBeNull();
            else
              expect(Math.abs((got ?? Number.NaN) - exact)).toBeLessThanOrEqual(
                exact * 0.0101 + 0.001,
              );
          }
        }
      }
    },
  );

  it('of an empty database has no values', () => {
    const { paths } = freshState();
    makeDatabase(paths);
    const db = openDatabase(paths.database, 5000);
    onTestFinished(() => void db.close());
    for (const range of Object.keys(RANGES) as Range[]) {
      const { at, runs, p50_ms } = readSeries(db, range, undefined, NOW);
      expect(at.length).toBeGreaterThan(20);
      expect(new Set(runs)).toEqual(new Set([0]));
      expect(new Set(p50_ms)).toEqual(new Set([null]));
    }
  });

  it.each([
    // How old the first execution is, in minutes; the range; where the chart begins, and its step, in seconds.
    [2, '24h', 600, 60],
    [50, '24h', 3000, 60],
    [50, '30d', 3000, 60],
    [300, '24h', 18_000, 300],
    [600, '7d', 36_000, 900],
    [3000, '30d', 180_000, 3600],
    [30_000, '30d', 1_800_000, 21_600],
    [30_000, '24h', 86_400, 900],
    [30_000, '1h', 3600, 60],
  ] as const)('fits the first execution, %i min ago, in %s', (minutes, range, back, step) => {
    const { paths } = freshState();
    makeDatabase(paths);
    const db = openDatabase(paths.database, 5000);
    onTestFinished(() => void db.close());
    const of = (ms: number) =>
      recordedOf(anExecution({ createdAt: new Date(NOW - ms).toISOString() }));
    createExecutionWriter(db).write([of(minutes * 60_000), of(1000)]);
    for (const turn of [() => undefined, () => rollUpAll(db)]) {
      turn();
      const { at, step_seconds, ok } = readSeries(db, range, undefined, NOW);
      expect(step_seconds).toBe(step);
      expect(at[0]).toBe(Math.floor((NOW / 1000 - back) / step) * step);
      expect(ok.at(-1)).toBe(1);
      if (back === minutes * 60) expect(ok[0]).toBe(1);
    }
  });
});
