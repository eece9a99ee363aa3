import { expect, it } from 'vitest';
import { readMetrics } from '../../src/app/reading/read-metrics.ts';
import { rebuildRollups } from '../../src/app/retention/roll-up.ts';
import type { Execution } from '../../src/domain/execution.ts';
import { openDatabase } from '../../src/store/database.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.now();

/** Executions, the first one hour ago, the second two hours ago and so on. */
function aRecord(executions: readonly Partial<Execution>[]) {
  const { home, paths } = freshState();
  writeExecutions(
    paths.database,
    executions.map((changes, index) => {
      const createdAt = new Date(NOW - (index + 1) * HOUR_MS).toISOString();
      return recordedOf(anExecution({ createdAt, ...changes }));
    }),
  );
  return { paths, run: (...words: string[]) => hookbus(words, { HOOKBUS_HOME: home }) };
}

const SOME: readonly Partial<Execution>[] = [
  { hookName: 'lint', toolName: 'Edit', eventType: 'PostToolUse', project: '/p/app' },
  { hookName: 'lint', toolName: 'Bash', status: 'error', exitCode: 1, project: '/p/api' },
  { hookName: 'guard', toolName: 'mcp__x__y', status: 'timeout' },
  { hookName: 'guard', status: 'dedupe_skip', exitCode: undefined },
];

it.each([
  [['--failed'], [2, 3]],
  [
    ['--status', 'FAILED'],
    [2, 3],
  ],
  [
    ['--status', 'skipped,error'],
    [2, 4],
  ],
  [
    ['--failed', '--status', 'success'],
    [1, 2, 3],
  ],
  [
    ['--tool', 'bash', '--tool', 'EDIT'],
    [1, 2],
  ],
  [['--event', 'posttooluse'], [1]],
  [['--since', '90m'], [1]],
  [['--since', '2.5', '--until', '90m'], [2]],
  [['--until', '1 h 30 min', '-n', '1'], [2]],
  [['-n2'], [1, 2]],
])('logs %j lists %j', async (words, ids) => {
  const { stdout, stderr } = await aRecord(SOME).run('logs', '--json', ...words);
  expect(stderr).toBe('');
  expect((JSON.parse(stdout) as { id: number }[]).map(({ id }) => id)).toEqual(ids);
});

it.each([
  [
    ['--hook', 'lint'],
    ['lint', 'lint'],
  ],
  [['--event', 'pretooluse', '--hook', 'lint'], ['lint']],
  [['--project', '/p/api'], ['lint']],
  [['--hook', 'nosuch'], []],
])('metrics %j counts only these', async (words, names) => {
  const { stdout } = await aRecord(SOME).run('metrics', '7d', '--json', ...words);
  const { hooks, executions } = JSON.parse(stdout) as {
    hooks: { hook_name: string }[];
    executions: number;
  };
  expect(hooks.map((hook) => hook.hook_name)).toEqual(names);
  expect(executions).toBe(names.length);
});

it('metrics counts only the hook that is asked for in rollups too', () => {
  const { paths } = aRecord(SOME);
  const db = openDatabase(paths.database, 5000);
  rebuildRollups(db);
  const filter = { hookNames: ['lint'], eventTypes: ['POSTTOOLUSE'], projects: [] };
  const read = (exactRows: number) => readMetrics(db, 48, NOW, { filter, exactRows });
  expect(read(0).relative_error).not.toBeNull();
  expect(read(0).executions).toBe(1);
  expect(read(0).hooks.map(({ hook_name, runs }) => [hook_name, runs])).toEqual([['lint', 1]]);
  expect(read(100).executions).toBe(1);
  db.close();
});
