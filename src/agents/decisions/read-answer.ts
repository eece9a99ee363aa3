import type { Agent, Answer, HookOutput } from '../../domain/answer/decision.ts';
import { readAuggie } from './auggie.ts';
import { readClaude } from './claude.ts';
import { readCline } from './cline.ts';
import { readCodex } from './codex.ts';
import { readCopilot } from './copilot.ts';
import { readCursor } from './cursor.ts';
import { readDroid } from './droid.ts';
import { readGemini } from './gemini.ts';
import { readQwen } from './qwen.ts';

const READERS: Readonly<Record<Agent, (output: HookOutput) => Answer>> = {
  claude: readClaude,
  codex: readCodex,
  gemini: readGemini,
  cursor: readCursor,
  copilot: readCopilot,
  qwen: readQwen,
  droid: readDroid,
  auggie: readAuggie,
  cline: readCline,
};

/** How its agent reads what a hook answered. An unknown agent is taken for Claude Code, whose contract most others copy. */
export const readAnswer = (agent: Agent | undefined, output: HookOutput): Answer =>
  READERS[agent ?? 'claude'](output);
