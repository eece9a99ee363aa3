import type { Node } from 'jsonc-parser';
import { matchedField } from '../../agents/matching/matched-value.ts';
import type { AgentName } from '../../agents/settings/agent-settings.ts';
import { parseJson, placeAt } from '../../agents/settings/read-settings-text.ts';
import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import { DECISIONS, type Decision } from '../../domain/answer/decision.ts';
import type { CaseProblem, Expected, Fields, HookCase } from './hook-case.ts';
import { type Members, membersOf, ReadError, read } from './read-members.ts';

export interface ReadCases {
  readonly cases: readonly HookCase[];
  readonly problems: readonly CaseProblem[];
}

/** The cases in the text of a file: one, or a list. A case that cannot be used is a problem, and not skipped. */
export function readCases(path: string, text: string): ReadCases {
  const parsed = parseJson(text, false);
  if ('problem' in parsed) {
    const { line, column, reason } = parsed.problem;
    return { cases: [], problems: [{ place: { path, line, column }, reason }] };
  }
  const { root } = parsed;
  const nodes = root.type === 'array' ? (root.children ?? []) : [root];
  const placeOf = (node: Node) => ({ path, ...placeAt(text, node.offset) });
  const cases: HookCase[] = [];
  const problems: CaseProblem[] = [];
  if (nodes.length === 0) problems.push({ place: placeOf(root), reason: 'the list has no case' });
  for (const node of nodes) {
    try {
      cases.push({ place: placeOf(node), ...readCase(node) });
    } catch (error) {
      if (!(error instanceof ReadError)) throw error;
      problems.push({ place: placeOf(error.node), reason: error.message });
    }
  }
  return { cases, problems };
}

const FIELDS = [
  ...['name', 'agent', 'event', 'tool', 'input', 'payload', 'hooks', 'expect', 'env', 'files'],
  'directory',
];

function readCase(node: Node): Omit<HookCase, 'place'> {
  const members = membersOf(node, 'a case', FIELDS);
  const agent = read.word(members, 'agent', Object.keys(AGENT_SETTINGS)) as AgentName | undefined;
  const event = read.text(members, 'event');
  if (event === undefined || event === '') throw new ReadError(node, 'the case has no "event"');
  const payload = read.fields(members, 'payload') ?? {};
  const files = read.texts(members, 'files') ?? {};
  const directory = readDirectory(members, files);
  const call = readCall(node, members, agent ?? 'claude', event, payload);
  return {
    name: read.text(members, 'name') ?? nameOf(event, call.tool, call.input, payload),
    agent: agent ?? 'claude',
    event,
    ...call,
    payload,
    hooks: read.list(members, 'hooks'),
    expected: readExpected(node, members),
    env: readEnv(members),
    files,
    directory,
  };
}

/** The tool and its input; the payload may have them instead. */
function readCall(
  node: Node,
  members: Members,
  agent: AgentName,
  event: string,
  payload: Fields,
): Pick<HookCase, 'tool' | 'input'> {
  const tool = read.text(members, 'tool');
  const input = read.fields(members, 'input');
  const field = matchedField(agent, event);
  const isToolEvent = field === 'tool_name' || field === 'toolName';
  if (isToolEvent && tool === undefined && payload[field] === undefined) {
    throw new ReadError(node, `the case has no "tool", which ${event} needs`);
  }
  if (field !== undefined && !isToolEvent && tool !== undefined) {
    throw new ReadError(members.get('tool') ?? node, `${event} has no tool`);
  }
  return { tool, input };
}

function readDirectory(
  members: Members,
  files: Readonly<Record<string, string>>,
): HookCase['directory'] {
  const given = read.word(members, 'directory', ['checkout', 'scratch']) as
    | HookCase['directory']
    | undefined;
  const node = members.get('files');
  for (const path of node === undefined ? [] : Object.keys(files)) {
    if (/^\/|(?:^|\/)\.\.(?:\/|$)|\0/.test(path) || path === '') {
      throw new ReadError(node as Node, `"files" must name paths in the scratch directory`);
    }
  }
  if (node !== undefined && given === 'checkout') {
    throw new ReadError(
      node,
      '"files" needs "directory": "scratch"; no case writes to the checkout',
    );
  }
  return given ?? (node === undefined ? 'checkout' : 'scratch');
}

function readEnv(members: Members): Readonly<Record<string, string>> {
  const env = read.texts(members, 'env') ?? {};
  const bad = Object.entries(env).find(
    ([name, value]) => !/^[A-Za-z_]\w*$/.test(name) || value.includes('\0'),
  );
  if (bad !== undefined) {
    throw new ReadError(members.get('env') as Node, '"env" must have names of variables and texts');
  }
  return env;
}

const EXPECTED = [
  ...['decision', 'exit_code', 'reason', 'context', 'input', 'output', 'at_most_ms', 'fires'],
];

const NOTHING: Expected = {
  decision: undefined,
  exitCode: undefined,
  reason: [],
  context: [],
  input: undefined,
  output: undefined,
  atMostMs: undefined,
  fires: undefined,
};

function readExpected(node: Node, members: Members): Expected {
  const expect = members.get('expect');
  if (expect === undefined) throw new ReadError(node, 'the case has no "expect"');
  if (expect.type === 'string') {
    return { ...NOTHING, decision: read.word(members, 'expect', DECISIONS) as Decision };
  }
  const inner = membersOf(expect, '"expect"', EXPECTED);
  if (inner.size === 0) throw new ReadError(expect, '"expect" is empty, so the case cannot fail');
  const isNull = (name: string): boolean => inner.get(name)?.type === 'null';
  return {
    decision: read.word(inner, 'decision', DECISIONS) as Decision | undefined,
    exitCode: read.whole(inner, 'exit_code', 255),
    reason: read.list(inner, 'reason') ?? [],
    context: read.list(inner, 'context') ?? [],
    input: isNull('input') ? null : read.fields(inner, 'input'),
    output: read.value(inner, 'output'),
    atMostMs: read.whole(inner, 'at_most_ms', 86_400_000),
    fires: read.list(inner, 'fires'),
  };
}

const MAX_NAME = 72;

/** What a person recognizes a case by: event, tool, and the most telling text of its input. */
export function nameOf(
  event: string,
  tool: string | undefined,
  input: Fields | undefined,
  payload: Fields,
): string {
  const texts = [input, payload].flatMap((fields) => Object.values(fields ?? {}));
  const telling = texts.find((value) => typeof value === 'string' && value !== '');
  const what = [event, tool].filter(Boolean).join(' ');
  const name = telling === undefined ? what : `${what}: ${String(telling)}`;
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name;
}
