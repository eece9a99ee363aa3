import { describe, expect, it, onTestFinished } from 'vitest';
import { AGENTS, DECISIONS } from '../../src/domain/answer/decision.ts';
import { STATUSES } from '../../src/domain/execution.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import {
  type Cursor,
  NEWEST,
  type Search,
  searchExecutions,
  sessionExecutions,
} from '../../src/store/queries/dashboard.ts';
import { listSessions } from '../../src/store/queries/sessions.ts';
import { createRandom } from '../support/random.ts';
import { anExecution, recordedOf } from '../support/seed.ts';
import { freshState, makeDatabase } from '../support/state.ts';

const START = Date.parse('2026-11-22T10:00:00.000Z');

function aDatabase(count = 700) {
  const { paths } = freshState();
  makeDatabase(paths);
  const db = openDatabase(paths.database, 5000);
  onTestFinished(() => void db.close());
  const random = createRandom(4);
  const executions = Array.from({ length: count }, () =>
    anExecution({
      hookName: `hook_${random(3)}`,
      eventType: ['PreToolUse', 'Stop'][random(2)] ?? '',
      status: STATUSES[random(STATUSES.length)] ?? 'success',
      decision: DECISIONS[random(DECISIONS.length)] ?? 'none',
      agent: AGENTS[random(3)],
      project: [undefined, '/a', '/b', '/b/c'][random(4)],
      sessionId: [undefined, 'abc', 'abcd', 'x_y', '%'][random(5)],
      // Many at the same time.
      createdAt: new Date(START + random(100) * 1000).toISOString(),
    }),
  );
  createExecutionWriter(db).write(executions.map((execution) => recordedOf(execution)));
  return { db, executions };
}

const ALL = {
  hookName: undefined,
  eventType: undefined,
  status: undefined,
  decision: undefined,
  agent: undefined,
  project: undefined,
  session: undefined,
};

describe('a search page by page', () => {
  it.each([
    {},
    { hookName: 'hook_1' },
    { eventType: 'Stop', status: 'error' },
    { session: 'abc' },
    { session: 'ab' },
    { session: '%' },
    { hookName: 'hook_2', session: 'x', status: 'timeout' },
    { hookName: 'none' },
    { decision: 'deny' },
    { decision: 'none', project: '/b' },
    { project: '/b' },
    { agent: 'claude', project: '/a', hookName: 'hook_1' },
    { decision: 'deny', session: 'abc', hookName: 'hook_1', project: '/b' },
    { decision: 'ask', session: 'ab' },
    { from: new Date(START + 50_000).toISOString() },
  ] satisfies Partial<Search>[])('finds each execution of %o once, the newest first', (wanted) => {
    const { db, executions } = aDatabase();
    const search = { ...ALL, from: '', ...wanted };
    const found: { id: number; created_at: string; execution_id: string }[] = [];
    let next: Cursor | undefined = NEWEST;
    while (next !== undefined) {
      const page = searchExecutions(db, { ...search, before: next, limit: 40 });
      expect(page.rows.length).toBeLessThanOrEqual(40);
      found.push(...page.rows);
      next = page.next;
    }
    const expected = executions.filter(
      (one) =>
        one.createdAt >= search.from &&
        (search.hookName ?? one.hookName) === one.hookName &&
        (search.eventType ?? one.eventType) === one.eventType &&
        (search.status ?? one.status) === one.status &&
        (search.decision ?? one.decision) === one.decision &&
        (search.agent ?? one.agent) === one.agent &&
        (search.project ?? one.project) === one.project &&
        (search.session === undefined ||
          // A session that exists means only that one.
          (['abc', '%'].includes(search.session)
            ? one.sessionId === search.session
            : one.sessionId?.startsWith(search.session))),
    );
    expect(found.map((row) => row.execution_id).sort()).toEqual(
      expected.map((one) => one.executionId).sort(),
    );
    const order = found.map(({ created_at, id }) => `${created_at} ${String(id).padStart(9, '0')}`);
    expect(order).toEqual([...order].sort().reverse());
  });
});

describe('sessions', () => {
  it('are listed with their contents, and read in the order of their start', () => {
    const { db, executions } = aDatabase();
    const sessions = listSessions(db, { from: '', limit: 10 });
    expect(sessions).toHaveLength(4);
    for (const { session_id, executions: count, failures, denied, first, last } of sessions) {
      const own = executions.filter(({ sessionId }) => sessionId === session_id);
      const failed = own.filter(({ status }) => status === 'error' || status === 'timeout');
      const times = own.map(({ createdAt }) => createdAt).sort();
      expect({ count, failures, denied, first, last }).toEqual({
        count: own.length,
        failures: failed.length,
        denied: own.filter(({ decision }) => decision === 'deny').length,
        first: times[0],
        last: times.at(-1),
      });
      const rows = sessionExecutions(db, session_id, NEWEST, 1000);
      expect(rows.map(({ created_at }) => created_at)).toEqual(times);
    }
  });
});
