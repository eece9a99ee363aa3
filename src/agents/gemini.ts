import { join } from 'node:path';
import type { PayloadFields } from './payload-fields.ts';
import { type AgentSettings, inProject } from './settings/agent-settings.ts';
import { geminiFaults } from './settings/gemini-faults.ts';
import { memberOf } from './settings/read-settings-text.ts';

/** Gemini CLI: the names of Claude Code, but tool uses have no id. */
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
  hasHookEnv: true,
  lineFields: ['command'],
  programField: 'command',
  timeLimit: { field: 'timeout', unitMs: 1, defaultMs: () => 60_000 },
  switchIn(root) {
    const node = memberOf(memberOf(root, 'hooksConfig'), 'enabled');
    return node && { node, name: 'hooksConfig.enabled', isOff: node.value === false };
  },
  isCommandByDefault: false,
  unguardedFields: [],
  faultsIn: (root) => geminiFaults(root),
  writesIntoLines: /\$(?:GEMINI_(?:PROJECT_DIR|CWD|PLANS_DIR|SESSION_ID)|CLAUDE_PROJECT_DIR)/,
  disabledIn: (root) => {
    const list = memberOf(memberOf(root, 'hooksConfig'), 'disabled');
    return list?.type === 'array' ? (list.children ?? []).map(({ value }) => String(value)) : [];
  },
  advice:
    'Gemini CLI reads its settings when it starts, and may warn that a project hook has changed.',
  switchOn: 'hookbus install --agent gemini --enable',
};
