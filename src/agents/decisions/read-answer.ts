import type { Agent, Answer, HookOutput } from '../../domain/answer/decision.ts';
import { readClaude } from './claude.ts';
import { readCodex } from './codex.ts';
import { readCopilot } from './copilot.ts';
import { readCursor } from './cursor.ts';
import { readGemini } from './gemini.ts';
import { readLikeClaude } from './like-claude.ts';

const READERS: Readonly<Record<Agent, (output: HookOutput) => Answer>> = {
  claude: readClaude,
  codex: readCodex,
  gemini: readGemini,
  cursor: readCursor,
  copilot: readCopilot,
  qwen: readLikeClaude,
  droid: readLikeClaude,
  auggie: readLikeClaude,
  cline: readLikeClaude,
};

/** How its agent reads what a hook answered. An unknown agent is taken for Claude Code, whose contract most others copy. */
export const readAnswer = (agent: Agent | undefined, output: HookOutput): Answer =>
  READERS[agent ?? 'claude'](output);
