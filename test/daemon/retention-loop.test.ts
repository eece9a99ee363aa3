import { mkdirSync, renameSync } from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createStoreHandle } from '../../src/app/store/store-handle.ts';
import { createRetentionLoop } from '../../src/daemon/loops/retention-loop.ts';
import { readContents } from '../../src/store/queries/overview.ts';
import { readTotals } from '../../src/store/totals.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const daysAgo = (days: number) =>
  recordedOf(anExecution({ createdAt: new Date(Date.now() - days * DAY_MS).toISOString() }));

/** The loop of a daemon with 500 executions of 9 days ago and one of today, and a clock for its timers. */
function aLoop() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { paths } = freshState();
  writeExecutions(paths.database, [...Array.from({ length: 500 }, () => daysAgo(9)), daysAgo(0)]);
  const store = createStoreHandle(paths.database, 1000, Date.now);
  onTestFinished(store.close);
  const settings = { days: 7 as number | undefined };
  const logged: string[] = [];
  const loop = createRetentionLoop({
    ...{ paths, store, now: Date.now, retentionDays: () => settings.days },
    log: (event, values) => void logged.push(`${event} ${JSON.stringify(values)}`),
  });
  onTestFinished(loop.stop);
  loop.start();
  const left = () => store.use(({ db }) => readContents(db).executions);
  return {
    ...{ paths, store, settings, logged, left },
    /** Lets steps follow each other until the first executions are deleted. */
    begin(): void {
      vi.advanceTimersByTime(60_000);
      while (left() === 501) vi.advanceTimersToNextTimer();
      expect(left()).toBeGreaterThan(1);
    },
  };
}

it('retention deletes in steps what is expired, and counts it first', () => {
  const { store, left, logged, begin } = aLoop();
  begin();
  // It came from the spool meanwhile.
  store.use(({ writer }) => writer.write([daysAgo(20)]));
  vi.advanceTimersByTime(60_000);
  expect(left()).toBe(1);
  expect(logged).toEqual(['retention {"deleted":501}']);
  const totals = store.use(({ db }) => readTotals(db));
  expect(totals.reduce((sum, { executions }) => sum + executions, 0)).toBe(502);
  const rolledUp = store.use(({ db }) =>
    db.prepare('SELECT sum(success) FROM hook_metrics WHERE bucket_seconds = 3600').pluck().get(),
  );
  expect(rolledUp).toBe(502);
});

it.each([30, undefined])('retention deletes nothing more when its days become %s', (days) => {
  const { settings, left, logged, begin } = aLoop();
  begin();
  settings.days = days;
  const kept = left();
  vi.advanceTimersByTime(10 * HOUR_MS);
  expect(left()).toBe(kept);
  expect(logged).toEqual([`retention {"deleted":${501 - kept}}`]);
});

it('retention starts again an hour after a failure', () => {
  const { paths, store, left, logged, begin } = aLoop();
  begin();
  const away = `${paths.database}.away`;
  store.close();
  renameSync(paths.database, away);
  mkdirSync(paths.database);
  vi.advanceTimersByTime(60_000);
  expect(logged.at(-1)).toContain('retention_failed');
  renameSync(paths.database, `${paths.database}.no`);
  renameSync(away, paths.database);
  vi.advanceTimersByTime(HOUR_MS + 60_000);
  expect(left()).toBe(1);
});
