import type { PayloadFields } from './payload-fields.ts';

/** Cursor: a conversation is the session, a generation the prompt. */
export const cursor: PayloadFields = { sessionId: 'conversation_id', promptId: 'generation_id' };
