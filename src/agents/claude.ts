import { join } from 'node:path';
import { defaultLimitMs } from '../domain/events.ts';
import type { PayloadFields } from './payload-fields.ts';
import { type AgentSettings, inProject } from './settings/agent-settings.ts';
import { claudeFaults } from './settings/claude-faults.ts';
import { disableAllHooks } from './settings/disable-all-hooks.ts';

/** Claude Code. Codex and Gemini CLI use the same names, except for those in their own files. */
export const claude: PayloadFields = {
  eventType: ['hook_event_name'],
  toolName: ['tool_name'],
  sessionId: ['session_id'],
  toolUseId: ['tool_use_id'],
  promptId: ['prompt_id'],
  subagent: ['agent_type'],
  toolInput: ['tool_input'],
};

const MANAGED = [
  '/etc/claude-code/managed-settings.json',
  '/Library/Application Support/ClaudeCode/managed-settings.json',
];

export const claudeSettings: AgentSettings = {
  agent: 'claude',
  title: 'Claude Code',
  places: (places) => {
    const own = places.agentHome.claude ?? (places.home && join(places.home, '.claude'));
    return [
      ...(own === undefined ? [] : [{ scope: 'user' as const, path: join(own, 'settings.json') }]),
      ...inProject(places, (directory) => join(directory, '.claude', 'settings.json')).map(
        (path) => ({ scope: 'project' as const, path }),
      ),
      ...inProject(places, (directory) => join(directory, '.claude', 'settings.local.json')).map(
        (path) => ({ scope: 'local' as const, path }),
      ),
    ];
  },
  neighbours: ({ home, agentHome }) => {
    const own = agentHome.claude ?? (home && join(home, '.claude'));
    const byPlugins = 'has hooks of plugins, which updates overwrite';
    return [
      ...MANAGED.map((path) => ({
        path,
        saying: 'is managed by an administrator',
        holds: /"hooks"/,
      })),
      ...(own === undefined
        ? []
        : [
            { path: join(own, 'plugins', 'installed_plugins.json'), saying: byPlugins, holds: /@/ },
          ]),
    ];
  },
  shell: 'sh',
  allowsComments: false,
  hasEnvBlock: true,
  lineFields: ['command'],
  programField: 'command',
  timeLimit: { field: 'timeout', unitMs: 1000, defaultMs: defaultLimitMs },
  faultsIn: claudeFaults,
  switchIn: disableAllHooks,
  isCommandByDefault: false,
  unguardedFields: [],
  advice: undefined,
  switchOn:
    'hookbus install --enable, or "HOOKBUS_ENABLED": "1" in the env block of a settings file',
};
