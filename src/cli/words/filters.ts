import { resolve } from 'node:path';
import { AGENTS, DECISIONS } from '../../domain/answer/decision.ts';
import { isFailure, STATUSES } from '../../domain/execution.ts';
import { isoOf } from '../../domain/time.ts';
import type { LogFilter } from '../../store/queries/queries.ts';
import type { CommandOption, Context, Given } from './command.ts';
import { readMoment, TIME_FORMS } from './time.ts';
import { readWord, usageError } from './values.ts';

/** Words that stand for several statuses. */
const STATUS_GROUPS = {
  failed: STATUSES.filter(isFailure),
  skipped: ['dedupe_skip', 'breaker_skip'],
} as const;

const HERE = 'only the project of the current directory';

/** Options that choose executions, for every command that has them. */
export const FILTERS = {
  hook: { value: 'NAME', describe: 'only this hook; repeatable', isRepeatable: true },
  event: {
    value: 'EVENT',
    describe: 'only this event, such as PreToolUse; repeatable',
    isRepeatable: true,
  },
  tool: { value: 'TOOL', describe: 'only this tool, such as Bash; repeatable', isRepeatable: true },
  status: {
    value: 'STATUS',
    describe: `only this status: ${STATUSES.join(', ')}, or failed or skipped; separate several by commas`,
    isRepeatable: true,
  },
  failed: { describe: 'only errors and timeouts, as with --status failed' },
  decision: {
    value: 'DECISION',
    describe: `only this decision: ${DECISIONS.join(', ')}; separate several by commas`,
    isRepeatable: true,
  },
  project: {
    value: 'DIR',
    describe: 'only this project: the git work tree that DIR is in, else DIR; repeatable',
    isRepeatable: true,
  },
  here: { describe: HERE },
  agent: {
    value: 'AGENT',
    describe: `only this agent: ${AGENTS.join(', ')}; separate several by commas`,
    isRepeatable: true,
  },
  subagent: {
    value: 'TYPE',
    describe: 'only this kind of subagent; repeatable',
    isRepeatable: true,
  },
  session: {
    value: 'ID',
    describe: 'only this session: its id or the beginning of it; repeatable',
    isRepeatable: true,
  },
  since: {
    value: 'TIME',
    describe: `only executions that started since then: ${TIME_FORMS}, local unless it has a time zone`,
    default: 'everything',
  },
  until: { value: 'TIME', describe: 'only executions that started before then' },
} as const satisfies Readonly<Record<string, CommandOption>>;

export type Filter = Omit<LogFilter, 'limit'>;

/** Reads the options above; those that a command does not have are empty. @throws HookbusError `E_USAGE` */
export async function readFilter(given: Given, context: Context): Promise<Filter> {
  const [since, until] = ['since', 'until'].map((name) => readTime(given, name, context.now()));
  if (since !== undefined && until !== undefined && until <= since)
    throw usageError('--until must be later than --since');
  return {
    hookNames: given.values('hook'),
    eventTypes: given.values('event'),
    tools: given.values('tool'),
    sessions: given.values('session'),
    statuses: readStatuses(given),
    decisions: readWords(given, 'decision', DECISIONS),
    agents: readWords(given, 'agent', AGENTS),
    subagents: given.values('subagent'),
    projects: await readProjects(given, context),
    since,
    until,
  };
}

function readTime(given: Given, name: string, nowMs: number): string | undefined {
  const text = given.value(name);
  return text === undefined ? undefined : isoOf(readMoment(`--${name}`, text, nowMs));
}

function readStatuses(given: Given): string[] {
  const groups = Object.keys(STATUS_GROUPS) as (keyof typeof STATUS_GROUPS)[];
  const words = [
    ...readWords(given, 'status', [...STATUSES, ...groups]),
    ...(given.isOn('failed') ? (['failed'] as const) : []),
  ];
  const statuses = words.flatMap((word): readonly string[] =>
    word in STATUS_GROUPS ? STATUS_GROUPS[word as keyof typeof STATUS_GROUPS] : [word],
  );
  return [...new Set(statuses)];
}

/** Words that people type for others, also of another option. */
const MEANT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  status: {
    ...{ ok: 'success', succeeded: 'success', failure: 'failed', timed_out: 'timeout' },
    ...{ deny: '--decision deny', denied: '--decision deny', refused: '--decision deny' },
  },
  decision: {
    ...{ block: 'deny', blocked: 'deny', denied: 'deny', refused: 'deny' },
    ...{ allowed: 'allow', approve: 'allow', asked: 'ask' },
  },
};

/** The values of an option that takes lists of words. */
function readWords<T extends string>(given: Given, option: string, known: readonly T[]): T[] {
  const words = given.values(option).flatMap((text) => text.split(','));
  return words.map((word) => readWord(`--${option}`, word, known, MEANT[option]));
}

/** Every way in which executions of `--project` and `--here` have their project recorded. */
export async function readProjects(given: Given, { cwd }: Context): Promise<string[]> {
  const directories = [...given.values('project'), ...(given.isOn('here') ? ['.'] : [])];
  if (directories.length === 0) return [];
  const { recordedProjects } = await import('../../app/reading/recorded-projects.ts');
  return directories.flatMap((directory) => recordedProjects(resolve(cwd(), directory)));
}
