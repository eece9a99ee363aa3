import { basename } from 'node:path';
import { CLINE_EVENTS } from '../hook-files.ts';
import type { AgentName } from '../settings/agent-settings.ts';

/** What the matchers of an event are compared with. */
export type MatchedValue =
  /** Matchers have no effect: every hook of the event runs. */
  | { readonly kind: 'none' }
  /** HookBus does not know the event. */
  | { readonly kind: 'unknown' }
  /** The names that count; empty if the payload lacks the field. */
  | { readonly kind: 'values'; readonly field: string; readonly values: readonly string[] };

type Payload = Readonly<Record<string, unknown>>;

const TOOL_EVENTS = [
  'PreToolUse',
  'PermissionRequest',
  'PermissionDenied',
  'PostToolUse',
  'PostToolUseFailure',
];

const fieldFor = (field: string, ...events: string[]) =>
  events.map((event) => [event, field] as const);

/** The field of the payload that each event's matchers are compared with; `undefined`: they have no effect. */
const CLAUDE = new Map<string, string | undefined>([
  ...fieldFor('tool_name', ...TOOL_EVENTS),
  ...fieldFor('source', 'SessionStart', 'ConfigChange', 'DirectoryAdded'),
  ...fieldFor('trigger', 'Setup', 'PreCompact', 'PostCompact'),
  ...fieldFor('agent_type', 'SubagentStart', 'SubagentStop'),
  ...fieldFor('mcp_server_name', 'Elicitation', 'ElicitationResult'),
  ...fieldFor('reason', 'SessionEnd'),
  ...fieldFor('notification_type', 'Notification'),
  ...fieldFor('file_path', 'FileChanged'),
  ...fieldFor('error', 'StopFailure'),
  ...fieldFor('load_reason', 'InstructionsLoaded'),
  ...fieldFor('command_name', 'UserPromptExpansion'),
  ...[
    ...['UserPromptSubmit', 'PostToolBatch', 'Stop', 'TeammateIdle', 'TaskCreated', 'CwdChanged'],
    ...['TaskCompleted', 'WorktreeCreate', 'WorktreeRemove', 'MessageDisplay'],
  ].map((event) => [event, undefined] as const),
]);

const CODEX = new Map<string, string | undefined>([
  ...fieldFor('tool_name', 'PreToolUse', 'PermissionRequest', 'PostToolUse'),
  ...fieldFor('source', 'SessionStart'),
  ...fieldFor('trigger', 'PreCompact', 'PostCompact'),
  ...fieldFor('agent_type', 'SubagentStart', 'SubagentStop'),
  ...['UserPromptSubmit', 'Stop'].map((event) => [event, undefined] as const),
]);

const GEMINI = new Map<string, string | undefined>([
  ...fieldFor('tool_name', 'BeforeTool', 'AfterTool'),
  ...fieldFor('source', 'SessionStart'),
  ...fieldFor('reason', 'SessionEnd'),
  ...fieldFor('trigger', 'PreCompress'),
  ...fieldFor('notification_type', 'Notification'),
  ...['BeforeAgent', 'AfterAgent', 'BeforeModel', 'AfterModel', 'BeforeToolSelection'].map(
    (event) => [event, undefined] as const,
  ),
]);

const COPILOT = new Map<string, string | undefined>([
  ...fieldFor('tool_name', ...TOOL_EVENTS),
  ...fieldFor('toolName', 'preToolUse', 'permissionRequest', 'postToolUse', 'postToolUseFailure'),
  ...fieldFor('notification_type', 'notification', 'Notification'),
  ...fieldFor('trigger', 'preCompact', 'PreCompact'),
  ...fieldFor('agentName', 'subagentStart'),
  ...[
    ...['sessionStart', 'SessionStart', 'sessionEnd', 'SessionEnd', 'agentStop', 'Stop'],
    ...['userPromptSubmitted', 'UserPromptSubmit', 'userPromptTransformed', 'subagentStop'],
    ...['SubagentStop', 'errorOccurred', 'ErrorOccurred'],
  ].map((event) => [event, undefined] as const),
]);

const CURSOR = new Map<string, string | undefined>([
  ...fieldFor('tool_name', 'preToolUse', 'postToolUse', 'postToolUseFailure'),
  ...fieldFor('command', 'beforeShellExecution', 'afterShellExecution'),
  ...fieldFor('tool_name', 'beforeMCPExecution', 'afterMCPExecution'),
  ...fieldFor('subagent_type', 'subagentStart', 'subagentStop'),
  ...['sessionStart', 'sessionEnd', 'preCompact'].map((event) => [event, undefined] as const),
]);

const QWEN = new Map<string, string | undefined>([
  ...fieldFor('tool_name', ...TOOL_EVENTS),
  ...fieldFor('source', 'SessionStart'),
  ...fieldFor('reason', 'SessionEnd'),
  ...fieldFor('trigger', 'PreCompact', 'PostCompact'),
  ...fieldFor('agent_type', 'SubagentStart', 'SubagentStop'),
  ...fieldFor('notification_type', 'Notification'),
  ...fieldFor('command_name', 'UserPromptExpansion'),
  ...fieldFor('error', 'StopFailure'),
  ...fieldFor('file_path', 'InstructionsLoaded'),
  ...[
    ...['UserPromptSubmit', 'PostToolBatch', 'Stop', 'MessageDisplay', 'SessionDelete'],
    ...['TodoCreated', 'TodoCompleted'],
  ].map((event) => [event, undefined] as const),
]);

const DROID = new Map<string, string | undefined>([
  ...fieldFor('tool_name', 'PreToolUse', 'PostToolUse'),
  ...fieldFor('source', 'SessionStart'),
  ...fieldFor('reason', 'SessionEnd'),
  ...fieldFor('trigger', 'PreCompact'),
  ...['UserPromptSubmit', 'Stop', 'SubagentStop', 'Notification'].map(
    (event) => [event, undefined] as const,
  ),
]);

const AUGGIE = new Map<string, string | undefined>([
  ...fieldFor('tool_name', 'PreToolUse', 'PostToolUse'),
  ...['PromptSubmit', 'Stop', 'SessionStart', 'SessionEnd', 'Notification'].map(
    (event) => [event, undefined] as const,
  ),
]);

const CLINE = new Map<string, string | undefined>(
  [...Object.values(CLINE_EVENTS), 'PreCompact'].map((event) => [event, undefined] as const),
);

/** Events of Cursor whose matchers are compared with a word that is the same each time. */
const CURSOR_WORDS: Readonly<Record<string, string>> = {
  beforeReadFile: 'Read',
  beforeTabFileRead: 'TabRead',
  afterFileEdit: 'Write',
  afterTabFileEdit: 'TabWrite',
  beforeSubmitPrompt: 'UserPromptSubmit',
  stop: 'Stop',
  afterAgentResponse: 'AgentResponse',
  afterAgentThought: 'AgentThought',
};

const FIELDS: Readonly<Record<AgentName, ReadonlyMap<string, string | undefined>>> = {
  claude: CLAUDE,
  codex: CODEX,
  gemini: GEMINI,
  copilot: COPILOT,
  cursor: CURSOR,
  qwen: QWEN,
  droid: DROID,
  auggie: AUGGIE,
  cline: CLINE,
};

/** Qwen Code's own names of tools, and those of Claude Code that it takes for them. */
const QWEN_TOOLS: Readonly<Record<string, readonly string[]>> = {
  run_shell_command: ['Bash', 'Shell'],
  read_file: ['Read', 'ReadFile'],
  write_file: ['Write', 'WriteFile'],
  edit: ['Edit'],
  grep_search: ['Grep'],
  glob: ['Glob'],
  web_fetch: ['WebFetch'],
};

/** Copilot's own names of tools, and Claude Code's names for them. */
const COPILOT_TOOLS: Readonly<Record<string, string>> = {
  bash: 'Bash',
  powershell: 'Bash',
  view: 'Read',
  create: 'Write',
  edit: 'Edit',
  str_replace_editor: 'Edit',
  apply_patch: 'Edit',
  grep: 'Grep',
  rg: 'Grep',
  glob: 'Glob',
  web_fetch: 'WebFetch',
  web_search: 'WebSearch',
  ask_user: 'AskUserQuestion',
  update_todo: 'TodoWrite',
  task: 'Agent',
};

/** What the matchers of this event are compared with, in this payload. */
export function matchedValue(agent: AgentName, event: string, payload: Payload): MatchedValue {
  const word = agent === 'cursor' ? CURSOR_WORDS[event] : undefined;
  if (word !== undefined) return { kind: 'values', field: 'the event', values: [word] };
  if (!FIELDS[agent].has(event)) return { kind: 'unknown' };
  const field = FIELDS[agent].get(event);
  if (field === undefined) return { kind: 'none' };
  const value = payload[field];
  if (typeof value !== 'string') return { kind: 'values', field, values: [] };
  const name = event === 'FileChanged' ? basename(value) : value;
  return { kind: 'values', field, values: [name, ...otherNames(agent, event, name)] };
}

/** The field that TOOL, or what stands in its place, belongs to; undefined if the event has none. */
export function matchedField(agent: AgentName, event: string): string | undefined {
  return FIELDS[agent].get(event);
}

/** Whether HookBus knows the event as one of the agent's. */
export function isKnownEvent(agent: AgentName, event: string): boolean {
  return FIELDS[agent].has(event) || (agent === 'cursor' && Object.hasOwn(CURSOR_WORDS, event));
}

export const knownEvents = (agent: AgentName): readonly string[] => [
  ...FIELDS[agent].keys(),
  ...(agent === 'cursor' ? Object.keys(CURSOR_WORDS) : []),
];

function otherNames(agent: AgentName, event: string, name: string): readonly string[] {
  if (agent === 'qwen') return QWEN_TOOLS[name] ?? [];
  if (agent === 'codex' && name === 'apply_patch') return ['Write', 'Edit'];
  if (agent !== 'copilot' || !/^P/.test(event)) return [];
  const claudes = COPILOT_TOOLS[name];
  const own = Object.keys(COPILOT_TOOLS).filter((tool) => COPILOT_TOOLS[tool] === name);
  const task = name === 'Agent' || name === 'task' ? ['Task'] : [];
  return [...(claudes === undefined ? own : [claudes]), ...task];
}
