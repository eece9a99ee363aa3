import type { PayloadFields } from './payload-fields.ts';

/** Gemini CLI: the names of Claude Code; it has no id of a tool use. */
export const gemini: PayloadFields = {};
