import { join } from 'node:path';
import type { PayloadFields } from './payload-fields.ts';
import { type AgentSettings, inProject } from './settings/agent-settings.ts';
import { disableAllHooks } from './settings/disable-all-hooks.ts';

/** Copilot CLI with camelCase events; its payloads then do not name the event, except for a permission. */
export const copilot: PayloadFields = {
  eventType: ['hookName'],
  sessionId: ['sessionId'],
  toolName: ['toolName'],
  toolUseId: ['toolUseId'],
  toolInput: ['toolArgs', 'toolInput'],
};

export const copilotSettings: AgentSettings = {
  agent: 'copilot',
  title: 'Copilot CLI',
  places: (places) => {
    const own = places.agentHome.copilot ?? (places.home && join(places.home, '.copilot'));
    const github = (...names: string[]) =>
      inProject(places, (directory) => join(directory, '.github', ...names));
    return [
      ...(own === undefined
        ? []
        : [
            { scope: 'user' as const, path: join(own, 'hooks'), isDirectory: true as const },
            { scope: 'user' as const, path: join(own, 'settings.json') },
          ]),
      ...github('hooks').map((path) => ({
        scope: 'project' as const,
        path,
        isDirectory: true as const,
      })),
      ...github('copilot', 'settings.json').map((path) => ({ scope: 'project' as const, path })),
      ...github('copilot', 'settings.local.json').map((path) => ({
        scope: 'local' as const,
        path,
      })),
    ];
  },
  neighbours: () => [],
  shell: 'bash',
  allowsComments: false,
  hasEnvBlock: false,
  hasHookEnv: true,
  // Payloads of PascalCase events have hook_event_name.
  isEventUnnamed: (event) => /^[a-z]/.test(event),
  lineFields: ['bash', 'command'],
  programField: 'exec',
  timeLimit: {
    field: 'timeoutSec',
    otherField: 'timeout',
    unitMs: 1000,
    defaultMs: () => 30_000,
  },
  switchIn: disableAllHooks,
  isCommandByDefault: true,
  unguardedFields: ['command', 'exec'],
  advice: undefined,
  switchOn: 'hookbus install --agent copilot --enable',
};
