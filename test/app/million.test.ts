import { expect, it, onTestFinished } from 'vitest';
import { evaluateAlerts } from '../../src/app/alerts/evaluate.ts';
import { readCosts } from '../../src/app/reading/read-costs.ts';
import { DEFAULT_CONFIG } from '../../src/config/file/config-file.ts';
import { openDatabase } from '../../src/store/database.ts';
import { freshState, makeDatabase } from '../support/state.ts';

const NOW = Date.parse('2026-11-22T10:00:00.000Z');
const HOOKS = 20;

/** The best of a few times, in ms, because the machine may be busy. */
function fastest(work: () => void, times: number): number {
  const took = Array.from({ length: times }, () => {
    const startMs = performance.now();
    work();
    return performance.now() - startMs;
  });
  return Math.min(...took);
}

it('with a million executions, an evaluation of alerts takes almost no time, and a report little memory', () => {
  const { paths } = freshState();
  makeDatabase(paths);
  const db = openDatabase(paths.database, 5000);
  onTestFinished(() => void db.close());
  // Within 50 minutes, so that all are in the window of the alerts. Two hooks per tool call, 2,000 sessions.
  db.exec(`
    WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 1000000)
    INSERT INTO hook_logs (execution_id, correlation_id, span_id, hook_name, event_type, command, status, exit_code,
      duration_ms, overhead_ms, session_id, tool_use_id, stdout_bytes, stdout_kind, stdout_digest, created_at)
    SELECT 'e' || n, 'c', 's', 'hook' || (n % ${HOOKS}), CASE n % ${HOOKS} WHEN 0 THEN 'SessionStart' ELSE 'PreToolUse' END,
      'true', 'success', 0, 1 + n % 97, 1 + n % 3, 's' || (n / 500), 't' || (n / 2), 100,
      CASE n % ${HOOKS} WHEN 0 THEN 'text' ELSE 'empty' END, 'd' || (n % 40),
      strftime('%Y-%m-%dT%H:%M:%fZ', ${NOW / 1000} - 3000 + n * 0.003, 'unixepoch') FROM counter`);
  const look = (hookNames: readonly string[]) =>
    evaluateAlerts({
      db,
      config: DEFAULT_CONFIG.alerts,
      around: {
        nowMs: NOW,
        spool: { waiting: 0, before: 0 },
        failing: [],
        openBreakers: [],
        skippedGuards: [],
      },
      latest: [],
      hookNames,
      lastLogId: 1_000_000,
      actions: [],
      random: () => new Uint8Array(16),
    });
  const names = Array.from({ length: HOOKS }, (_, index) => `hook${index}`);
  const lookMs = fastest(() => expect(look(names)).toEqual([]), 5);
  const beforeBytes = process.memoryUsage().rss;
  let report: ReturnType<typeof readCosts> | undefined;
  const reportMs = fastest(() => {
    // A fifth of them: a report reads one after another, so a million takes five times as long and no more memory.
    report = readCosts(db, { hours: 1 / 6 }, NOW);
  }, 1);
  const grewBytes = process.memoryUsage().rss - beforeBytes;
  process.stderr.write(
    `million.test.ts: a look ${lookMs.toFixed(1)} ms, a report ${reportMs.toFixed(0)} ms and ${(grewBytes / 1e6).toFixed(0)} MB\n`,
  );
  expect(lookMs).toBeLessThan(250);
  expect(report).toMatchObject({ executions: 200_001, session_count: 401 });
  expect(report?.hooks).toHaveLength(HOOKS);
  expect(report?.calls).toHaveLength(100);
  expect(grewBytes).toBeLessThan(200e6);
}, 180_000);
