import { expect, it, onTestFinished } from 'vitest';
import type { Execution } from '../../src/domain/execution.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { listSessions } from '../../src/store/queries/sessions.ts';
import { anExecution, recordedOf } from '../support/seed.ts';
import { freshState, makeDatabase } from '../support/state.ts';

const at = (seconds: number): string => new Date(1_800_000_000_000 + seconds * 1000).toISOString();

function aDatabase(executions: readonly Partial<Execution>[]) {
  const { paths } = freshState();
  makeDatabase(paths);
  const db = openDatabase(paths.database, 5000);
  onTestFinished(() => void db.close());
  createExecutionWriter(db).write(executions.map((changes) => recordedOf(anExecution(changes))));
  return db;
}

it('a session has the project where it started, and overlapping hooks are waited for once', () => {
  const one = { sessionId: 'one', agent: 'claude', overheadMs: 0 } as const;
  const db = aDatabase([
    { ...one, createdAt: at(0), durationMs: 3000, project: '/app', toolUseId: 'a' },
    { ...one, createdAt: at(1), durationMs: 4000, project: '/app/lib', status: 'error' },
    { ...one, createdAt: at(1.5), durationMs: 500, toolUseId: 'a', decision: 'deny' },
    { ...one, createdAt: at(10), durationMs: 250, overheadMs: 1.5, status: 'timeout' },
    { ...one, createdAt: at(20), durationMs: 9000, eventType: 'SessionEnd' },
    { sessionId: 'two', createdAt: at(30), durationMs: undefined },
    { createdAt: at(40) },
  ]);
  const [two, first] = listSessions(db, { from: '', limit: 10 });
  expect(two).toMatchObject({ session_id: 'two', project: null, agent: null, waited_ms: 1.25 });
  expect(first).toEqual({
    session_id: 'one',
    project: '/app',
    agent: 'claude',
    first: at(0),
    last: at(20),
    executions: 5,
    failures: 2,
    denied: 1,
    tool_calls: 1,
    waited_ms: 5251.5,
  });
  expect(listSessions(db, { from: at(5), limit: 1, isWhole: true })).toEqual([two]);
  const inLib = { from: at(0), projects: ['/app/lib'], limit: 5, isWhole: true };
  expect(listSessions(db, inLib)).toEqual([first]);
});

it('a whole session has all its executions, however many there are since', () => {
  const many = Array.from({ length: 12_000 }, (_, index) => ({
    sessionId: index < 2000 ? 'old' : 'new',
    createdAt: at(index),
  }));
  const db = aDatabase(many);
  const counts = (isWhole: boolean) =>
    listSessions(db, { from: '', limit: 5, isWhole }).map((row) => [
      row.session_id,
      row.executions,
    ]);
  expect(counts(false)).toEqual([['new', 10_000]]);
  expect(counts(true)).toEqual([
    ['new', 10_000],
    ['old', 2000],
  ]);
});
