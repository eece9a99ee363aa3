import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { readAnswer } from '../../../src/agents/decisions/read-answer.ts';
import type { Agent, Answer } from '../../../src/domain/answer/decision.ts';
import { LAUNCHER, start } from '../../support/daemon.ts';
import { type findClaude, makeClientHome } from './claude.ts';
import { type Row, rowsIn } from './one-call.ts';

/** What a hook answers, once, on one event. */
export interface AnswerCase {
  readonly name: string;
  readonly event: string;
  readonly code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** How HookBus reads the answer of a case. */
export const answerOf = (agent: Agent, { event, code, stdout, stderr }: AnswerCase): Answer =>
  readAnswer(agent, {
    eventType: event,
    exitCode: code ?? 0,
    stdout: Buffer.from(stdout ?? ''),
    isComplete: true,
    stderr: stderr ?? '',
  });

/**
 * One hook for each event of the cases, in the shape that Claude Code, Codex and Gemini CLI share. It answers as the case in
 * its payload wants.
 */
export function hooksOf(cases: readonly AnswerCase[], directory: string, prefix = ''): object {
  for (const [index, { event, code, stdout, stderr }] of cases.entries()) {
    const place = join(directory, `case-${index}`);
    mkdirSync(place, { recursive: true });
    const files = { event, code: `${code ?? 0}`, stdout: stdout ?? '', stderr: stderr ?? '' };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
  }
  const hook = join(import.meta.dirname, 'answer-case.sh');
  const commandOf = (event: string): string => `${prefix}${hook} ${directory} ${event}`;
  const events = [...new Set(cases.map(({ event }) => event))];
  return Object.fromEntries(
    events.map((event) => [event, [{ hooks: [{ type: 'command', command: commandOf(event) }] }]]),
  );
}

/** The recorded execution of a case. */
export const rowOf = (
  rows: readonly Row[],
  { event }: AnswerCase,
  index: number,
): Row | undefined =>
  rows.find(
    ({ event_type, stdin }) =>
      event_type === event && /case-(\d+)/.exec(`${stdin}`)?.[1] === `${index}`,
  );

/** What Claude Code did in one case. */
export interface Outcome {
  readonly result: {
    readonly result?: string;
    /** Why the turn is over. */
    readonly terminal_reason?: string;
  };
  /** How often the model was asked. */
  readonly requests: number;
  /** What the model got after the prompt. */
  readonly heard: string;
  readonly row: Row | undefined;
}

/** In this project, Claude Code may run `touch a-…` and has to ask for `touch b-…`. */
export async function claudeOutcomes(
  { client, isolation }: Exclude<ReturnType<typeof findClaude>, string>,
  root: string,
  cases: readonly (AnswerCase & { readonly calls: readonly string[] })[],
): Promise<{ outcomes: Outcome[]; project: string }> {
  const [home, project, bin, state] = ['home', 'project', 'bin', 'state'].map((name) =>
    join(root, name),
  ) as [string, string, string, string];
  for (const directory of [project, bin]) mkdirSync(directory);
  makeClientHome(home, project);
  symlinkSync(LAUNCHER, join(bin, 'hookbus'));
  const hooks = hooksOf(cases, join(root, 'cases'), 'hookbus run --name answer -- ');
  const settings = { permissions: { allow: ['Bash(touch a-*)'] }, hooks };
  writeFileSync(join(home, '.claude', 'settings.json'), JSON.stringify(settings));
  const env = {
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: home,
    TMPDIR: root,
    CLAUDE_CODE_TMPDIR: root,
    HOOKBUS_HOME: state,
    HOOKBUS_ENABLED: '1',
    HOOKBUS_DAEMON: 'off',
    HOOKBUS_STORE_RAW: '1',
    ANTHROPIC_API_KEY: 'none',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:PORT',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  };
  const seen = await converseByCase([client, ...isolation], root, {
    cwd: project,
    env,
    cases: cases.map(({ calls }) => ({
      calls: calls.map((command) => ({ name: 'Bash', input: { command } })),
    })),
  });
  await start([LAUNCHER, 'status'], env, '', project).ended;
  const rows = rowsIn(state);
  const outcomes = cases.map((one, index) => {
    const found = seen[index];
    if (found === undefined) throw new Error(`${one.name} was not tried`);
    const heard = found.received.map((block) => JSON.stringify(block)).join('\n');
    return { ...found, heard, row: rowOf(rows, one, index) };
  });
  return { outcomes, project };
}

type Seen = Omit<Outcome, 'heard' | 'row'> & { readonly received: readonly object[] };

/** Has the client answer one prompt for each case. */
async function converseByCase(
  [client = '', command = '', ...words]: readonly string[],
  root: string,
  script: object,
): Promise<Seen[]> {
  const [file, seen] = [join(root, 'script.json'), join(root, 'seen.json')];
  const formats = ['--input-format', 'stream-json', '--output-format', 'stream-json'];
  const args = ['-p', ...formats, '--verbose'];
  writeFileSync(file, JSON.stringify({ ...script, client, args, seen }));
  const stub = join(import.meta.dirname, 'case-by-case.js');
  const child = spawn(command, [...words, execPath, stub, file], { stdio: 'inherit' });
  await once(child, 'close');
  return JSON.parse(readFileSync(seen, 'utf8')) as Seen[];
}
