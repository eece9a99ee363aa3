import { describe, expect, it, onTestFinished } from 'vitest';
import type { Execution } from '../../src/domain/execution.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { failureGroups } from '../../src/store/queries/failure-groups.ts';
import { anExecution, recordedOf } from '../support/seed.ts';
import { freshState, makeDatabase } from '../support/state.ts';

const START = Date.parse('2026-11-22T10:00:00.000Z');
const at = (second: number): string => new Date(START + second * 1000).toISOString();

function databaseOf(executions: readonly Partial<Execution>[]) {
  const { paths } = freshState();
  makeDatabase(paths);
  const db = openDatabase(paths.database, 5000);
  onTestFinished(() => void db.close());
  createExecutionWriter(db).write(
    executions.map((one, index) => recordedOf(anExecution({ createdAt: at(index), ...one }))),
  );
  return db;
}

const failed = (
  error: string | undefined,
  changes: Partial<Execution> = {},
): Partial<Execution> => ({
  hookName: 'notify',
  eventType: 'Stop',
  status: 'error',
  exitCode: 1,
  error,
  ...changes,
});

const PYTHON = `Traceback (most recent call last):
  File "/home/me/notify.py", line 7, in <module>
KeyError: 'SLACK_WEBHOOK_URL'`;
const NODE = `/home/me/lint.mjs:3
throw new ConfigMissing('no config')
^

ConfigMissing: no config
    at file:///home/me/lint.mjs:3:7

Node.js v20.20.2`;

describe('failures are grouped by what they say', () => {
  it('and the most frequent comes first, with its first and its latest time', () => {
    const db = databaseOf([
      failed('old', { createdAt: at(-60) }),
      failed(PYTHON),
      failed(NODE, { hookName: 'lint' }),
      failed(PYTHON),
      { hookName: 'notify', eventType: 'Stop' },
      failed('guard: no', { status: 'blocked', exitCode: 2 }),
      failed('timed out after 5 s\nstill at it', { status: 'timeout', exitCode: 124 }),
      failed(undefined, { exitCode: 3 }),
      failed('cut off: hookbus was killed\nprogress', { exitCode: undefined }),
      failed(PYTHON),
    ]);
    const groups = failureGroups(db, { from: at(0), limit: 10 });
    expect(groups[0]).toEqual({
      hook_name: 'notify',
      event_type: 'Stop',
      status: 'error',
      exit_code: 1,
      message: "KeyError: 'SLACK_WEBHOOK_URL'",
      count: 3,
      first_at: at(1),
      last_at: at(9),
      last_id: 10,
    });
    expect(groups.slice(1).map(({ message, count }) => [message, count])).toEqual([
      ['cut off: hookbus was killed', 1],
      ['exit code 3, nothing on stderr', 1],
      ['timed out after 5 s', 1],
      ['ConfigMissing: no config', 1],
    ]);
    const only = { from: at(0), until: at(9), hookName: 'notify', limit: 1 };
    expect(failureGroups(db, only)).toMatchObject([{ count: 2, last_id: 4 }]);
  });

  it('numbers, ids and names of temporary files do not make a difference, other words do', () => {
    const db = databaseOf(
      [
        'Error: 12 of 80 files, 0x7ffd12, 3f2a9c1be4d0, in /tmp/tmp.Xa8 failed',
        'Error: 7 of 81 files, 0x1, 0f2a9c1be4d1, in /tmp/tmp.b failed',
        'Error: 7 of 81 files, 0x1, 0f2a9c1be4d1, in /tmp/tmp.b passed',
      ].map((error) => failed(error)),
    );
    const groups = failureGroups(db, { from: at(0), limit: 10 });
    expect(groups.map(({ count }) => count)).toEqual([2, 1]);
    expect(groups[0]?.message).toBe(
      'Error: 7 of 81 files, 0x1, 0f2a9c1be4d1, in /tmp/tmp.b failed',
    );
  });

  it('of one project, hook or event alone', () => {
    const db = databaseOf([
      failed('a', { project: '/a' }),
      failed('b', { project: '/b' }),
      failed('c', { project: '/a', hookName: 'lint' }),
      failed('d', { project: '/a', eventType: 'PreToolUse' }),
    ]);
    const messages = (search: object): string[] =>
      failureGroups(db, { from: at(0), limit: 10, ...search }).map(({ message }) => message);
    expect(messages({ project: '/a' })).toEqual(['d', 'c', 'a']);
    expect(messages({ project: '/a', hookName: 'notify' })).toEqual(['d', 'a']);
    expect(messages({ hookName: 'notify', eventType: 'Stop' })).toEqual(['b', 'a']);
    expect(messages({ project: '/none' })).toEqual([]);
  });
});
