import { describe, expect, it, onTestFinished } from 'vitest';
import { evaluateAlerts } from '../../../src/app/alerts/evaluate.ts';
import type { AlertsConfig, Surroundings } from '../../../src/app/alerts/rule.ts';
import { RULES } from '../../../src/app/alerts/rules/index.ts';
import { DEFAULT_CONFIG } from '../../../src/config/file/config-file.ts';
import { ALERT_RULES } from '../../../src/domain/alert.ts';
import type { Execution } from '../../../src/domain/execution.ts';
import { FAILURE_RATE_TARGET, OVERHEAD_TARGETS } from '../../../src/metrics/targets.ts';
import {
  deleteOldAlerts,
  latestAlerts,
  listAlerts,
  saveAlerts,
} from '../../../src/store/alerts.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { createExecutionWriter } from '../../../src/store/executions.ts';
import { lastRow } from '../../../src/store/rollups.ts';
import { createRandom } from '../../support/random.ts';
import { anExecution, recordedOf } from '../../support/seed.ts';
import { freshState, makeDatabase } from '../../support/state.ts';

const START = Date.parse('2026-11-22T10:00:00.000Z');
const MINUTE = 60_000;

/** A database whose clock stands still until the test advances it. */
function aWorld(changes: Partial<AlertsConfig> = {}) {
  const { paths } = freshState();
  makeDatabase(paths);
  const db = openDatabase(paths.database, 5000);
  onTestFinished(() => void db.close());
  const writer = createExecutionWriter(db);
  const config = { ...DEFAULT_CONFIG.alerts, ...changes };
  const random = createRandom(5);
  let nowMs = START;
  return {
    db,
    wait(ms: number): void {
      nowMs += ms;
    },
    /** Executions that start now. */
    record(count: number, what: Partial<Execution>): void {
      const createdAt = new Date(nowMs).toISOString();
      const one = () => recordedOf(anExecution({ hookName: 'lint', createdAt, ...what }));
      writer.write(Array.from({ length: count }, one));
    },
    /** @returns what changed, in words */
    look(hookNames: readonly string[] = ['lint'], around: Partial<Surroundings> = {}): string[] {
      const changed = evaluateAlerts({
        db,
        config,
        around: {
          nowMs,
          spool: { waiting: 0, before: 0 },
          failing: [],
          skippedGuards: [],
          openBreakers: [],
          ...around,
        },
        latest: latestAlerts(db),
        hookNames,
        lastLogId: lastRow(db),
        actions: ['command'],
        random: () => Uint8Array.from({ length: 16 }, () => random(256)),
      });
      saveAlerts(db, changed);
      return changed.map(({ rule, subject, state }) => `${rule} ${subject} ${state}`);
    },
  };
}

const FAILED = { status: 'error', exitCode: 3, eventType: 'PostToolUse' } as const;
const GOOD = { status: 'success', exitCode: 0, eventType: 'PostToolUse' } as const;

describe('the rules', () => {
  it('are the rules that config.json knows, with thresholds from the targets', () => {
    expect(RULES.map(({ name }) => name)).toEqual([...ALERT_RULES]);
    const { failure_rate, overhead_p50_ms, overhead_p95_ms, overhead_p99_ms } =
      DEFAULT_CONFIG.alerts;
    expect(failure_rate).toBe(FAILURE_RATE_TARGET.alert);
    expect([overhead_p50_ms, overhead_p95_ms, overhead_p99_ms]).toEqual(
      (['p50', 'p95', 'p99'] as const).map((name) => OVERHEAD_TARGETS[name].alert),
    );
  });
});

describe('a failure rate', () => {
  it('opens an alert with enough runs and failures, and not with one less of either', () => {
    const world = aWorld();
    world.record(16, GOOD);
    world.record(3, FAILED);
    expect(world.look()).toEqual([]);
    world.record(1, GOOD);
    expect(world.look()).toEqual(['failure_rate lint open']);
    expect(world.look()).toEqual([]);
    const few = aWorld();
    few.record(30, GOOD);
    few.record(2, FAILED);
    expect(few.look()).toEqual([]);
  });

  it('counts neither blocks, nor skipped executions, nor those from before the window', () => {
    const world = aWorld();
    world.record(50, FAILED);
    world.wait(61 * MINUTE);
    world.record(30, { status: 'blocked', exitCode: 2 });
    world.record(30, { status: 'breaker_skip', exitCode: 0 });
    expect(world.look()).toEqual([]);
  });

  it('clears after enough good runs, and when nothing is left in the window', () => {
    const world = aWorld();
    world.record(20, FAILED);
    expect(world.look()).toEqual(['failure_rate lint open']);
    world.wait(2 * MINUTE);
    world.record(199, GOOD);
    expect(world.look()).toEqual([]);
    world.record(1, GOOD);
    expect(world.look()).toEqual(['failure_rate lint cleared']);
    world.wait(2 * MINUTE);
    world.record(20, FAILED);
    expect(world.look()).toEqual(['failure_rate lint open']);
    world.wait(61 * MINUTE);
    expect(world.look([])).toEqual(['failure_rate lint cleared']);
  });

  it('opens an alert for the hold time, then stays closed for as long, and never opens twice on the same executions', () => {
    const world = aWorld({ hold_seconds: 60 });
    world.record(20, FAILED);
    expect(world.look()).toEqual(['failure_rate lint open']);
    world.record(200, GOOD);
    expect(world.look()).toEqual([]);
    world.wait(61_000);
    expect(world.look([])).toEqual(['failure_rate lint cleared']);
    world.record(20, FAILED);
    expect(world.look()).toEqual([]);
    // It opens after the hold without a new execution.
    world.wait(61_000);
    expect(world.look([])).toEqual(['failure_rate lint open']);
    world.record(200, GOOD);
    world.wait(61_000);
    expect(world.look()).toEqual(['failure_rate lint cleared']);
    for (let minute = 0; minute < 70; minute += 1) {
      world.wait(MINUTE);
      expect(world.look()).toEqual([]);
    }
  });

  it.each([0.004, 0.01, 0.02, 0.05, 0.2])('does not flap if %s of the runs fail', (share) => {
    const world = aWorld();
    const random = createRandom(11);
    const changes: string[] = [];
    // Two hours with a run every two seconds.
    for (let second = 0; second < 7200; second += 20) {
      const failed = Array.from({ length: 10 }, () => random(1000) < share * 1000);
      world.record(failed.filter((isFailed) => !isFailed).length, GOOD);
      world.record(failed.filter(Boolean).length, FAILED);
      world.wait(20_000);
      changes.push(...world.look());
    }
    expect(
      changes.filter((text) => text.endsWith('open')).length,
      `${changes}`,
    ).toBeLessThanOrEqual(3);
    if (share >= 0.05) expect(changes).toEqual(['failure_rate lint open']);
  });
});

describe('a percentile', () => {
  it.each([
    ['hook_p95', 'lint', { durationMs: 6000 }, { durationMs: 4500 }, { durationMs: 3000 }],
    ['overhead_p50', '', { overheadMs: 6 }, { overheadMs: 4.5 }, { overheadMs: 1 }],
    ['overhead_p95', '', { overheadMs: 16 }, { overheadMs: 14 }, { overheadMs: 1 }],
  ] as const)(
    '%s opens above its threshold, and clears well below',
    (rule, subject, bad, fair, good) => {
      const others = ALERT_RULES.filter((name) => name !== rule);
      const world = aWorld({ rules_off: others, hold_seconds: 0 });
      world.record(19, bad);
      expect(world.look()).toEqual([]);
      world.record(1, bad);
      expect(world.look()).toEqual([`${rule} ${subject} open`]);
      world.wait(1000);
      world.record(480, fair);
      expect(world.look()).toEqual([]);
      world.wait(1000);
      world.record(300, good);
      expect(world.look()).toEqual([`${rule} ${subject} cleared`]);
    },
  );

  it('overhead_p99 needs a hundred runs', () => {
    const world = aWorld();
    world.record(97, { overheadMs: 1 });
    world.record(2, { overheadMs: 60 });
    expect(world.look()).toEqual([]);
    world.record(1, { overheadMs: 1 });
    expect(world.look()).toEqual(['overhead_p99  open']);
  });
});

describe('state rules', () => {
  it('a guard that exits 1 opens an alert at once, and it clears after twenty runs that do not', () => {
    const world = aWorld({ hold_seconds: 0 });
    const guard = { eventType: 'PreToolUse', hookName: 'guard' } as const;
    world.record(1, { ...guard, status: 'error', exitCode: 3 });
    world.record(1, { ...FAILED, exitCode: 1, hookName: 'format' });
    expect(world.look(['guard', 'format'])).toEqual([]);
    world.record(1, { ...guard, status: 'error', exitCode: 1 });
    expect(world.look(['guard'])).toEqual(['guard_exit_1 guard open']);
    world.wait(1000);
    world.record(19, guard);
    expect(world.look(['guard'])).toEqual([]);
    world.record(1, { ...guard, status: 'blocked', exitCode: 2 });
    expect(world.look(['guard'])).toEqual(['guard_exit_1 guard cleared']);
  });

  it('a spool opens an alert when it grows, and not while the backlog shrinks', () => {
    const world = aWorld({ hold_seconds: 0 });
    const spool = (before: number, waiting: number) =>
      world.look([], { spool: { before, waiting } });
    expect(spool(0, 900)).toEqual([]);
    // There were few before: most arrived just now.
    expect(spool(200, 900)).toEqual([]);
    expect(spool(900, 500)).toEqual([]);
    expect(spool(500, 501)).toEqual(['spool_growing  open']);
    expect(spool(501, 101)).toEqual([]);
    expect(spool(101, 100)).toEqual(['spool_growing  cleared']);
  });

  it('an exporter opens an alert, with the reason, once it has failed for long', () => {
    const world = aWorld({ hold_seconds: 0 });
    const failing = [{ name: 'otlp', sinceMs: START, reason: 'ECONNREFUSED' }];
    world.wait(59_999);
    expect(world.look([], { failing })).toEqual([]);
    world.wait(1);
    expect(world.look([], { failing })).toEqual(['exporter_failing otlp open']);
    expect(latestAlerts(world.db)[0]?.reason).toBe('ECONNREFUSED');
    expect(world.look([], { failing })).toEqual([]);
    expect(world.look([])).toEqual(['exporter_failing otlp cleared']);
  });

  it('a breaker opens one alert, which stays if the database cannot be read', () => {
    const world = aWorld({ hold_seconds: 0 });
    const at = new Date(START).toISOString();
    const row = {
      hook_name: 'lint',
      command: 'npx eslint',
      state: 'open',
      runs: 20,
      failures: 12,
      opened_at: at,
      until: at,
      closed_at: null,
    } as const;
    expect(world.look([], { openBreakers: [row] })).toEqual(['breaker_open lint open']);
    expect(world.look([], { openBreakers: [{ ...row, until: '2027' }] })).toEqual([]);
    const second = { ...row, command: 'ruff check' };
    expect(world.look([], { openBreakers: [row, second] })).toEqual([]);
    expect(world.look([], { openBreakers: undefined })).toEqual([]);
    expect(world.look([])).toEqual(['breaker_open lint cleared']);
  });

  it('a clock that is set back neither hides an alert nor repeats it', () => {
    const world = aWorld();
    world.record(20, FAILED);
    expect(world.look()).toEqual(['failure_rate lint open']);
    world.wait(-30 * MINUTE);
    expect(world.look()).toEqual([]);
    world.record(200, GOOD);
    world.wait(40 * MINUTE);
    world.record(200, GOOD);
    expect(world.look()).toEqual(['failure_rate lint cleared']);
    world.wait(-50 * MINUTE);
    world.record(20, FAILED);
    expect(world.look()).toEqual(['failure_rate lint open']);
    expect(world.look()).toEqual([]);
    expect(listAlerts(world.db, '')).toHaveLength(2);
  });
});

describe('old alerts', () => {
  it('are deleted after they cleared, and never while they are open', () => {
    const world = aWorld({ hold_seconds: 0 });
    world.record(20, FAILED);
    world.record(20, { ...FAILED, hookName: 'other' });
    expect(world.look(['lint', 'other'])).toHaveLength(2);
    world.wait(1000);
    world.record(200, GOOD);
    expect(world.look()).toEqual(['failure_rate lint cleared']);
    expect(deleteOldAlerts(world.db, new Date(START + 1000).toISOString())).toBe(0);
    expect(deleteOldAlerts(world.db, new Date(START + 1001).toISOString())).toBe(1);
    expect(latestAlerts(world.db).map(({ subject }) => subject)).toEqual(['other']);
  });
});
