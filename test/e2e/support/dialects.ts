import type { Agent } from '../../../src/domain/answer/decision.ts';
import {
  codexRuns,
  codexStart,
  copilotRuns,
  copilotStart,
  geminiRuns,
  geminiSettings,
  geminiStart,
  qwenRuns,
  qwenSettings,
  qwenStart,
} from './client-starts.ts';
import type { ClientStart, ToolUse } from './one-call.ts';
import { answers, json, type Moment, NO_TERM, type Scenario, TWICE } from './scenarios.ts';

/** A hook in the settings. */
export interface HookLine {
  readonly command: string;
  readonly limitSeconds?: number;
}

/** How a client is driven, how its settings say what hooks there are, and what a hook may answer. */
export interface Dialect {
  readonly agent: Agent;
  readonly start: (lines: readonly string[]) => ClientStart;
  /** Calls of a tool that runs a program, and of one that gets a long input. */
  readonly runs: (line: string) => ToolUse;
  readonly writes: (path: string, content: string) => ToolUse;
  readonly events: Readonly<Record<Moment, string>>;
  readonly settings: (hooks: Readonly<Record<string, readonly HookLine[]>>) => object;
  readonly answers: readonly Scenario[];
  /** Answers that may end a session. */
  readonly endings?: readonly Scenario[];
  /** What hooks and tool say in some cases, if it differs from the other clients. */
  readonly traces?: Readonly<Record<string, readonly string[]>>;
  /** A payload has an id of the call. */
  readonly hasCallId?: true;
  /** The hooks of an event run one after the other. */
  readonly isInTurn?: true;
  /** Where a project has its hooks. */
  readonly shared: NonNullable<ClientStart['shared']>;
}

/** Hooks in the shape of Claude Code, with limits in a unit of this many milliseconds. */
const likeClaude =
  (unitMs: number) =>
  (hooks: Readonly<Record<string, readonly HookLine[]>>): object =>
    mapValues(hooks, (lines) => [
      {
        hooks: lines.map(({ command, limitSeconds }) => ({
          type: 'command',
          command,
          ...(limitSeconds === undefined ? {} : { timeout: (limitSeconds * 1000) / unitMs }),
        })),
      },
    ]);

const mapValues = <From, To>(
  fields: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Readonly<Record<string, To>> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, map(value)]));

const specific = (hookEventName: string, fields: object, top: object = {}): string =>
  json({ ...top, hookSpecificOutput: { hookEventName, ...fields } });

const DENY = { permissionDecision: 'deny', permissionDecisionReason: 'not this' };
const BLOCK = { decision: 'block', reason: 'not this' };
const CONTEXT = { additionalContext: 'remember this' };
/** `CASE` becomes the directory of the case. */
const CHANGED = { command: 'CASE/tool changed' };

/** The answers of Claude Code, which Codex and Qwen Code share. */
const CLAUDES: readonly Scenario[] = [
  answers('before', 'a denial', { stdout: specific('PreToolUse', DENY) }),
  answers('before', 'an allow', {
    stdout: specific('PreToolUse', { permissionDecision: 'allow' }),
  }),
  answers('before', 'an ask', { stdout: specific('PreToolUse', { permissionDecision: 'ask' }) }),
  answers('before', 'a block', { stdout: json(BLOCK) }),
  answers('before', 'context', { stdout: specific('PreToolUse', CONTEXT) }),
  answers('before', 'changed input', {
    stdout: specific('PreToolUse', {
      permissionDecision: 'allow',
      updatedInput: CHANGED,
    }),
  }),
  answers('after', 'a block', { stdout: json(BLOCK) }),
  answers('after', 'context', { stdout: specific('PostToolUse', CONTEXT) }),
];

export const CODEX: Dialect = {
  agent: 'codex',
  start: codexStart,
  runs: codexRuns,
  writes: (path, content) => codexRuns(`cat >${path} # ${content}`),
  hasCallId: true,
  events: { before: 'PreToolUse', after: 'PostToolUse', stop: 'Stop' },
  settings: (hooks) => ({ hooks: likeClaude(1000)(hooks) }),
  shared: {
    settings: '.codex/hooks.json',
    trust: (project) => ({
      '.codex/config.toml': `[projects.${JSON.stringify(project)}]\ntrust_level = "trusted"\n`,
    }),
  },
  answers: CLAUDES,
};

export const QWEN: Dialect = {
  agent: 'qwen',
  start: qwenStart,
  runs: qwenRuns,
  writes: (path, content) => ({ name: 'write_file', input: { file_path: path, content } }),
  hasCallId: true,
  events: { before: 'PreToolUse', after: 'PostToolUse', stop: 'Stop' },
  settings: (hooks) => qwenSettings(likeClaude(1)(hooks)),
  shared: { settings: '.qwen/settings.json' },
  traces: { [TWICE]: ['twice runs', 'tool'] },
  answers: CLAUDES,
};

export const GEMINI: Dialect = {
  agent: 'gemini',
  start: geminiStart,
  runs: geminiRuns,
  writes: (path, content) => ({ name: 'write_file', input: { file_path: path, content } }),
  events: { before: 'BeforeTool', after: 'AfterTool', stop: 'AfterAgent' },
  settings: (hooks) => geminiSettings(likeClaude(1)(hooks)),
  // With nobody there to ask, it ends.
  endings: [answers('before', 'an ask', { stdout: json({ decision: 'ask' }) })],
  // It has no SIGKILL for a hook that ignores SIGTERM.
  traces: { [TWICE]: ['twice runs', 'tool'], [NO_TERM]: ['limited ends', 'tool'] },
  shared: {
    settings: '.gemini/settings.json',
    trust: () => ({ '.gemini/settings.json': JSON.stringify(geminiSettings({})) }),
  },
  answers: [
    answers('before', 'a denial', { stdout: json({ decision: 'deny', reason: 'not this' }) }),
    answers('before', 'an allow', { stdout: json({ decision: 'allow' }) }),
    answers('before', 'a block', { stdout: json(BLOCK) }),
    answers('before', 'a denial on stderr', { stderr: json(BLOCK) }),
    answers('before', 'changed input', { stdout: specific('BeforeTool', { tool_input: CHANGED }) }),
    answers('after', 'a block', { stdout: json(BLOCK) }),
    answers('after', 'context', { stdout: specific('AfterTool', CONTEXT) }),
  ],
};

export const COPILOT: Dialect = {
  agent: 'copilot',
  start: copilotStart,
  runs: copilotRuns,
  writes: (path, content) => ({ name: 'create', input: { path, file_text: content } }),
  events: { before: 'preToolUse', after: 'postToolUse', stop: 'agentStop' },
  shared: { settings: '.github/hooks/hooks.json' },
  isInTurn: true,
  settings: (hooks) => ({
    version: 1,
    hooks: mapValues(hooks, (lines) =>
      lines.map(({ command, limitSeconds }) => ({
        type: 'command',
        bash: command,
        ...(limitSeconds === undefined ? {} : { timeoutSec: limitSeconds }),
      })),
    ),
  }),
  answers: [
    answers('before', 'a denial', { stdout: json(DENY) }),
    answers('before', 'an allow', { stdout: json({ permissionDecision: 'allow' }) }),
    answers('before', 'an ask', { stdout: json({ permissionDecision: 'ask' }) }),
    answers('before', 'a block', { stdout: json(BLOCK) }),
    answers('before', 'context', { stdout: json(CONTEXT) }),
    answers('before', 'changed input', {
      stdout: json({ modifiedArgs: { ...CHANGED, description: 'say' } }),
    }),
    answers('after', 'a block', { stdout: json(BLOCK) }),
    answers('after', 'context', { stdout: json(CONTEXT) }),
  ],
};
