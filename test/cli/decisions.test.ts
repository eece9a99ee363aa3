import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFollowedTable } from '../../src/cli/output/executions/followed-table.ts';
import { logLines } from '../../src/cli/output/executions/log-table.ts';
import { traceLines } from '../../src/cli/output/executions/trace.ts';
import { createPage } from '../../src/cli/output/page.ts';
import { columnsOf } from '../../src/cli/output/text.ts';
import type { Execution } from '../../src/domain/execution.ts';
import { openDatabase } from '../../src/store/database.ts';
import { listExecutions } from '../../src/store/queries/queries.ts';
import { hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const NO_FILTER = {
  hookNames: [],
  eventTypes: [],
  statuses: [],
  decisions: [],
  agents: [],
  subagents: [],
  projects: [],
  sessions: [],
  since: undefined,
  until: undefined,
  tools: [],
};

const BASE_MS = Date.now() - 60_000;

/** Executions, one second apart, and `hookbus` on them. */
function aRecord(executions: readonly Partial<Execution>[]) {
  const { home, paths } = freshState();
  writeExecutions(
    paths.database,
    executions.map((changes, index) => {
      const createdAt = new Date(BASE_MS + index * 1000).toISOString();
      return recordedOf(anExecution({ createdAt, correlationId: 'c'.repeat(32), ...changes }));
    }),
  );
  const run = (words: readonly string[], cwd?: string) =>
    hookbus(words, { HOOKBUS_HOME: home }, cwd);
  const text = async (...words: string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await run(words);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    return stdout;
  };
  const ids = async (words: readonly string[], cwd?: string): Promise<number[]> => {
    const { stdout } = await run(['logs', '--json', ...words], cwd);
    return (JSON.parse(stdout) as { id: number }[]).map(({ id }) => id);
  };
  return { paths, run, text, ids };
}

const REFUSED = {
  hookName: 'guard',
  stdoutKind: 'json',
  decision: 'deny',
  decisionReason: '\n  rm -rf is not allowed here\nAsk the user first.',
} as const;

/** One of each kind: a refusal by JSON, by exit code, repeated; exit code 2 that refuses nothing; and others. */
const SOME: readonly Partial<Execution>[] = [
  { ...REFUSED, agent: 'claude', project: '/p/app', subagent: 'Explore' },
  {
    hookName: 'guard',
    status: 'blocked',
    exitCode: 2,
    error: 'no force push',
    decision: 'deny',
    decisionReason: 'no force push',
    agent: 'codex',
    project: '/p/app',
  },
  {
    hookName: 'guard',
    status: 'dedupe_skip',
    exitCode: 2,
    error: 'refused again, as a duplicate of 1',
    decision: 'deny',
    durationMs: undefined,
    agent: 'claude',
    project: '/p/other',
  },
  {
    hookName: 'format',
    eventType: 'PostToolUse',
    status: 'blocked',
    exitCode: 2,
    error: 'prettier: 2 files changed',
    agent: 'claude',
  },
  { hookName: 'prompt', decision: 'ask', decisionReason: 'Does it touch production?' },
  { hookName: 'auto', decision: 'allow', decisionReason: 'read only', changesInput: 1 },
  { hookName: 'quiet', contextChars: 1234 },
  { hookName: 'broken', status: 'error', exitCode: 1, error: 'KeyError: 1', eventType: 'Stop' },
];

describe('decisions in logs', () => {
  it('have a column, and their reasons stand below', async () => {
    const { text } = aRecord(SOME);
    const shown = await text('logs');
    expect(shown).toMatch(/STATUS +DECISION +EXIT/);
    expect(shown).toMatch(/1 .* guard .* success +deny +0 .*\n {6}rm -rf is not allowed here\n/);
    expect(shown).toMatch(/2 .* guard .* blocked +deny +2 .*\n {6}no force push\n/);
    expect(shown).toMatch(/3 .* dedupe_skip +deny +2 .*\n {6}refused again, as a duplicate of 1\n/);
    expect(shown).toMatch(/4 .* format .* blocked +– +2 .*\n {6}prettier: 2 files changed\n/);
    expect(shown).toMatch(/5 .* success +ask .*\n {6}Does it touch production\?\n/);
    expect(shown).toMatch(/6 .* success +allow +0 .*\n +5 /);
    expect(shown).toMatch(/8 .* broken .* error +– +1 .*\n {6}KeyError: 1\n/);
    expect(await text('logs', '--hook', 'quiet')).not.toContain('DECISION');
  });

  it('of old rows that do not tell are ?, and no filter finds them', async () => {
    const { text, ids, paths } = aRecord(SOME);
    const db = openDatabase(paths.database, 0);
    db.exec('UPDATE hook_logs SET decision = NULL, changes_input = NULL WHERE id = 5');
    db.close();
    expect(await text('logs')).toMatch(/5 .* prompt .* success +\? +0/);
    expect(await ids(['--decision', 'ask'])).toEqual([]);
    expect(await text('show', '5')).toMatch(/\ndecision +not known\n/);
  });

  it.each([
    [
      ['--decision', 'deny'],
      [3, 2, 1],
    ],
    [
      ['--decision', 'ask, Allow'],
      [6, 5],
    ],
    [
      ['--decision', 'ask', '--decision', 'deny', '--hook', 'guard'],
      [3, 2, 1],
    ],
    [['--decision', 'none', '--status', 'blocked'], [4]],
    [
      ['--decision', 'none,deny', '--limit', '3'],
      [8, 7, 4],
    ],
    [
      ['--agent', 'claude'],
      [4, 3, 1],
    ],
    [['--agent', 'codex,gemini'], [2]],
    [['--subagent', 'Explore'], [1]],
    [
      ['--project', '/p/app'],
      [2, 1],
    ],
    [
      ['--project', '/p/app/', '--project', '/p/other'],
      [3, 2, 1],
    ],
    [['--project', '/p'], []],
    [['--project', "/p/app' OR 1=1 --"], []],
  ])('are found by %j', async (words, expected) => {
    expect(await aRecord(SOME).ids(words)).toEqual(expected);
  });

  it.each([
    [
      ['--decision', 'denny'],
      /--decision must be one of deny, .*, got "denny"\. Did you mean "deny"\?/,
    ],
    [['--decision', 'blocked'], /--decision must be one of deny, ask, defer, allow, stop, none/],
    [['--decision', 'deny,'], /--decision must be one of .*, got ""/],
    [['--agent', 'claud'], /--agent must be one of claude, .*Did you mean "claude"\?/],
    [['--status', 'blokced'], /--status must be one of .*Did you mean "blocked"\?/],
    [['--here=yes'], /--here takes no value/],
  ])('refuse %j', async (words, message) => {
    const { stderr, exitCode } = await aRecord([]).run(['logs', ...words]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(1);
  });

  it('of this project are found from any directory of its work tree, by links, and once it is gone', async () => {
    const top = join(temporaryDirectory(), 'app');
    const below = join(top, 'src', 'deep');
    mkdirSync(below, { recursive: true });
    execFileSync('git', ['init', '-q', top]);
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(top, link);
    const { ids, run } = aRecord([{ project: top }, { project: '/p/app' }, {}]);
    expect(await ids(['--here'], below)).toEqual([1]);
    expect(await ids(['--project', 'deep'], join(top, 'src'))).toEqual([1]);
    expect(await ids(['--project', link], '/')).toEqual([1]);
    expect(await ids(['--here', '--project', '/p/app'], below)).toEqual([2, 1]);
    expect((await run(['logs', '--here'], '/usr')).stdout).toBe(
      'No execution in "/usr" is recorded.\n',
    );
    rmSync(top, { recursive: true });
    expect(await ids(['--project', top], '/')).toEqual([1]);
  });
});

describe('tables with decisions', () => {
  const SIZES: [columns: number, seconds: number][] = [
    ...Array.from({ length: 20 }, (_, index): [number, number] => [80, 977 * index]),
    [100, 0],
  ];
  it.each(SIZES)(
    'fit %i columns, however long names and numbers are, %i s apart',
    async (columns, seconds) => {
      const { paths } = aRecord([
        {
          ...{
            hookName: '界'.repeat(60),
            eventType: 'UserPromptExpansion',
            toolName: 'x'.repeat(90),
          },
          ...{ status: 'dedupe_skip', exitCode: undefined, signal: 'SIGTERM', durationMs: 599_000 },
          ...{ decision: 'defer', decisionReason: `\u202e${'z'.repeat(2000)}`, overheadMs: 5000 },
          ...{ createdAt: new Date(Date.now() - 41 * 3_600_000 - seconds * 1000).toISOString() },
        },
        { decision: 'deny', decisionReason: ' \n\t ' },
      ]);
      const db = openDatabase(paths.database, 0);
      db.exec('UPDATE hook_logs SET id = id + 123456');
      const rows = listExecutions(db, { ...NO_FILTER, limit: 9 });
      db.close();
      const page = createPage(columns, false, Date.now());
      const followed = createFollowedTable(page);
      const trace = { by: 'correlation_id', id: 'c', rows, count: 2 } as const;
      for (const lines of [logLines(rows, page), followed(rows), traceLines(trace, page)]) {
        expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(columns);
        expect(lines.join('\n')).toContain('DECISION');
        expect(lines.join('\n')).toContain('defer');
      }
    },
  );
});

describe('one execution', () => {
  it('shows the decision with everything that belongs to it', async () => {
    const { text } = aRecord([
      {
        ...REFUSED,
        changesInput: 1,
        contextChars: 1234,
        agent: 'claude',
        subagent: 'Explore\u001b[31m',
        project: '/p/app',
        scriptDigest: 'ab'.repeat(32),
        agentVariables: '{"CLAUDE_EFFORT":"high"}',
      },
    ]);
    const shown = await text('show', '1');
    expect(shown).toMatch(/^Execution 1: success, deny\n/);
    for (const line of [
      /\nproject +\/p\/app\n/,
      /\nagent +claude\n/,
      /\nsubagent +Explore\\x1b\[31m\n/,
      /\ndecision +deny\n/,
      /\nchanged +the input of the tool, or its output\n/,
      /\ncontext +1,234 characters added\n/,
      /\nscript digest +(?:ab){32}\n/,
      /\nvariables +\{"CLAUDE_EFFORT":"high"\}\n/,
      /\nreason\n.*\n {4}rm -rf is not allowed here\n {2}Ask the user first\.\n/,
    ])
      expect(shown).toMatch(line);
    expect(shown).not.toMatch(/\nerror\n/);
  });

  it('shows a reason once, and an error that is another text as well', async () => {
    const { text } = aRecord([SOME[1] ?? {}, { ...SOME[1], error: 'timed out after 5 s' }]);
    expect((await text('show', '1')).match(/no force push/g)).toHaveLength(1);
    expect(await text('show', '2')).toMatch(/\nreason\n {2}no force push\n\nerror\n {2}timed out/);
  });

  it('has a place in its trace with the decision', async () => {
    const { text } = aRecord(SOME);
    expect(await text('trace', '1')).toMatch(/1 +\+0\.00 ms +guard .* success +deny /);
    expect(await aRecord([{}]).text('trace', '1')).not.toContain('DECISION');
  });
});

describe('refusals', () => {
  it('count in metrics whatever the exit code, and exit code 2 alone does not', async () => {
    const { text, run } = aRecord(SOME);
    expect(await text('metrics')).toMatch(/RUNS +FAILED +DENIED +DEDUPED/);
    expect(await text('metrics')).toMatch(/\nguard +PreToolUse +2 +0 +3 +1 /);
    expect(await text('metrics')).toMatch(/\nformat +PostToolUse +1 +0 +0 +0 +12/);
    const { stdout } = await run(['metrics', '--json']);
    const { denied, failures, hooks } = JSON.parse(stdout);
    expect({ denied, failures }).toEqual({ denied: 3, failures: 1 });
    expect(hooks.find((hook: { hook_name: string }) => hook.hook_name === 'guard')).toMatchObject({
      ...{ runs: 2, success: 1, blocked: 1, denied: 3, failure_rate: 0 },
    });
  });

  it.each([
    ['decision', { deny: 2, none: 3, ask: 1, allow: 1 }],
    ['agent', { claude: 2, codex: 1, '': 4 }],
    ['subagent', { Explore: 1, '': 6 }],
    ['project', { '/p/app': 2, '/p/other': 0, '': 5 }],
  ])('and everything else are grouped by %s', async (by, expected) => {
    const { text, run } = aRecord(SOME);
    const { groups } = JSON.parse((await run(['metrics', '--by', by, '--json'])).stdout);
    const runs = groups.map((group: { name: string; runs: number }) => [group.name, group.runs]);
    expect(Object.fromEntries(runs)).toEqual(expected);
    expect(await text('metrics', '--by', by)).toContain(by.toUpperCase());
  });

  it('are in status and in the report, and neither calls them failures', async () => {
    const { text, run } = aRecord(SOME);
    expect(await text('status')).toMatch(/\n {2}refusals +3, all by guard on PreToolUse\n/);
    expect(await aRecord([{}]).text('status')).toMatch(/\n {2}refusals +none\n/);
    expect(await text('report')).toContain('Hooks refused 3 times.');
    expect(await text('report')).toMatch(/\nguard +PreToolUse +2 +3 /);
    expect(JSON.parse((await run(['report', '--json'])).stdout)).toMatchObject({ denied: 3 });
  });
});
