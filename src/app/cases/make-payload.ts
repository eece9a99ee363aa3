import { resolve } from 'node:path';
import type { AgentName } from '../../agents/settings/agent-settings.ts';
import type { Fields, HookCase } from './hook-case.ts';

/** What a payload says about the session that no case has to mention. */
export interface Session {
  readonly sessionId: string;
  readonly cwd: string;
  readonly projectDir: string;
  readonly nowMs: number;
}

type Given = Pick<HookCase, 'agent' | 'event' | 'tool' | 'input' | 'payload'>;

/** The payload of a case: what the agent would send, with what the case says in it. */
export function makePayload(given: Given, session: Session): Fields {
  return { ...MAKERS[given.agent](given, session), ...given.payload };
}

/** The bytes on the stdin of a hook. Claude Code ends them with a line feed; the others do not. */
export function payloadBytes(agent: AgentName, payload: Fields): Buffer {
  return Buffer.from(`${JSON.stringify(payload)}${agent === 'claude' ? '\n' : ''}`);
}

type Maker = (given: Given, session: Session) => Fields;

const MAKERS: Readonly<Record<AgentName, Maker>> = {
  claude: ({ event, tool, input }, { sessionId, cwd }) => ({
    session_id: sessionId,
    transcript_path: `/nonexistent/.claude/projects/test/${sessionId}.jsonl`,
    cwd,
    ...(WITHOUT_MODE.has(event) ? {} : { permission_mode: 'default' }),
    hook_event_name: event,
    ...toolFields(tool, withAbsolutePaths(input, cwd)),
    ...(tool === undefined || event === 'PermissionRequest' ? {} : { tool_use_id: TOOL_USE }),
    ...CLAUDE_DEFAULTS[event],
  }),
  codex: ({ event, tool, input }, { sessionId, cwd }) => ({
    session_id: sessionId,
    ...(/^Session/.test(event) ? {} : { turn_id: 'turn-1' }),
    transcript_path: null,
    cwd,
    hook_event_name: event,
    model: 'test',
    permission_mode: 'default',
    ...toolFields(tool, input),
    ...(tool === undefined ? {} : { tool_use_id: TOOL_USE }),
    ...CLAUDE_DEFAULTS[event],
  }),
  gemini: ({ event, tool, input }, { sessionId, cwd, nowMs }) => ({
    session_id: sessionId,
    transcript_path: `/nonexistent/.gemini/tmp/test/chats/${sessionId}.jsonl`,
    cwd,
    hook_event_name: event,
    timestamp: new Date(nowMs).toISOString(),
    ...toolFields(tool, input),
    ...GEMINI_DEFAULTS[event],
  }),
  cursor: ({ event, tool, input }, { sessionId, cwd, projectDir }) => ({
    conversation_id: sessionId,
    generation_id: 'generation-1',
    model: 'test',
    hook_event_name: event,
    cursor_version: '3.7.21',
    workspace_roots: [projectDir],
    transcript_path: null,
    // Events such as beforeShellExecution have the input among their fields.
    ...(tool === undefined ? input : toolFields(tool, input)),
    cwd,
  }),
  copilot: ({ event, tool, input }, { sessionId, cwd, nowMs }) =>
    /^[a-z]/.test(event)
      ? {
          sessionId,
          timestamp: nowMs,
          cwd,
          ...(tool === undefined ? {} : { toolName: tool, toolArgs: input ?? {} }),
        }
      : {
          hook_event_name: event,
          session_id: sessionId,
          timestamp: new Date(nowMs).toISOString(),
          cwd,
          ...toolFields(tool, input),
        },
  qwen: ({ event, tool, input }, { sessionId, cwd, nowMs }) => ({
    session_id: sessionId,
    transcript_path: `/nonexistent/.qwen/projects/test/chats/${sessionId}.jsonl`,
    cwd,
    hook_event_name: event,
    timestamp: new Date(nowMs).toISOString(),
    permission_mode: 'default',
    ...toolFields(tool, input),
    ...(tool === undefined ? {} : { tool_use_id: TOOL_USE, tool_call_id: TOOL_USE }),
    ...CLAUDE_DEFAULTS[event],
  }),
  droid: ({ event, tool, input }, { sessionId, cwd }) => ({
    session_id: sessionId,
    transcript_path: `/nonexistent/.factory/sessions/${sessionId}.jsonl`,
    cwd,
    permission_mode: 'off',
    hook_event_name: event,
    ...toolFields(tool, input),
    ...CLAUDE_DEFAULTS[event],
  }),
  auggie: ({ event, tool, input }, { sessionId, projectDir }) => ({
    hook_event_name: event,
    conversation_id: sessionId,
    workspace_roots: [projectDir],
    ...toolFields(tool, input),
    ...(tool === undefined ? {} : { is_mcp_tool: false }),
  }),
  cline: ({ event, tool, input = {} }, { sessionId, projectDir, nowMs }) => ({
    clineVersion: '',
    timestamp: new Date(nowMs).toISOString(),
    taskId: sessionId,
    sessionContext: { rootSessionId: sessionId },
    workspaceRoots: [projectDir],
    hookName: event,
    ...(tool === undefined ? {} : { [event]: { id: TOOL_USE, name: tool, input } }),
  }),
};

const TOOL_USE = 'toolu_test';

const toolFields = (tool: string | undefined, input: Fields | undefined): Fields =>
  tool === undefined ? {} : { tool_name: tool, tool_input: input ?? {} };

/** Claude Code names files by their absolute paths. */
function withAbsolutePaths(input: Fields | undefined, cwd: string): Fields | undefined {
  if (input === undefined) return undefined;
  const entries = Object.entries(input).map(([name, value]) => {
    const isPath = name === 'file_path' || name === 'notebook_path';
    return [name, isPath && typeof value === 'string' ? resolve(cwd, value) : value];
  });
  return Object.fromEntries(entries) as Fields;
}

/** Events whose payload says nothing about permissions. */
const WITHOUT_MODE: ReadonlySet<string> = new Set([
  ...['SessionStart', 'SessionEnd', 'Setup', 'Notification', 'PreCompact', 'PostCompact'],
  ...['InstructionsLoaded', 'ConfigChange', 'CwdChanged', 'FileChanged', 'WorktreeCreate'],
]);

/** Fields that an event always has, in Claude Code and by the same names in Codex. */
const CLAUDE_DEFAULTS: Readonly<Record<string, Fields>> = {
  SessionStart: { source: 'startup' },
  Setup: { trigger: 'init' },
  SessionEnd: { reason: 'other' },
  UserPromptSubmit: { prompt: '' },
  PostToolUse: { tool_response: {} },
  PostToolUseFailure: { error: 'it failed' },
  Notification: { message: '', notification_type: 'idle_prompt' },
  Stop: { stop_hook_active: false },
  SubagentStart: { agent_id: 'agent-1', agent_type: 'general-purpose' },
  SubagentStop: {
    stop_hook_active: false,
    agent_id: 'agent-1',
    agent_type: 'general-purpose',
    agent_transcript_path: '/nonexistent/.claude/projects/test/subagents/agent-1.jsonl',
  },
  PreCompact: { trigger: 'manual', custom_instructions: null },
  PostCompact: { trigger: 'manual', compact_summary: '' },
  ConfigChange: { source: 'project_settings' },
  InstructionsLoaded: { load_reason: 'session_start', memory_type: 'Project' },
};

const GEMINI_DEFAULTS: Readonly<Record<string, Fields>> = {
  SessionStart: { source: 'startup' },
  SessionEnd: { reason: 'exit' },
  PreCompress: { trigger: 'manual' },
  BeforeAgent: { prompt: '' },
  AfterAgent: { prompt: '', prompt_response: '', stop_hook_active: false },
  AfterTool: { tool_response: {} },
};
