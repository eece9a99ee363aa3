import type { PayloadFields } from './payload-fields.ts';

/** Claude Code; Codex and Gemini CLI use the same names but for what their own files say. */
export const claude: PayloadFields = {
  eventType: 'hook_event_name',
  toolName: 'tool_name',
  sessionId: 'session_id',
  toolUseId: 'tool_use_id',
  promptId: 'prompt_id',
};
