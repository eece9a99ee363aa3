import { describe, expect, it, onTestFinished } from 'vitest';
import { evaluateAlerts } from '../../../src/app/alerts/evaluate.ts';
import { readAlertHistory } from '../../../src/app/alerts/read-alerts.ts';
import type { AlertsConfig, Surroundings } from '../../../src/app/alerts/rule.ts';
import { RULES } from '../../../src/app/alerts/rules/index.ts';
import { DEFAULT_CONFIG } from '../../../src/config/file/config-file.ts';
import { createGuardFacts } from '../../../src/daemon/alerts/guard-facts.ts';
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
    /** What a daemon finds out about guards, from its start on. */
    guards() {
      const read = createGuardFacts(() => nowMs);
      return () => read(db, lastRow(db), config);
    },
    /** The texts of the open alerts. */
    texts: () => readAlertHistory(paths, db, '9', nowMs).map(({ text }) => text),
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
  it('a guard that exits 1 opens an alert at once', () => {
    const world = aWorld({ hold_seconds: 0 });
    const guard = { eventType: 'PreToolUse', hookName: 'guard' } as const;
    world.record(1, { ...guard, status: 'error', exitCode: 3 });
    world.record(1, { ...FAILED, exitCode: 1, hookName: 'format' });
    expect(world.look(['guard', 'format'])).toEqual([]);
    world.record(1, { ...guard, status: 'error', exitCode: 1 });
    expect(world.look(['guard'])).toEqual(['guard_exit_1 guard open']);
    world.wait(1000);
    world.record(1, { ...guard, status: 'blocked', exitCode: 2 });
    expect(world.look(['guard'])).toEqual(['guard_exit_1 guard cleared']);
  });

  it('a refusal by an exit code that its agent reads so opens no alert, nor does what Cline does not read', () => {
    const world = aWorld({ hold_seconds: 0 });
    const guard = { eventType: 'PreToolUse', hookName: 'guard', status: 'error' } as const;
    world.record(12, { ...guard, exitCode: 1, agent: 'copilot', decision: 'deny' });
    expect(world.look(['guard'])).toEqual([]);
    world.record(1, { ...guard, exitCode: 1, agent: 'cline', decision: 'none' });
    expect(world.look(['guard'])).toEqual([]);
    const late = { status: 'timeout', exitCode: 124, agent: 'cline' } as const;
    world.record(1, { ...guard, ...late, eventType: 'PostToolUse' });
    expect(world.look(['guard'])).toEqual(['guard_timeout guard open']);
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

const GUARD = { eventType: 'PreToolUse', hookName: 'guard', command: 'guard.py' } as const;
const CRASH = { ...GUARD, status: 'error', exitCode: 1, error: 'Traceback\nKeyError: x' } as const;

describe('a fault of a hook', () => {
  it('is not mended by other calls or by time, but by a success of the kind that failed', () => {
    const world = aWorld({ hold_seconds: 0 });
    world.record(1, { ...CRASH, toolName: 'Write' });
    expect(world.look(['guard'])).toEqual(['guard_exit_1 guard open']);
    world.wait(MINUTE);
    world.record(40, { ...GUARD, toolName: 'Bash' });
    expect(world.look(['guard'])).toEqual([]);
    world.wait(300 * MINUTE);
    expect(world.look([])).toEqual([]);
    world.record(1, { ...GUARD, toolName: 'Write' });
    expect(world.look(['guard'])).toEqual(['guard_exit_1 guard cleared']);
  });

  it('that depends on what is called is mended by another script only', () => {
    const world = aWorld({ hold_seconds: 0 });
    const bash = { toolName: 'Bash', scriptDigest: 'a'.repeat(64) };
    world.record(5, { ...GUARD, ...bash });
    world.record(1, { ...CRASH, ...bash });
    expect(world.look(['guard'])).toEqual(['guard_exit_1 guard open']);
    world.wait(MINUTE);
    world.record(60, { ...GUARD, ...bash });
    expect(world.look(['guard'])).toEqual([]);
    world.record(1, { ...GUARD, ...bash, scriptDigest: 'b'.repeat(64) });
    expect(world.look(['guard'])).toEqual(['guard_exit_1 guard cleared']);
  });

  it('that keeps its command from starting opens an alert, with what the shell says', () => {
    const world = aWorld({ hold_seconds: 0 });
    const missing = { ...FAILED, exitCode: 127, error: 'sh: 1: eslint: not found' };
    world.record(1, missing);
    expect(world.look()).toEqual(['cannot_start lint open']);
    expect(latestAlerts(world.db)[0]?.reason).toBe('sh: 1: eslint: not found');
    world.wait(120 * MINUTE);
    expect(world.look()).toEqual([]);
    world.record(1, GOOD);
    expect(world.look()).toEqual(['cannot_start lint cleared']);
  });

  it('that fails every time opens an alert after three runs, not after three of many', () => {
    const world = aWorld({ hold_seconds: 0 });
    world.record(2, FAILED);
    expect(world.look()).toEqual([]);
    // It runs once in two hours.
    world.wait(120 * MINUTE);
    world.record(1, { ...FAILED, error: 'KeyError: SLACK_URL\n' });
    expect(world.look()).toEqual(['fails_every_time lint open']);
    expect(latestAlerts(world.db)[0]).toMatchObject({ value: 3, reason: 'KeyError: SLACK_URL' });
    world.wait(1000);
    world.record(1, GOOD);
    expect(world.look()).toEqual(['fails_every_time lint cleared']);
    const others = aWorld();
    others.record(10, GOOD);
    others.record(3, FAILED);
    expect(others.look()).toEqual([]);
  });

  it('that fails every time in one way has one alert, and one more for another way', () => {
    const world = aWorld({ hold_seconds: 0 });
    world.record(4, CRASH);
    expect(world.look(['guard'])).toEqual(['guard_exit_1 guard open']);
    world.wait(MINUTE);
    world.record(3, { ...GUARD, status: 'error', exitCode: 3 });
    expect(world.look(['guard'])).toEqual(['fails_every_time guard open']);
  });
});

describe('the numbers of an open alert', () => {
  it('are those of now', () => {
    const world = aWorld({ hold_seconds: 0 });
    world.record(1, { ...CRASH, toolName: 'Bash' });
    expect(world.look(['guard'])).toEqual(['guard_exit_1 guard open']);
    world.record(70, { ...GUARD, toolName: 'Bash' });
    world.record(5, { ...CRASH, toolName: 'Bash' });
    expect(world.texts()).toEqual([
      'guard: exit code 1 in 6 of its last 76 runs; only exit code 2 or JSON can block: KeyError: x',
    ]);
  });
});

describe('an alert that nobody looked at for long', () => {
  it('counts as doctor does, and calls numbers of the past by their time', () => {
    const world = aWorld({ hold_seconds: 0 });
    world.record(3, { ...CRASH, toolName: 'Bash' });
    world.record(20, { status: 'error', exitCode: 1, eventType: 'PostToolUse' });
    world.look(['guard', 'lint']);
    world.wait(26 * 60 * MINUTE);
    world.record(2, { ...CRASH, toolName: 'Bash' });
    world.record(10, { ...GUARD, toolName: 'Bash' });
    // No daemon has looked since, so that both are still open.
    expect(world.texts().map((text) => text.replace(/;.*/, ''))).toEqual([
      'lint: 20 of 20 runs (100 %) of the hour before the alert failed',
      'guard: exit code 1 in 2 of its last 12 runs',
    ]);
  });
});

describe('what executions tell about guards', () => {
  const OLD = 'a'.repeat(64);
  const NEW = 'b'.repeat(64);

  it('a changed script opens an alert for each change, for a day, and only of guards', () => {
    const world = aWorld({ hold_seconds: 0 });
    const guards = world.guards();
    const look = () => world.look([], { guards: guards() });
    world.record(1, { ...GUARD, scriptDigest: OLD });
    world.record(1, { ...GOOD, scriptDigest: OLD });
    expect(look()).toEqual([]);
    world.wait(MINUTE);
    // The same line in another project is another file.
    world.record(1, { ...GUARD, scriptDigest: NEW, project: '/other' });
    world.record(1, { ...GUARD });
    world.record(1, { ...GOOD, scriptDigest: NEW });
    expect(look()).toEqual([]);
    world.record(1, { ...GUARD, scriptDigest: NEW });
    world.wait(1);
    expect(look()).toEqual(['guard_changed guard open']);
    expect(world.texts()[0]).toBe(
      'guard: its script changed: aaaaaaaaaa… until 2026-11-22T10:00:00Z, bbbbbbbbbb… since 2026-11-22T10:01:00Z',
    );
    expect(look()).toEqual([]);
    // A daemon that starts later finds the same.
    expect(world.look([], { guards: world.guards()() })).toEqual([]);
    world.wait(MINUTE);
    world.record(1, { ...GUARD, scriptDigest: OLD });
    expect(look()).toEqual(['guard_changed guard cleared']);
    expect(look()).toEqual(['guard_changed guard open']);
    world.wait(24 * 60 * MINUTE + 1);
    expect(look()).toEqual(['guard_changed guard cleared']);
    expect(look()).toEqual([]);
  });

  it('a hook that has refused is a guard on any event', () => {
    const world = aWorld({ hold_seconds: 0 });
    world.record(1, { ...GOOD, scriptDigest: OLD, decision: 'deny' });
    world.record(1, { ...GOOD, scriptDigest: NEW });
    expect(world.look([], { guards: world.guards()() })).toEqual(['guard_changed lint open']);
  });

  it('a guard goes silent if other hooks see twenty calls of its tools without it', () => {
    const world = aWorld({ hold_seconds: 0 });
    const look = () => world.look([], { guards: world.guards()() });
    let use = 0;
    const call = (count: number, hooks: readonly Partial<Execution>[], more = {}) => {
      for (let at = 0; at < count; at += 1) {
        use += 1;
        for (const hook of hooks)
          world.record(1, { toolName: 'Bash', toolUseId: `toolu_${use}`, ...hook, ...more });
      }
    };
    const other = { ...GOOD, hookName: 'log' };
    call(25, [GUARD, other]);
    call(19, [other]);
    // Neither other tools, nor another project, nor another agent.
    call(40, [other], { toolName: 'Read' });
    call(40, [other], { project: '/other' });
    call(40, [other], { agent: 'codex' });
    expect(look()).toEqual([]);
    call(1, [other]);
    expect(look()).toEqual(['went_silent guard open']);
    expect(world.texts()[0]).toContain('not for the 20 calls of its tools since');
    call(1, [GUARD, other]);
    expect(look()).toEqual(['went_silent guard cleared']);
    // One that ran for few calls has conditions of its own.
    const rare = { ...GUARD, hookName: 'rare' };
    const sparse = aWorld();
    const uses = Array.from({ length: 200 }, (_, at) => ({
      toolName: 'Bash',
      toolUseId: `t${at}`,
    }));
    for (const [at, one] of uses.entries()) {
      sparse.record(1, { ...other, ...one });
      if (at < 90 && at % 3 === 0) sparse.record(1, { ...rare, ...one });
    }
    expect(sparse.look([], { guards: sparse.guards()() })).toEqual([]);
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
