import { deflateSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { listedExecutions } from '../../src/app/reading/listed-executions.ts';
import type { StoredPayload } from '../../src/domain/execution.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { NEWEST, searchExecutions } from '../../src/store/queries/dashboard.ts';
import { anExecution, recordedOf } from '../support/seed.ts';
import { freshState, makeDatabase } from '../support/state.ts';

const call = (command: string): Buffer =>
  Buffer.from(JSON.stringify({ tool_name: 'Bash', tool_input: { command } }));

/** What the lists say of an execution with this stored. */
function listed(payload: Omit<StoredPayload, 'stream' | 'truncated'> | undefined, error?: string) {
  const { paths } = freshState();
  makeDatabase(paths);
  const db = openDatabase(paths.database, 5000);
  onTestFinished(() => void db.close());
  const stored = payload && { ...payload, stream: 'stdin' as const, truncated: false };
  createExecutionWriter(db).write([
    recordedOf(anExecution({ status: 'error', error }), stored === undefined ? [] : [stored]),
  ]);
  const { rows } = searchExecutions(db, { from: '', before: NEWEST, limit: 1 });
  return listedExecutions(db, rows)[0];
}

it.each([
  ['as it is', { encoding: 'identity', body: call('rm -rf build') }, 'Bash: rm -rf build'],
  ['compressed', { encoding: 'zlib', body: deflateSync(call('ls')) }, 'Bash: ls'],
  [
    'longer than what is read of it',
    {
      encoding: 'identity',
      body: Buffer.concat([call('ls').subarray(0, -2), Buffer.alloc(1e6, ',"a":1')]),
    },
    'Bash: ls',
  ],
  [
    'a bomb',
    { encoding: 'zlib', body: deflateSync(Buffer.concat([call('ls'), Buffer.alloc(5e7)])) },
    null,
  ],
  ['damaged', { encoding: 'zlib', body: Buffer.from('no stream of deflate') }, null],
  ['no JSON', { encoding: 'identity', body: Buffer.from([0, 255, 1]) }, null],
  ['nothing', undefined, null],
] satisfies [string, Parameters<typeof listed>[0], string | null][])(
  'a list says what a call was about, stored %s',
  (_, payload, expected) => {
    expect(listed(payload)?.call).toBe(expected);
  },
);

it('a list says the one line of an error that matters', () => {
  const trace = `Traceback:\n  File "x.py", line 1\nKeyError: 'A'\n`;
  expect(listed(undefined, trace)?.error).toBe("KeyError: 'A'");
  expect(listed(undefined)?.error).toBeNull();
});
