import { join } from 'node:path';
import type { PayloadFields } from './payload-fields.ts';
import { type AgentSettings, inProject } from './settings/agent-settings.ts';

/** Codex CLI: like Claude Code, with a turn in place of a prompt. */
export const codex: PayloadFields = { promptId: ['turn_id'] };

export const codexSettings: AgentSettings = {
  agent: 'codex',
  title: 'Codex',
  places: (places) => {
    const own = places.agentHome.codex ?? (places.home && join(places.home, '.codex'));
    return [
      ...(own === undefined ? [] : [{ scope: 'user' as const, path: join(own, 'hooks.json') }]),
      ...inProject(places, (directory) => join(directory, '.codex', 'hooks.json')).map((path) => ({
        scope: 'project' as const,
        path,
      })),
    ];
  },
  neighbours: (places) => {
    const own = places.agentHome.codex ?? (places.home && join(places.home, '.codex'));
    const project = inProject(places, (directory) => join(directory, '.codex'));
    return [...(own === undefined ? [] : [own]), ...project].map((directory) => ({
      path: join(directory, 'config.toml'),
      saying: 'has hooks in TOML; move them to hooks.json to have them recorded',
      // Codex keeps its list of trusted hooks under `hooks.state`.
      holds: /^\s*\[+\s*hooks\b(?!\s*\.\s*state\b)/m,
    }));
  },
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
  advice: 'Codex skips a hook whose command has changed until you trust it: type /hooks in Codex.',
  switchOn: 'export HOOKBUS_ENABLED=1 in the shell that starts codex',
};
