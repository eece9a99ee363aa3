import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Execution } from '../../src/domain/execution.ts';
import { openDatabase } from '../../src/store/database.ts';
import { MIGRATIONS } from '../../src/store/migrations/index.ts';
import { eachSample, listNotices, readContents } from '../../src/store/queries/overview.ts';
import { readHookProblems } from '../../src/store/queries/problems.ts';
import {
  findByExecutionId,
  findById,
  type LogFilter,
  listExecutions,
  readPayloads,
} from '../../src/store/queries/queries.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const EVERYTHING: LogFilter = {
  hookNames: [],
  eventTypes: [],
  statuses: [],
  sessions: [],
  decisions: [],
  agents: [],
  subagents: [],
  projects: [],
  since: undefined,
  until: undefined,
  tools: [],
  limit: 1000,
};

function aDatabase(executions: readonly Partial<Execution>[]) {
  const path = join(temporaryDirectory(), 'hook_bus.db');
  writeExecutions(
    path,
    executions.map((changes) => recordedOf(anExecution(changes))),
  );
  return openDatabase(path, 0);
}

describe('the list of executions', () => {
  const executions: readonly Partial<Execution>[] = [
    { hookName: 'a', createdAt: '2026-11-22T10:00:02.000Z', sessionId: 'ab_1', status: 'error' },
    { hookName: 'b', createdAt: '2026-11-22T10:00:03.000Z', sessionId: 'abX1', eventType: 'Stop' },
    { hookName: 'a', createdAt: '2026-11-22T10:00:01.000Z', status: 'timeout' },
    { hookName: 'c', createdAt: '2026-11-22T10:00:03.000Z', sessionId: 'b%' },
  ];
  const ids = (filter: Partial<LogFilter>): number[] => {
    const db = aDatabase(executions);
    const rows = listExecutions(db, { ...EVERYTHING, ...filter });
    db.close();
    return rows.map(({ id }) => id);
  };

  it('is newest first, and sorted by number if the time is the same', () => {
    expect(ids({})).toEqual([4, 2, 1, 3]);
    expect(ids({ limit: 2 })).toEqual([4, 2]);
  });

  it.each([
    ['one hook', { hookNames: ['a'] }, [1, 3]],
    ['any of several hooks', { hookNames: ['b', 'c'] }, [4, 2]],
    ['an event', { eventTypes: ['Stop'] }, [2]],
    ['any of several statuses', { statuses: ['error', 'timeout'] }, [1, 3]],
    ['a session', { sessions: ['ab_1'] }, [1]],
    ['the beginning of a session, wildcards being letters', { sessions: ['ab_'] }, [1]],
    ['a start time, inclusive', { since: '2026-11-22T10:00:02.000Z' }, [4, 2, 1]],
    ['all of these together', { hookNames: ['a'], statuses: ['timeout'], sessions: ['x'] }, []],
    ['a name with SQL in it', { hookNames: ["a' OR 1=1 --"] }, []],
  ] as const)('is narrowed down by %s', (_, filter, expected) => {
    expect(ids(filter)).toEqual(expected);
  });

  it('has every column of the table', () => {
    const db = aDatabase([{}]);
    const columns = db.prepare('SELECT name FROM pragma_table_info(?)').pluck().all('hook_logs');
    const expected = [...columns, 'guard_skipped'];
    expect(Object.keys(listExecutions(db, EVERYTHING)[0] ?? {})).toEqual(expected);
    db.close();
  });
});

describe('one execution', () => {
  it('is found by its number, its id and a prefix of its id', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    const executionId = '01a20375-0000-7000-8000-000000000001';
    const other = '01a20375-0000-7000-8000-00000000000f';
    writeExecutions(path, [
      recordedOf(anExecution({ executionId })),
      recordedOf(anExecution({ executionId: other })),
    ]);
    const db = openDatabase(path, 0);
    const found = (beginning: string): string[] =>
      findByExecutionId(db, beginning, 5).map(({ execution_id }) => execution_id);
    expect(findById(db, 1)?.execution_id).toBe(executionId);
    expect(findById(db, 3)).toBeUndefined();
    expect(found(executionId)).toEqual([executionId]);
    expect(found('01a203')).toEqual([other, executionId]);
    expect(found('01a20375-0000-7000-8000-00000000000f')).toEqual([other]);
    expect(found('01a204')).toEqual([]);
    db.close();
  });

  it('has its payloads as stored', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    const body = Buffer.from([0, 255, 10]);
    writeExecutions(path, [
      recordedOf(anExecution(), [{ stream: 'stdin', encoding: 'identity', truncated: true, body }]),
    ]);
    const db = openDatabase(path, 0);
    expect(readPayloads(db, 1)).toEqual([
      { stream: 'stdin', encoding: 'identity', truncated: true, body },
    ]);
    expect(readPayloads(db, 2)).toEqual([]);
    db.close();
  });
});

describe('the overview', () => {
  it('gives the samples of the window, but none with an unknown status', () => {
    const db = aDatabase([
      { createdAt: '2026-11-22T09:59:59.999Z' },
      { createdAt: '2026-11-22T10:00:00.000Z', durationMs: undefined },
      { createdAt: '2026-11-22T10:00:01.000Z' },
      { createdAt: '2026-11-22T10:00:02.000Z' },
    ]);
    db.exec("UPDATE hook_logs SET status = 'paused' WHERE id = 3");
    const samples: unknown[] = [];
    const span = { from: '2026-11-22T10:00:00.000Z', until: '2026-11-22T10:00:02.000Z' };
    eachSample(db, span, (sample) => samples.push(sample));
    expect(samples).toEqual([
      {
        hookName: 'guard_rm',
        eventType: 'PreToolUse',
        status: 'success',
        decision: 'none',
        durationMs: null,
        overheadMs: 1.25,
        toolName: null,
        sessionId: null,
        agent: null,
        subagent: null,
        project: null,
        createdAt: '2026-11-22T10:00:00.000Z',
      },
    ]);
    db.close();
  });

  it('has every count, even if nothing is recorded', () => {
    const empty = aDatabase([]);
    expect(readContents(empty)).toEqual({
      version: MIGRATIONS.length,
      executions: 0,
      withPayloads: 0,
      unredacted: 0,
      oldest: null,
      newest: null,
    });
    empty.close();
    const db = aDatabase([
      { createdAt: '2026-11-22T10:00:01.000Z' },
      { createdAt: '2026-11-21T10:00:01.000Z' },
    ]);
    const insert = db.prepare("INSERT INTO hook_payloads VALUES (1, ?, 'identity', 0, x'00')");
    for (const stream of ['stdin', 'stdout']) insert.run(stream);
    expect(readContents(db)).toMatchObject({
      executions: 2,
      withPayloads: 1,
      unredacted: 0,
      oldest: '2026-11-21T10:00:01.000Z',
      newest: '2026-11-22T10:00:01.000Z',
    });
    db.close();
  });

  it('lists notices, the latest first', () => {
    const path = join(temporaryDirectory(), 'hook_bus.db');
    const at = (createdAt: string) => anExecution({ createdAt });
    writeExecutions(path, [
      recordedOf(at('2026-11-22T10:00:00.000Z'), [], ['unknown option --nmae']),
      recordedOf(at('2026-11-22T11:00:00.000Z'), [], ['--timeout needs a value']),
      recordedOf(at('2026-11-22T12:00:00.000Z'), [], ['unknown option --nmae']),
    ]);
    const db = openDatabase(path, 0);
    expect(listNotices(db)).toEqual([
      {
        kind: 'mistake',
        text: 'guard_rm: unknown option --nmae',
        count: 2,
        first_seen: '2026-11-22T10:00:00.000Z',
        last_seen: '2026-11-22T12:00:00.000Z',
      },
      expect.objectContaining({ text: 'guard_rm: --timeout needs a value', count: 1 }),
    ]);
    db.close();
  });
});

it('reads as many executions as asked for problems, of few hooks and of very many', () => {
  const at = (index: number): string =>
    new Date(Date.parse('2026-11-22T00:00:00.000Z') + index * 1000).toISOString();
  const failed = { status: 'error', exitCode: 1 } as const;
  const problemsIn = (runs: readonly Partial<Execution>[]) => {
    const db = aDatabase(runs.map((run, index) => ({ createdAt: at(index), ...run })));
    const problems = readHookProblems(db, at(0), 100);
    db.close();
    return problems;
  };
  const busy = Array.from({ length: 300 }, () => ({ hookName: 'busy' }));
  expect(problemsIn([{ hookName: 'rare', ...failed }, ...busy])).toMatchObject([
    { hookName: 'busy', runs: 50, isCapped: true },
    { hookName: 'rare', runs: 1, isCapped: false, failuresInRow: 1 },
  ]);
  const many = problemsIn(
    Array.from({ length: 300 }, (_, index) => ({ hookName: `hook ${index % 60}`, ...failed })),
  );
  expect(many).toHaveLength(60);
  expect(many.reduce((sum, { runs }) => sum + runs, 0)).toBe(100);
  for (const one of many) expect(one).toMatchObject({ isCapped: true, failuresInRow: one.runs });
});
