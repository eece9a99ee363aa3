import { join } from 'node:path';
import type { PayloadFields } from './payload-fields.ts';
import { type AgentSettings, inProject } from './settings/agent-settings.ts';

/** Cursor: a conversation is a session, and a generation is a prompt. */
export const cursor: PayloadFields = {
  sessionId: ['conversation_id'],
  promptId: ['generation_id'],
};

export const cursorSettings: AgentSettings = {
  agent: 'cursor',
  title: 'Cursor',
  places: (places) => [
    ...(places.home === undefined
      ? []
      : [{ scope: 'user' as const, path: join(places.home, '.cursor', 'hooks.json') }]),
    ...inProject(places, (directory) => join(directory, '.cursor', 'hooks.json')).map((path) => ({
      scope: 'project' as const,
      path,
    })),
  ],
  neighbours: () => [],
  shell: 'bash',
  allowsComments: true,
  hasEnvBlock: false,
  lineFields: ['command'],
  programField: 'command',
  timeLimit: { field: 'timeout', unitMs: 1000, defaultMs: () => 60_000 },
  isCommandByDefault: true,
  unguardedFields: [],
  advice:
    'Cursor may also run the hooks of .claude/settings.json (third-party hooks): hookbus install --agent claude wraps those.',
  switchOn: 'export HOOKBUS_ENABLED=1 in the environment that Cursor is started in',
};
