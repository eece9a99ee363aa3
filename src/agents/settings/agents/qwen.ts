import { join } from 'node:path';
import { type AgentSettings, inProject } from '../agent-settings.ts';
import { disableAllHooks } from '../disable-all-hooks.ts';
import { geminiFaults } from '../gemini-faults.ts';

/** Qwen Code: settings files as Gemini CLI has them, with the events of Claude Code. */
export const qwenSettings: AgentSettings = {
  agent: 'qwen',
  title: 'Qwen Code',
  places: (places) => [
    ...(places.home === undefined
      ? []
      : [{ scope: 'user' as const, path: join(places.home, '.qwen', 'settings.json') }]),
    ...inProject(places, (directory) => join(directory, '.qwen', 'settings.json')).map((path) => ({
      scope: 'project' as const,
      path,
    })),
  ],
  neighbours: () => [],
  shell: 'bash',
  allowsComments: true,
  hasEnvBlock: false,
  hasHookEnv: true,
  lineFields: ['command'],
  programField: 'command',
  // It counted in ms once, and still takes large numbers for ms.
  timeLimit: { field: 'timeout', unitMs: 1000, countsMsFrom: 1000, defaultMs: () => 60_000 },
  switchIn: disableAllHooks,
  isCommandByDefault: false,
  unguardedFields: [],
  faultsIn: (root) => geminiFaults(root, ['command', 'http', 'function', 'prompt']),
  advice: 'Qwen Code reads its settings when it starts.',
  switchOn: 'hookbus install --agent qwen --enable',
};
