import { describe, expect, it, onTestFinished } from 'vitest';
import { readCosts } from '../../src/app/reading/read-costs.ts';
import { readMetrics } from '../../src/app/reading/read-metrics.ts';
import { createDayProgress } from '../../src/cli/terminal/progress.ts';
import { GROUPINGS } from '../../src/metrics/report.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { eachDay } from '../../src/store/days/by-day.ts';
import { allHookProblems, allRepeatedRuns } from '../../src/store/days/problems.ts';
import { readScriptHistory } from '../../src/store/queries/guards/script-changes.ts';
import { readProblemsOf, readRepeatedRuns } from '../../src/store/queries/problems.ts';
import { createRandom } from '../support/random.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';

const LAST_MS = Date.parse('2026-11-20T12:00:00.000Z');
const HOURS = 24 * 5;
const ALL = { from: '', until: undefined };

/** Five days of executions of a few sessions, hooks and scripts, not in the order of their time. */
function aDatabase(): { readonly db: Database; readonly path: string } {
  const random = createRandom(5);
  const { paths } = freshState();
  const pick = <T>(...of: readonly T[]): T => of[random(of.length)] as T;
  const recorded = Array.from({ length: 600 }, (_, index) => {
    const status = pick('success', 'success', 'blocked', 'error', 'dedupe_skip' as const);
    const id = random(60);
    return recordedOf(
      anExecution({
        createdAt: new Date(LAST_MS - (index === 0 ? 0 : random(HOURS * 3_600_000))).toISOString(),
        hookName: pick('guard', 'lint', 'format'),
        eventType: pick('PreToolUse', 'PostToolUse', 'SessionStart', 'SessionEnd'),
        status,
        exitCode: { success: 0, blocked: 2, error: 1, dedupe_skip: undefined }[status],
        decision: status === 'blocked' ? 'deny' : 'none',
        durationMs: status === 'dedupe_skip' ? undefined : 1 + random(90_000_000) / 1000,
        sessionId: pick('a', 'b', 'c', undefined),
        toolUseId: `t${id}`,
        toolName: pick('Bash', 'Edit', undefined),
        project: pick('/p', '/q', undefined),
        agent: pick('claude', 'codex'),
        stdoutBytes: 20_000,
        stdoutKind: pick('text', 'json', 'broken'),
        stdoutDigest: `d${random(4)}`,
        contextChars: random(3) * 10,
        scriptDigest: pick('one', 'two'),
      }),
    );
  });
  writeExecutions(paths.database, recorded);
  const db = openDatabase(paths.database, 1000);
  onTestFinished(() => void db.close());
  return { db, path: paths.database };
}

/** Every answer that is made of days. With `exactRows` 0 groups come from them too. */
const answersOf = (db: Database) => ({
  costs: readCosts(db, { hours: HOURS }, LAST_MS),
  groups: GROUPINGS.map((by) => readMetrics(db, HOURS, LAST_MS, { by, exactRows: 0 })),
  problems: allHookProblems(db, ''),
  repeated: allRepeatedRuns(db, ''),
  scripts: readScriptHistory(db),
});

const kept = (db: Database): unknown[] =>
  db.prepare('SELECT day, kind FROM day_summaries ORDER BY 1, 2').raw().all();

describe('answers of days that are over', () => {
  it('are kept, and are the same as those read from the executions', () => {
    const { db } = aDatabase();
    const first = answersOf(db);
    const count = kept(db).length;
    expect(count).toBeGreaterThan(15);
    expect(kept(db).flat()).not.toContain('2026-11-20');
    expect(answersOf(db)).toEqual(first);
    expect(kept(db)).toHaveLength(count);
    // By all executions at once.
    const byHand = readProblemsOf(db, ALL);
    const counted = ({ lastError: _, ...hook }: (typeof byHand)[number]) => hook;
    expect(first.problems.map(counted)).toEqual(byHand.map(counted));
    const exact = readMetrics(db, HOURS, LAST_MS, { by: 'session' });
    expect(first.groups[GROUPINGS.indexOf('session')]?.groups).toMatchObject(
      (exact.groups ?? []).map(({ name, runs, denied, max_ms, total_ms }) => ({
        ...{ name, runs, denied, max_ms },
        total_ms: expect.closeTo(total_ms, 2),
      })),
    );
    expect(readRepeatedRuns(db, ALL).length).toBeGreaterThan(0);
  });

  it.each([
    [
      'is added',
      `INSERT INTO hook_logs (execution_id, correlation_id, span_id, hook_name, event_type, command, status, duration_ms, created_at)
      VALUES ('late', 'c', 's', 'late', 'PreToolUse', 'late', 'error', 5, '2026-11-17T10:00:00.000Z')`,
    ],
    [
      'is changed',
      "UPDATE hook_logs SET session_id = 'z', status = 'error' WHERE created_at LIKE '2026-11-17%'",
    ],
    [
      'moves to another day',
      "UPDATE hook_logs SET created_at = replace(created_at, '-17T', '-18T') WHERE created_at LIKE '2026-11-17%'",
    ],
    ['is deleted', "DELETE FROM hook_logs WHERE session_id = 'a'"],
  ])('are read again when an execution of that day %s', (_what, sql) => {
    const { db } = aDatabase();
    const before = answersOf(db);
    db.exec(sql);
    const after = answersOf(db);
    expect(after).not.toEqual(before);
    db.exec('DELETE FROM day_summaries');
    expect(answersOf(db)).toEqual(after);
  });

  it('are read again if somebody has spoiled them', () => {
    const { db } = aDatabase();
    const before = answersOf(db);
    db.exec("UPDATE day_summaries SET body = '{'");
    expect(answersOf(db)).toEqual(before);
  });

  it('leave nothing of a session that is deleted', () => {
    const { db } = aDatabase();
    db.exec("UPDATE hook_logs SET session_id = 'secret-session' WHERE session_id = 'b'");
    answersOf(db);
    const bodies = () => db.prepare('SELECT group_concat(body) FROM day_summaries').pluck().get();
    expect(bodies()).toContain('secret-session');
    db.exec("DELETE FROM hook_logs WHERE session_id = 'secret-session'");
    expect(bodies() ?? '').not.toContain('secret-session');
  });

  it('are not kept if an execution came meanwhile', () => {
    const { db, path } = aDatabase();
    const other = openDatabase(path, 1000);
    onTestFinished(() => void other.close());
    const count = db.prepare('SELECT count(*) FROM hook_logs WHERE created_at < ?').pluck();
    const read = (): unknown => {
      const found = count.get('2026-11-17');
      other.exec(
        "DELETE FROM hook_logs WHERE id = (SELECT min(id) FROM hook_logs WHERE created_at < '2026-11-17')",
      );
      return found;
    };
    const [first] = [...eachDay(db, ALL, { kind: 'test', read })];
    const [second] = [...eachDay(db, ALL, { kind: 'test', read })];
    expect(second).toBeLessThan(first as number);
    const days = kept(db).map((row) => (row as string[])[0]);
    expect(days).not.toContain('2026-11-15');
    // One that another day changes is kept.
    expect(days).toContain('2026-11-18');
  });
});

it('a long answer shows its progress, and a short one nothing', () => {
  let nowMs = 0;
  let shown = '';
  const remark = (text: string): void => {
    shown += text;
  };
  const progress = createDayProgress({ now: () => nowMs, remark });
  progress.onDay('2026-11-17');
  progress.end();
  expect(shown).toBe('');
  nowMs = 501;
  progress.onDay('2026-11-18');
  expect(shown).toContain('2026-11-18');
  progress.end();
  expect(shown.endsWith('\r\x1b[K')).toBe(true);
});
