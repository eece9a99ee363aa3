import type { PayloadFields } from './payload-fields.ts';

/** Copilot CLI under camelCase events; its payloads then name no event. */
export const copilot: PayloadFields = {
  sessionId: 'sessionId',
  toolName: 'toolName',
  toolUseId: 'toolUseId',
};
