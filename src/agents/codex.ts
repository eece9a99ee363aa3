import { join } from 'node:path';
import type { PayloadFields } from './payload-fields.ts';
import { type AgentSettings, inProject } from './settings/agent-settings.ts';

/** Codex keeps its list of trusted hooks under `hooks.state`. */
const HOLDS = /^\s*(?:\[+\s*)?hooks\b(?!\s*\.\s*state\b)/m;

/** Codex CLI: like Claude Code, with a turn in place of a prompt. */
export const codex: PayloadFields = { promptId: ['turn_id'] };

export const codexSettings: AgentSettings = {
  agent: 'codex',
  title: 'Codex',
  places: (places) => {
    const own = places.agentHome.codex ?? (places.home && join(places.home, '.codex'));
    const directories = [
      ...(own === undefined ? [] : [{ scope: 'user' as const, directory: own }]),
      ...inProject(places, (directory) => join(directory, '.codex')).map((directory) => ({
        scope: 'project' as const,
        directory,
      })),
    ];
    return directories.flatMap(({ scope, directory }) => [
      { scope, path: join(directory, 'hooks.json') },
      { scope, path: join(directory, 'config.toml'), holds: HOLDS },
    ]);
  },
  neighbours: () => [],
  shell: 'own',
  allowsComments: false,
  hasEnvBlock: false,
  lineFields: ['command'],
  programField: 'command',
  timeLimit: {
    field: 'timeout',
    unitMs: 1000,
    defaultMs: (event) => (event === 'SessionEnd' || event === 'Interrupt' ? 1000 : 600_000),
  },
  isCommandByDefault: false,
  unguardedFields: [],
  warning:
    'Codex skips a wrapped hook, without a word, until you trust it again: type /hooks in Codex.',
  advice: 'To see which hooks Codex trusts: hookbus hooks --agent codex',
  switchOn: 'export HOOKBUS_ENABLED=1 in the shell that starts codex',
};
