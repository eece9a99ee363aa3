import { join } from 'node:path';
import type { Node } from 'jsonc-parser';
import { type AgentSettings, inProject } from '../agent-settings.ts';
import { memberOf } from '../read-settings-text.ts';

const NAMES = ['hooks.json', 'settings.json', join('hooks', 'hooks.json')];

/** Its settings.json has events under `hooks`, its hooks.json at the top. */
function eventsIn(root: Node): Node | undefined {
  const under = memberOf(root, 'hooks');
  if (under !== undefined) return under;
  const events = (root.children ?? []).filter(({ children }) =>
    /^[A-Z]/.test(String(children?.[0]?.value)),
  );
  return events.length === 0 ? undefined : { ...root, children: events };
}

/** Factory Droid. */
export const droidSettings: AgentSettings = {
  agent: 'droid',
  title: 'Factory Droid',
  places: (places) => [
    ...(places.home === undefined
      ? []
      : NAMES.map((name) => ({
          scope: 'user' as const,
          path: join(places.home ?? '', '.factory', name),
        }))),
    ...NAMES.flatMap((name) =>
      inProject(places, (directory) => join(directory, '.factory', name)).map((path) => ({
        scope: 'project' as const,
        path,
      })),
    ),
  ],
  neighbours: () => [],
  shell: 'sh',
  allowsComments: true,
  hasEnvBlock: false,
  eventsIn,
  lineFields: ['command'],
  programField: 'command',
  timeLimit: { field: 'timeout', unitMs: 1000, defaultMs: () => 60_000 },
  switchIn(root) {
    const node = memberOf(memberOf(root, 'hooks') ?? root, 'hooksDisabled');
    return node && { node, name: 'hooksDisabled', isOff: node.value === true };
  },
  isCommandByDefault: false,
  unguardedFields: [],
  advice: undefined,
  switchOn: 'export HOOKBUS_ENABLED=1 in the shell that starts droid',
};
