import type { PayloadFields } from './payload-fields.ts';

/** Qwen Code: the names of Claude Code, with ids for prompts and tool uses. */
export const qwen: PayloadFields = {};
