import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import type { Execution } from '../../src/domain/execution.ts';
import { type Ended, hookbus } from '../support/hookbus.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { makeState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const SESSION = '7d3f0c52-41ab-4e0e-9d6c-2b8e5a1f9c04';

/** A project with hooks in its settings, a few cases, and a state directory with a session of 150 executions. */
function aWorkplace() {
  const home = temporaryDirectory();
  const project = join(home, 'code', 'app');
  const state = join(home, 'state');
  const write = (path: string, value: unknown): void => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, JSON.stringify(value));
  };
  const hooks = (...commands: readonly string[]) => ({
    hooks: {
      PreToolUse: [
        { matcher: 'Bash', hooks: commands.map((command) => ({ type: 'command', command })) },
      ],
    },
  });
  write(join(home, '.claude', 'settings.json'), hooks('guard_rm', 'lint'));
  write(join(project, '.claude', 'settings.json'), hooks('true'));
  const event = { event: 'PreToolUse', tool: 'Bash', input: { command: 'ls' }, expect: 'none' };
  write(join(project, '.hookbus', 'cases', 'guard_rm.json'), event);
  write(join(home, '.claude', 'cases', 'lint.json'), event);
  mkdirSync(join(home, 'hookbus'), { mode: 0o700 });
  execFileSync('git', ['init', '-q', project]);
  const env = { HOME: home, HOOKBUS_HOME: state, HOOKBUS_DAEMON: 'off' };
  makeState(state, env);
  const stdin = { stream: 'stdin', encoding: 'identity', truncated: false } as const;
  const body = Buffer.from('{"tool_name":"Bash"}');
  const executions = Array.from({ length: 150 }, (_, index) => {
    const of: Partial<Execution> =
      [
        {
          ...({ hookName: 'guard_rm', command: 'exit 2', status: 'blocked', exitCode: 2 } as const),
          ...({ decision: 'deny', toolName: 'Bash' } as const),
        },
        {
          hookName: 'lint',
          command: 'true',
          eventType: 'PostToolUse',
          status: 'error',
          exitCode: 1,
        } as const,
        { hookName: 'guard', command: 'python3 .claude/hooks/guard.py' },
      ][index % 3] ?? {};
    const createdAt = new Date(Date.now() - (150 - index) * 10_000).toISOString();
    const place = { cwd: project, project, sessionId: SESSION, agent: 'claude' } as const;
    return recordedOf(anExecution({ createdAt, ...place, stdinBytes: body.length, ...of }), [
      { ...stdin, body },
    ]);
  });
  writeExecutions(join(state, 'hook_bus.db'), executions);
  const run = (words: readonly string[]): Promise<Ended> =>
    hookbus(words, env, project, { columns: 100, answers: ['y', 'y'] });
  return { home, run };
}

/** The words of a shell line, quoted or bare. */
const wordsOf = (line: string, home: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, bare = '']) => quoted ?? bare.replace(/^~/, home),
  );

/** What runs until it is stopped, starts a daemon or opens a browser: the tests of these commands run it. */
const LIVE = /--follow|-f\b|--watch|hookbus (?:dashboard|daemon restart|run)(?! --help)/;

/** An answer that refuses the line or says that something in it is not known. */
const REFUSES = /^hookbus: |(?<!alert )is recorded[.,]|^unknown /m;

/** Wrong command lines; what is wrong is in braces, where the answer has a word instead. */
const WRONG = [
  ...['{watch}', '{tail}', '{ls}', '{list}', '{history}', '{ui}', '{web}', '{open}', '{STATS}'],
  ...[
    '{top}',
    '{perf}',
    '{fix}',
    '{check}',
    '{health}',
    '{remove}',
    '{lgos}',
    '{start}',
    '{why} Stop',
  ],
  ...['{pause} lint --yes', 'pause', '{inspect} 142', '{timeline} 142', '{projects}', '{refused}'],
  ...['nosuchword', '--nosuch', 'logs {--errors}', 'logs {--count} 5', 'logs {7d}', 'logs {-5}'],
  ...['logs {guard_rm}', 'logs --hook {guard_r}', 'logs --event {pretoolus}', 'logs --tool {bsh}'],
  ...[
    'logs --project {/tmp/app}',
    'logs --session zzz',
    'logs {--status denied}',
    'logs --limit x',
  ],
  ...[
    'logs --status {fail}',
    'logs --decision {blocked}',
    'logs --agent {claud}',
    'logs --since soon',
  ],
  ...['metrics --since 7d', 'metrics soon', 'metrics --hook {lnt}', 'metrics --by {projekt}'],
  ...['sessions --project {/tmp/app}', 'report --session zzz', 'report {--sesion} 7d3f0c52'],
  ...[
    'show',
    'show 9999',
    'show abc',
    'trace zzz999',
    'trace --session',
    'trace {--session=7d3f0c52}',
  ],
  ...[
    'config set {retention_day} 14',
    'config set {HOOKBUS_RETENTION_DAYS} 14',
    'config set foo 1',
  ],
  ...['config {shwo}', 'config set store_raw 1', 'config get {breaker.enable}', 'config get'],
  ...['completion', 'completion {bahs}', 'export', 'export {prom}', 'daemon {statsu}', 'on {lnt}'],
  ...['off {guard_r} --yes', 'off', 'drill {guard_r}', 'replay --hook {lnt} --yes', 'replay'],
  ...[
    'explain {PreTolUse}',
    'explain',
    'install --agent {cloude} --dry-run',
    'hooks --agent {coedx}',
  ],
  ...[
    'test --source {prject}',
    'cleanup --older-than soon',
    'off lint --for 9d',
    'alerts {--histry}',
  ],
];

it('whatever an answer to a wrong line suggests works when it is pasted', async () => {
  const { home, run } = aWorkplace();
  const faults: string[] = [];
  for (const marked of WRONG) {
    const line = marked.replace(/[{}]/g, '');
    const { stdout, stderr } = await run(wordsOf(line, home));
    const answer = stdout + stderr;
    const guesses = [...answer.matchAll(/[Dd]id you mean "([^"]+)"/g)].map(
      ([, guess = '']) => guess,
    );
    if (marked.includes('{') !== guesses.some((guess) => !/ [A-Z]+$/.test(guess)))
      faults.push(`${line}: ${answer}`);
    const lines = [
      ...[...answer.matchAll(/`(hookbus [^`]+)`/g)].map(([, quoted = '']) => quoted),
      ...[...answer.matchAll(/: (hookbus [^`]+?)(?:\.? *$|\. )/gm)].map(([, bare = '']) => bare),
      ...guesses
        .filter(() => marked.includes('{'))
        .map((guess) => `hookbus ${marked.replace(/\{.*\}/, guess)}`),
    ];
    if (lines.length === 0) faults.push(`${line}: a dead end: ${answer}`);
    for (const suggested of lines.filter((one) => !LIVE.test(one))) {
      const pasted = await run(wordsOf(suggested, home).slice(1));
      if (REFUSES.test(pasted.stderr) || REFUSES.test(pasted.stdout))
        faults.push(`${line}: ${suggested}: ${pasted.stderr || pasted.stdout}`);
    }
  }
  expect(faults).toEqual([]);
});

/** Examples that need a pipe, or a place that this machine does not have. */
const ELSEWHERE = /dedupe\.secret|\/var\/lib|guard_v2|hookbus wrap/;

describe('each example of the help works where there is something to show', () => {
  it.each(COMMANDS.filter(({ examples }) => examples.length > 0))('$name', async (command) => {
    const { home, run } = aWorkplace();
    for (const [line] of command.examples) {
      const [part = ''] = /hookbus [^|>)]+/.exec(line.replace(/'[^']*\|[^']*'/, "''")) ?? [];
      if (LIVE.test(part) || ELSEWHERE.test(line)) continue;
      const { stdout, stderr } = await run(wordsOf(part, home).slice(1));
      expect(`${part}: ${stderr}`).not.toMatch(/: hookbus: /);
      expect(`${part}: ${stdout}`).not.toMatch(REFUSES);
      expect(`${part}: ${stdout}`).not.toMatch(/No recorded|No execution|No hook "/);
    }
  });
});
