import type { PayloadFields } from './payload-fields.ts';

/** Auggie: a conversation is a session, and tool uses have no id. */
export const auggie: PayloadFields = { sessionId: ['conversation_id'] };
