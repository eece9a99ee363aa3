import { join } from 'node:path';
import { type AgentSettings, inProject } from './agent-settings.ts';
import type { PayloadFields } from './payload-fields.ts';

/** Gemini CLI: the names of Claude Code; it has no id of a tool use. */
export const gemini: PayloadFields = {};

export const geminiSettings: AgentSettings = {
  agent: 'gemini',
  title: 'Gemini CLI',
  places: (places) => [
    ...(places.home === undefined
      ? []
      : [{ scope: 'user' as const, path: join(places.home, '.gemini', 'settings.json') }]),
    ...inProject(places, (directory) => join(directory, '.gemini', 'settings.json')).map(
      (path) => ({ scope: 'project' as const, path }),
    ),
  ],
  neighbours: () => [],
  shell: 'bash',
  allowsComments: true,
  hasEnvBlock: false,
  lineFields: ['command'],
  programField: 'command',
  timeLimit: { field: 'timeout', unitMs: 1 },
  isCommandByDefault: false,
  // An exit code other than 0 and 1 with plain text denies, and 127 is one.
  refusesWhatFails: true,
  unguardedFields: [],
  advice:
    'Gemini CLI reads its settings when it starts, and may warn that a project hook has changed.',
  switchOn: 'export HOOKBUS_ENABLED=1 in the shell that starts gemini',
};
