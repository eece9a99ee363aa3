import type { PayloadFields } from './payload-fields.ts';

/** Codex CLI: as Claude Code, and a turn where that has a prompt. */
export const codex: PayloadFields = { promptId: 'turn_id' };
