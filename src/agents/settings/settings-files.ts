import { claudeSettings } from '../claude.ts';
import { codexSettings } from '../codex.ts';
import { copilotSettings } from '../copilot.ts';
import { cursorSettings } from '../cursor.ts';
import { geminiSettings } from '../gemini.ts';
import type { AgentName, AgentSettings } from './agent-settings.ts';
import { auggieSettings } from './agents/auggie.ts';
import { clineSettings } from './agents/cline.ts';
import { droidSettings } from './agents/droid.ts';
import { qwenSettings } from './agents/qwen.ts';

/** Every agent whose settings `install` can write. */
export const AGENT_SETTINGS: Readonly<Record<AgentName, AgentSettings>> = {
  claude: claudeSettings,
  codex: codexSettings,
  gemini: geminiSettings,
  cursor: cursorSettings,
  copilot: copilotSettings,
  qwen: qwenSettings,
  droid: droidSettings,
  auggie: auggieSettings,
  cline: clineSettings,
};
