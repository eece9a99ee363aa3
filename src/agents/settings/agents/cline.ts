import { join } from 'node:path';
import { type AgentSettings, inProject } from '../agent-settings.ts';

/** The editor's extension ends a hook after 30 s. The command line waits for two events, and for no other. */
const EDITOR_LIMIT_MS = 30_000;
const LIMIT_MS = 120_000;
const WAITED_FOR: ReadonlySet<string> = new Set(['tool_call', 'tool_result']);

/** Cline, whose hooks are files that are named after their events. */
export const clineSettings: AgentSettings = {
  agent: 'cline',
  title: 'Cline',
  places: () => [],
  hookDirectories: (places) => [
    ...(places.home === undefined
      ? []
      : [{ scope: 'user' as const, path: join(places.home, 'Documents', 'Cline', 'Hooks') }]),
    ...[places.agentHome.cline ?? (places.home && join(places.home, '.cline'))].flatMap((own) =>
      own === undefined ? [] : [{ scope: 'user' as const, path: join(own, 'hooks') }],
    ),
    ...['.clinerules', '.cline'].flatMap((name) =>
      inProject(places, (directory) => join(directory, name, 'hooks')).map((path) => ({
        scope: 'project' as const,
        path,
      })),
    ),
  ],
  neighbours: () => [],
  shell: 'sh',
  allowsComments: false,
  hasEnvBlock: false,
  lineFields: [],
  programField: '',
  timeLimit: {
    field: '',
    unitMs: 1,
    defaultMs: (event) =>
      /^[A-Z]/.test(event) ? EDITOR_LIMIT_MS : WAITED_FOR.has(event) ? LIMIT_MS : Infinity,
  },
  isCommandByDefault: true,
  unguardedFields: [],
  advice: undefined,
  switchOn: 'export HOOKBUS_ENABLED=1 in the shell that starts cline',
};
