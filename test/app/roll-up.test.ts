import { describe, expect, it, onTestFinished } from 'vitest';
import { readMetrics } from '../../src/app/reading/read-metrics.ts';
import { rebuildRollups, rollUp } from '../../src/app/retention/roll-up.ts';
import { STATUSES } from '../../src/domain/execution.ts';
import { GROUPINGS } from '../../src/metrics/report.ts';
import type { Figures } from '../../src/metrics/tallies.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { deleteExecutions } from '../../src/store/retention.ts';
import { createRandom } from '../support/random.ts';
import { rollUpAll } from '../support/roll-up.ts';
import { anExecution, recordedOf } from '../support/seed.ts';
import { freshState, makeDatabase } from '../support/state.ts';

const NOW = Date.parse('2026-11-22T10:20:30.000Z');
const HOUR = 3_600_000;

function aDatabase() {
  const { paths } = freshState();
  makeDatabase(paths);
  const db = openDatabase(paths.database, 5000);
  onTestFinished(() => void db.close());
  return { db, writer: createExecutionWriter(db), path: paths.database };
}

const HOOKS = [
  ['guard', 'PreToolUse'],
  ['guard', 'Stop'],
  ['format', 'PostToolUse'],
] as const;

/** Executions over this many hours before NOW. */
function executions(count: number, hours: number, seed = 3) {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    const [hookName, eventType] = HOOKS[random(HOOKS.length)] ?? HOOKS[0];
    const status = STATUSES[random(STATUSES.length)] ?? 'success';
    const isRun = !status.endsWith('_skip');
    return recordedOf(
      anExecution({
        hookName,
        eventType,
        status,
        decision: random(4) === 0 ? 'deny' : 'none',
        toolName: ['Bash', 'Edit', undefined][random(3)],
        agent: 'claude',
        project: ['/home/dev/app', undefined][random(2)],
        sessionId: `s${random(4)}`,
        durationMs: isRun ? 0.1 * 10 ** (random(1000) / 200) : undefined,
        overheadMs: 0.5 + random(1000) / 500,
        createdAt: new Date(NOW - random(hours * HOUR)).toISOString(),
      }),
    );
  });
}

/** There are too many rows for `readMetrics` to read them one by one. */
function fillUp(db: ReturnType<typeof aDatabase>['db']): void {
  db.exec(`
    WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 50001)
    INSERT INTO hook_logs (execution_id, correlation_id, span_id, hook_name, event_type, command, status,
      duration_ms, overhead_ms, created_at)
    SELECT 'fill' || n, 'c', 's', 'fill', 'Stop', 'true', 'success', 1 + n % 977, 1 + n % 7,
      strftime('%Y-%m-%dT%H:%M:%fZ', ${NOW / 1000} - n * 3.1, 'unixepoch') FROM counter`);
}

const near = (got: number | null | undefined, wanted: number | null): void => {
  if (wanted === null) expect(got).toBeNull();
  else expect(Math.abs((got ?? Number.NaN) - wanted)).toBeLessThanOrEqual(wanted * 0.0101 + 0.001);
};

function expectAgree(got: Figures | undefined, wanted: Figures): void {
  for (const [field, value] of Object.entries(wanted) as [keyof Figures, number | null][]) {
    if (typeof value === 'string') continue;
    if (/^p\d/.test(field)) near(got?.[field] ?? null, value);
    else if (/_ms$/.test(field)) expect(got?.[field]).toBeCloseTo(value ?? 0, 1);
    else expect([field, got?.[field]]).toEqual([field, value]);
  }
}

describe('metrics of large windows', () => {
  it.each([
    ['all rows', Number.POSITIVE_INFINITY],
    ['some of the rows', 10],
    ['none of the rows', 0],
  ])('are those of the rows within 1 %%, with %s rolled up', (_name, turns) => {
    const { db, writer } = aDatabase();
    fillUp(db);
    writer.write(executions(3000, 70));
    for (let turn = 0; turn < turns && rollUp(db) > 0; turn += 1);
    const exact = aDatabase();
    exact.writer.write(executions(3000, 70));
    // The same rows, few enough to be read one by one.
    for (const { hours, ended } of [
      { hours: 72, ended: 0 },
      { hours: 50.37, ended: 0 },
      { hours: 30, ended: 7.3 },
      { hours: 44, ended: 20.02 },
    ]) {
      const options = { endedMs: ended * HOUR };
      const wanted = readMetrics(exact.db, hours, NOW, options);
      const got = readMetrics(db, hours, NOW, options);
      expect(wanted.relative_error).toBeNull();
      if (ended === 0 && hours > 45) expect(got.relative_error).toBe(0.01);
      expect(wanted.hooks).toHaveLength(3);
      for (const hook of wanted.hooks) {
        const same = got.hooks.find(
          (other) => other.hook_name === hook.hook_name && other.event_type === hook.event_type,
        );
        expectAgree(same, hook);
      }
    }
  });

  it('can be grouped in every way', () => {
    const { db, writer } = aDatabase();
    writer.write(executions(2000, 70));
    const exact = Object.fromEntries(
      GROUPINGS.map((by) => [by, readMetrics(db, 72, NOW, { by }).groups ?? []]),
    );
    expect(exact['hook']?.map(({ name }) => name).sort()).toEqual(['format', 'guard']);
    expect(exact['tool']?.map(({ name }) => name).sort()).toEqual(['', 'Bash', 'Edit']);
    expect(exact['day']?.map(({ name }) => name)).toEqual(
      [...(exact['day'] ?? [])].map(({ name }) => name).sort(),
    );
    for (const groups of Object.values(exact)) {
      const total = groups.reduce((sum, { runs }) => sum + runs, 0);
      expect(total).toBe(readMetrics(db, 72, NOW).runs);
    }
    rollUpAll(db);
    fillUp(db);
    for (const by of GROUPINGS) {
      const groups = readMetrics(db, 72, NOW, { by }).groups ?? [];
      for (const group of exact[by] ?? []) {
        if (by === 'hook' || by === 'tool') {
          const same = groups.find(({ name }) => name === group.name);
          if (group.name !== '') expectAgree(same, group);
        }
      }
    }
  });
});

describe('rolling up', () => {
  const buckets = (db: ReturnType<typeof aDatabase>['db']): unknown[] =>
    db.prepare('SELECT * FROM hook_metrics ORDER BY 1, 2, 3, 4').all();

  it('counts each execution once, however many processes do it and how often', () => {
    const { db, writer, path } = aDatabase();
    const other = openDatabase(path, 5000);
    onTestFinished(() => void other.close());
    const all = executions(5000, 30);
    for (let at = 0; at < all.length; at += 500) {
      writer.write(all.slice(at, at + 500));
      rollUp(at % 1000 === 0 ? db : other);
      rollUp(other);
    }
    rollUpAll(db);
    const once = aDatabase();
    once.writer.write(all);
    rollUpAll(once.db);
    const counts = (rows: unknown[]): unknown[] =>
      (rows as Record<string, unknown>[]).map(
        ({ duration_sum_ms, overhead_sum_ms, ...row }) => row,
      );
    expect(counts(buckets(db))).toEqual(counts(buckets(once.db)));
  });

  it('leaves no trace if it is interrupted', () => {
    const { db, writer } = aDatabase();
    writer.write(executions(100, 5));
    db.exec(
      `CREATE TRIGGER broken BEFORE INSERT ON rollup_marks BEGIN SELECT RAISE(ABORT, 'cut'); END`,
    );
    expect(() => rollUp(db)).toThrow('cut');
    expect(buckets(db)).toEqual([]);
    db.exec('DROP TRIGGER broken');
    rollUpAll(db);
    expect(readMetrics(db, 6, NOW).executions).toBe(100);
  });

  it('outlives the rows, and a rebuild keeps what the rows no longer contain', () => {
    const { db, writer } = aDatabase();
    writer.write(executions(4000, 70));
    rollUpAll(db);
    const before = readMetrics(db, 72, NOW);
    // In the middle of an hour and of a day.
    while (deleteExecutions(db, { before: '2026-11-21T01:17:00.000Z' }, 500).executions > 0);
    const after = readMetrics(db, 71, NOW);
    expect(after.relative_error).toBe(0.01);
    expect(readMetrics(db, 72, NOW).executions).toBe(before.executions);
    expect(rebuildRollups(db)).toBeGreaterThan(500);
    expect(readMetrics(db, 72, NOW).executions).toBe(before.executions);
    db.exec("UPDATE hook_metrics SET success = 0 WHERE bucket_start > '2026-11-22'");
    expect(readMetrics(db, 72, NOW).executions).toBeLessThan(before.executions);
    rebuildRollups(db);
    expect(readMetrics(db, 72, NOW).executions).toBe(before.executions);
  });

  it('loses nothing in a rebuild of an hour that is only partly rolled up', () => {
    const { db, writer } = aDatabase();
    const oneHour = (count: number, seed: number) =>
      executions(count, 1, seed).map(({ execution, ...rest }) => ({
        ...rest,
        execution: { ...execution, createdAt: `2026-11-22T09:${execution.createdAt.slice(14)}` },
      }));
    const sum = (): unknown =>
      db
        .prepare(
          `SELECT sum(${STATUSES.join(' + ')}) FROM hook_metrics WHERE bucket_seconds = 3600`,
        )
        .pluck()
        .get();
    writer.write(oneHour(10, 4));
    rollUpAll(db);
    writer.write(oneHour(10, 5));
    rebuildRollups(db);
    rollUpAll(db);
    expect(sum()).toBe(20);
  });

  it('can be rebuilt while others write and roll up', () => {
    const { db, writer, path } = aDatabase();
    const other = openDatabase(path, 5000);
    onTestFinished(() => void other.close());
    // The oldest row is alone in its hour, so all others are counted again.
    writer.write(executions(2000, 30));
    rollUpAll(db);
    const more = executions(40, 2, 9);
    let turn = 0;
    // Another process works between the reading and the writing: at every row that is read.
    db.function('look', (id: unknown) => {
      turn += 1;
      const recorded = turn % 50 === 0 ? more.pop() : undefined;
      if (recorded !== undefined) {
        createExecutionWriter(other).write([recorded]);
        rollUp(other);
      }
      return id as number;
    });
    db.exec('CREATE TEMP VIEW hook_logs AS SELECT * FROM main.hook_logs WHERE look(id) > 0');
    rebuildRollups(db);
    db.exec('DROP VIEW temp.hook_logs');
    rollUpAll(db);
    expect(more.length).toBeLessThan(40);
    expect(readMetrics(db, 31, NOW).executions).toBe(2040 - more.length);
    const counted = db.prepare(
      `SELECT sum(${STATUSES.join(' + ')}) FROM hook_metrics WHERE bucket_seconds = 3600`,
    );
    expect(counted.pluck().get()).toBe(2040 - more.length);
  });

  it('corrects the count of an execution that counted as interrupted and then ended', () => {
    const { db, writer } = aDatabase();
    const createdAt = new Date(NOW - 1000).toISOString();
    const end = anExecution({ createdAt, durationMs: 5 });
    const interrupted = {
      ...end,
      status: 'error' as const,
      error: 'cut off',
      durationMs: undefined,
    };
    writer.write([recordedOf(interrupted)]);
    rollUpAll(db);
    writer.write([recordedOf(end)]);
    rollUpAll(db);
    expect(buckets(db)).toHaveLength(2);
    for (const bucket of buckets(db)) expect(bucket).toMatchObject({ success: 1, error: 0 });
  });

  it('ignores a status that it does not know', () => {
    const { db, writer } = aDatabase();
    writer.write(executions(10, 1));
    db.exec("UPDATE hook_logs SET status = 'paused' WHERE id <= 5");
    rollUpAll(db);
    const sum = STATUSES.map((status) => `sum(${status})`).join(' + ');
    const count = db.prepare(`SELECT ${sum} FROM hook_metrics WHERE bucket_seconds = 3600`);
    expect(count.pluck().get()).toBe(5);
  });
});
