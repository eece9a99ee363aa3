import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Execution } from '../../src/domain/execution.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const MINUTE_MS = 60_000;

function aRecord(executions: readonly (Partial<Execution> & { readonly minutesAgo: number })[]) {
  const { home, paths } = freshState();
  writeExecutions(
    paths.database,
    executions.map(({ minutesAgo, ...changes }) => {
      const createdAt = new Date(Date.now() - minutesAgo * MINUTE_MS).toISOString();
      return recordedOf(anExecution({ createdAt, ...changes }));
    }),
  );
  return (words: readonly string[], cwd?: string, columns?: number) =>
    hookbus(
      words,
      { HOOKBUS_HOME: home, NO_COLOR: '1' },
      cwd,
      columns === undefined ? undefined : { columns },
    );
}

/** The last column of each row. */
const idsOf = (table: string): string[] =>
  table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/ +/).at(-1) ?? '');

// Agents that count time in their ids start several with the same characters.
const ALIKE = ['019abcde-1111-7000-8000-000000000001', '019abcde-1112-7000-8000-000000000002'];

it('each row ends in an id that finds its session, however alike the ids are', async () => {
  const run = aRecord([
    { minutesAgo: 5, sessionId: ALIKE[0], project: '/p/app', agent: 'codex' },
    { minutesAgo: 4, sessionId: ALIKE[1], project: '/p/app', status: 'error', exitCode: 1 },
    { minutesAgo: 3, sessionId: '12345678-9abc', decision: 'deny' },
    { minutesAgo: 2, sessionId: '界🙂 --x' },
    { minutesAgo: 1 },
  ]);
  const { stdout } = await run(['sessions']);
  const ids = idsOf(stdout);
  expect(ids.slice(1)).toEqual(['12345678', '019abcde-1112', '019abcde-1111']);
  for (const [index, id] of ids.slice(1).entries()) {
    const wanted = ['12345678-9abc', ALIKE[1], ALIKE[0]][index];
    const traced = await run(['trace', '--session', id, '--json']);
    expect(JSON.parse(traced.stdout)).toMatchObject({ by: 'session_id', id: wanted, count: 1 });
    const listed = await run(['logs', '--session', id, '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ session_id: wanted }]);
    const reported = await run(['report', '--session', id, '--json']);
    expect(JSON.parse(reported.stdout)).toMatchObject({ session_id: wanted });
  }
});

it('a number with --session is still an execution', async () => {
  const run = aRecord([{ minutesAgo: 1, sessionId: '1' }]);
  const { stdout } = await run(['trace', '1', '--session', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ by: 'session_id', id: '1' });
});

it('sessions are chosen by project and time, with all their executions', async () => {
  const project = join(temporaryDirectory(), 'app');
  const below = join(project, 'src');
  mkdirSync(below, { recursive: true });
  execFileSync('git', ['init', '-q', project]);
  const run = aRecord([
    { minutesAgo: 300, sessionId: 'long-one', project },
    { minutesAgo: 200, sessionId: 'elsewhere', project: '/p/app' },
    { minutesAgo: 30, sessionId: 'long-one', project },
  ]);
  const ids = async (words: readonly string[], cwd?: string) =>
    (
      JSON.parse((await run(['sessions', '--json', ...words], cwd)).stdout) as {
        session_id: string;
        executions: number;
      }[]
    ).map(({ session_id, executions }) => [session_id, executions]);
  expect(await ids(['--since', '1h'])).toEqual([['long-one', 2]]);
  expect(await ids(['--here'], below)).toEqual([['long-one', 2]]);
  expect(await ids(['--project', '/p/app'])).toEqual([['elsewhere', 1]]);
  expect((await run(['sessions', '--since', '1m'])).stdout).toBe('No recorded session matches.\n');
  expect((await run(['sessions', '--project', '/q/app'])).stdout).toMatch(
    /^No execution in "\/q\/app" is recorded\. Did you mean ".*\/app"\?\n$/,
  );
});

it('the table fits 80 columns and says how to see more, and one', async () => {
  const run = aRecord(
    Array.from({ length: 25 }, (_, index) => ({
      minutesAgo: index * 3000,
      sessionId: `${index}`.padStart(8, 'a'),
      project: `/p/${'long-name-'.repeat(9)}${index}`,
      agent: 'claude' as const,
      durationMs: 900_000,
      status: 'error' as const,
      decision: 'deny' as const,
    })),
  );
  const { stdout } = await run(['sessions'], undefined, 80);
  const lines = stdout.trimEnd().split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines).toHaveLength(23);
  expect(lines.at(-2)).toBe('The latest 20; to see more: hookbus sessions --limit 100');
  expect(lines.at(-1)).toBe('To see one: hookbus trace --session aaaaaaa0');
});
