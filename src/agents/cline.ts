import type { PayloadFields } from './payload-fields.ts';

/** Cline: a task is a session. The command line has the call in one member, the editor's extension in another. */
export const cline: PayloadFields = {
  eventType: ['hookName'],
  sessionId: ['taskId'],
  call: {
    members: ['tool_call', 'tool_result', 'preToolUse', 'postToolUse'],
    toolName: ['name', 'toolName'],
    toolUseId: ['id'],
    toolInput: ['input', 'parameters'],
  },
};
