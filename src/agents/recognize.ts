import type { Agent } from '../domain/answer/decision.ts';

/** Members of a payload that tell its agent. The launcher has the same list. */
export const SIGNS = [
  'turn_id',
  'generation_id',
  'cursor_version',
  'conversation_id',
  'sessionId',
  'hookName',
  'taskId',
  'clineVersion',
  'tool_call_id',
  'transcript_path',
] as const;

/** The only sign whose value counts. */
const VALUED = 'transcript_path';

/** How a record has a sign: its name, or name and value. */
export const signOf = (name: string, value: string): string =>
  name === VALUED ? `${name}=${value}` : name;

/**
 * The variables that an agent sets for its hooks and that may be recorded. None of them can hold a secret: no token, no
 * option of a plugin. The launcher has the same list.
 */
export const AGENT_VARIABLES: readonly string[] = [
  'CLAUDECODE',
  'CLAUDE_PROJECT_DIR',
  'CLAUDE_PLUGIN_ROOT',
  'CLAUDE_PLUGIN_DATA',
  'CLAUDE_EFFORT',
  'CLAUDE_CODE_ENTRYPOINT',
  'CLAUDE_CODE_REMOTE',
  'GEMINI_PROJECT_DIR',
  'GEMINI_CWD',
  'GEMINI_PLANS_DIR',
  'GEMINI_SESSION_ID',
  'COPILOT_CLI',
  'COPILOT_PROJECT_DIR',
  'COPILOT_HOOK_DIR',
  'CURSOR_PROJECT_DIR',
  'CURSOR_VERSION',
  'QWEN_PROJECT_DIR',
  'FACTORY_PROJECT_DIR',
  'DROID_PROJECT_DIR',
  'AUGMENT_PROJECT_DIR',
];

/** Agents by the variables that they alone set, the ones first that set those of others too. */
const BY_VARIABLE: readonly (readonly [string, Agent])[] = [
  ['QWEN_PROJECT_DIR', 'qwen'],
  ['FACTORY_PROJECT_DIR', 'droid'],
  ['DROID_PROJECT_DIR', 'droid'],
  ['AUGMENT_PROJECT_DIR', 'auggie'],
  ['COPILOT_CLI', 'copilot'],
  ['COPILOT_PROJECT_DIR', 'copilot'],
  ['GEMINI_PROJECT_DIR', 'gemini'],
  ['GEMINI_SESSION_ID', 'gemini'],
  ['CURSOR_VERSION', 'cursor'],
  ['CURSOR_PROJECT_DIR', 'cursor'],
  ['CLAUDE_PROJECT_DIR', 'claude'],
  ['CLAUDECODE', 'claude'],
];

/** Where agents keep their transcripts. */
const BY_TRANSCRIPT: readonly (readonly [RegExp, Agent])[] = [
  [/[/\\]rollout-[^/\\]*\.jsonl$/, 'codex'],
  [/[/\\]\.qwen[/\\]/, 'qwen'],
  [/[/\\]\.factory[/\\]/, 'droid'],
  [/[/\\]\.gemini[/\\]/, 'gemini'],
  [/[/\\]\.copilot[/\\]/, 'copilot'],
  [/[/\\]\.codex[/\\]/, 'codex'],
  [/[/\\]\.claude[/\\]projects[/\\]/, 'claude'],
];

const GEMINI_EVENT = /^(?:(?:Before|After)(?:Tool|Agent|Model|ToolSelection)|PreCompress)$/;

export interface AgentSigns {
  readonly eventType: string;
  readonly signs?: readonly string[];
  readonly variables?: readonly string[];
}

/**
 * The agent that ran a hook: what its payload tells first, since an agent that another one started inherits the
 * variables of both. Undefined if neither tells.
 */
export function agentOf({ eventType, signs = [], variables = [] }: AgentSigns): Agent | undefined {
  return byPayload(eventType, new Set(signs)) ?? byTranscript(signs) ?? byVariable(variables);
}

function byPayload(eventType: string, signs: ReadonlySet<string>): Agent | undefined {
  if (signs.has('clineVersion') || signs.has('taskId')) return 'cline';
  if (signs.has('cursor_version') || signs.has('generation_id')) return 'cursor';
  if (signs.has('conversation_id')) return 'auggie';
  if (signs.has('sessionId')) return 'copilot';
  if (signs.has('tool_call_id')) return 'qwen';
  if (signs.has('turn_id')) return 'codex';
  return GEMINI_EVENT.test(eventType) ? 'gemini' : undefined;
}

function byTranscript(signs: readonly string[]): Agent | undefined {
  const path = signs.find((sign) => sign.startsWith(`${VALUED}=`)) ?? '';
  return BY_TRANSCRIPT.find(([pattern]) => pattern.test(path))?.[1];
}

function byVariable(variables: readonly string[]): Agent | undefined {
  const names = new Set(variables.map((variable) => variable.slice(0, variable.indexOf('='))));
  return BY_VARIABLE.find(([name]) => names.has(name))?.[1];
}
