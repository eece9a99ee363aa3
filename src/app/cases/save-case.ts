import { readAnswer } from '../../agents/decisions/read-answer.ts';
import type { AgentName } from '../../agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import type { Decision } from '../../domain/answer/decision.ts';
import { redactText } from '../../redaction/redaction.ts';
import type { LogRow } from '../../store/columns.ts';
import type { Payload } from '../reading/find-execution.ts';
import type { Fields } from './hook-case.ts';
import { nameOf } from './read-cases.ts';

/** A case made from an execution, and a name for its file. */
export interface SavedCase {
  readonly decision: Decision;
  readonly fileName: string;
  readonly text: string;
}

/** Makes a case of an execution: its payload without secrets, and the decision of that time. Or says why there is none. */
export function saveCase(
  row: LogRow,
  payloads: readonly Payload[],
): SavedCase | { readonly refused: string } {
  const payload = readPayload(payloads);
  if (typeof payload === 'string') return { refused: payload };
  const agent = isAgentName(row.agent) ? row.agent : agentOf(payload);
  const event = row.event_type || String(payload['hook_event_name'] ?? '');
  if (event === '') return { refused: 'its event is not recorded' };
  const decision = row.decision ?? decisionOf(agent, event, row, payloads);
  if (decision === undefined) {
    return { refused: 'its stdout is not stored completely, so the decision is not known' };
  }
  const { tool, input, rest } = partsOf(payload, row.cwd);
  const name = nameOf(event, tool, input, rest);
  const saved = {
    name,
    ...(agent === 'claude' ? {} : { agent }),
    event,
    ...(tool === undefined ? {} : { tool }),
    ...(input === undefined ? {} : { input }),
    ...(Object.keys(rest).length === 0 ? {} : { payload: rest }),
    hooks: row.hook_name,
    expect: decision,
  };
  const text = `${JSON.stringify(saved, null, 2)}\n`;
  return { decision, fileName: fileNameOf(row.hook_name, decision, name), text };
}

function readPayload(payloads: readonly Payload[]): Fields | string {
  const stdin = payloads.find(({ stream }) => stream === 'stdin');
  if (stdin === undefined) {
    return 'its payload is not stored; hookbus enable --store-raw stores payloads from now on';
  }
  if (stdin.problem !== undefined) return `its payload ${stdin.problem}`;
  if (stdin.truncated) return 'its stored payload is truncated';
  try {
    // Payloads that were stored without redaction are redacted here: people commit cases.
    const value: unknown = JSON.parse(redactText(stdin.bytes.toString().replace(/^\ufeff/, '')));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Fields;
  } catch {
    // The sentence below says it.
  }
  return 'its payload is not a JSON object';
}

const isAgentName = (word: string | null): word is AgentName =>
  word !== null && Object.hasOwn(AGENT_SETTINGS, word);

/** The agent that sends such payloads, for rows from before its column. */
function agentOf(payload: Fields): AgentName {
  if ('cursor_version' in payload || 'generation_id' in payload) return 'cursor';
  if ('sessionId' in payload) return 'copilot';
  if ('turn_id' in payload) return 'codex';
  const event = String(payload['hook_event_name'] ?? '');
  if (/^(?:Before|After|PreCompress)/.test(event)) return 'gemini';
  return 'timestamp' in payload && !('transcript_path' in payload) ? 'copilot' : 'claude';
}

/** For rows from before its column. */
function decisionOf(
  agent: AgentName,
  eventType: string,
  row: LogRow,
  payloads: readonly Payload[],
): Decision | undefined {
  const { exit_code, stdout_bytes, error } = row;
  const stdout = payloads.find(({ stream }) => stream === 'stdout');
  const isWhole = stdout?.truncated === false && stdout.problem === undefined;
  if (stdout_bytes > 0 && !isWhole) return undefined;
  if (row.status === 'timeout') return 'none';
  return readAnswer(agent, {
    eventType,
    exitCode: exit_code ?? undefined,
    stdout: stdout?.bytes ?? new Uint8Array(),
    isComplete: true,
    stderr: error ?? '',
  }).decision;
}

/** Fields that each session has, and that say nothing about the case. */
const OF_SESSION: ReadonlySet<string> = new Set([
  ...['session_id', 'sessionId', 'conversation_id', 'transcript_path', 'transcriptPath', 'cwd'],
  ...['prompt_id', 'turn_id', 'generation_id', 'tool_use_id', 'toolUseId', 'timestamp', 'model'],
  ...['hook_event_name', 'cursor_version', 'workspace_roots', 'user_email', 'effort'],
  ...['scratchpad_dir', 'duration_ms', 'mcp_server'],
]);
const OF_CALL: ReadonlySet<string> = new Set(['tool_name', 'tool_input', 'toolName', 'toolArgs']);

function partsOf(payload: Fields, cwd: string | null) {
  const tool = payload['tool_name'] ?? payload['toolName'];
  const input = payload['tool_input'] ?? payload['toolArgs'];
  const isUsual = (name: string, value: unknown): boolean =>
    name === 'permission_mode' && value === 'default';
  const rest = Object.entries(payload).filter(
    ([name, value]) => !OF_SESSION.has(name) && !OF_CALL.has(name) && !isUsual(name, value),
  );
  const hasInput = typeof input === 'object' && input !== null && !Array.isArray(input);
  return {
    tool: typeof tool === 'string' ? tool : undefined,
    input: hasInput ? withRelativePaths(input as Fields, cwd) : undefined,
    rest: Object.fromEntries(rest) as Fields,
  };
}

/** A file of the project has another path in another checkout. */
function withRelativePaths(input: Fields, cwd: string | null): Fields {
  const entries = Object.entries(input).map(([name, value]) => {
    const isInside =
      /^(?:file|notebook)_path$/.test(name) &&
      typeof value === 'string' &&
      cwd !== null &&
      value.startsWith(`${cwd}/`);
    return [name, isInside ? value.slice(cwd.length + 1) : value];
  });
  return Object.fromEntries(entries) as Fields;
}

const MAX_FILE_NAME = 60;

/** Hook, decision, and what the call was about, in letters and digits. */
function fileNameOf(hookName: string, decision: Decision, name: string): string {
  const text = [hookName, decision, name.replace(/^\w+/, '')].join(' ');
  const slug = text.toLowerCase().replace(/[^a-z0-9_]+/g, '-');
  return slug.slice(0, MAX_FILE_NAME).replace(/^-+|-+$/g, '') || 'case';
}
