import { join } from 'node:path';
import { isSimpleCommand } from '../../../domain/hook/shell-line.ts';
import { type AgentSettings, inProject } from '../agent-settings.ts';

/** Auggie writes the values of these into a command, except its own, which it does not have itself. */
const WRITTEN = String.raw`(?<!\\)\$\{(?!AUGMENT_)[A-Za-z_]\w*(?::-[^}]*)?\}`;

/** Auggie hands a line with one of these to bash, also where they stand in quotes. */
const FOR_BASH = /^~|[|&;><$\x60]/;

/** Words that Auggie and bash read alike, with one or more blanks between. */
const WORD = String.raw`(?:(?:[\w./+@:%,-]|${WRITTEN})[\w./+@:%,=-]*|"[^"$\x60\\!]*"|'[^'\\]*')`;
const WORDS = new RegExp(`^ *${WORD}(?: +(?:${WORD}|[\\w./+@:%,=-]+))* *$`);

const DIFFERS =
  'Auggie starts it without a shell, and the shell of a prefix could read it differently';

/** Auggie splits a command into words and starts it without a shell, unless it sees a sign of one. */
function reasonToLeave(kind: 'line' | 'program' | 'other', own: string): string | undefined {
  if (kind === 'program') return own.startsWith('~') ? DIFFERS : undefined;
  const isForBash = FOR_BASH.test(own.replaceAll(new RegExp(WRITTEN, 'g'), ''));
  return isForBash || (WORDS.test(own) && isSimpleCommand(own)) ? undefined : DIFFERS;
}

/** Auggie, of Augment. */
export const auggieSettings: AgentSettings = {
  agent: 'auggie',
  title: 'Auggie',
  places: (places) => [
    ...(places.home === undefined
      ? []
      : [{ scope: 'user' as const, path: join(places.home, '.augment', 'settings.json') }]),
    ...inProject(places, (directory) => join(directory, '.augment', 'settings.json')).map(
      (path) => ({ scope: 'project' as const, path }),
    ),
    ...inProject(places, (directory) => join(directory, '.augment', 'settings.local.json')).map(
      (path) => ({ scope: 'local' as const, path }),
    ),
  ],
  neighbours: () => [],
  shell: 'bash',
  allowsComments: true,
  hasEnvBlock: false,
  lineFields: ['command'],
  programField: 'command',
  timeLimit: { field: 'timeout', unitMs: 1, defaultMs: () => 60_000 },
  isCommandByDefault: false,
  writesIntoLines: new RegExp(WRITTEN),
  reasonToLeave,
  unguardedFields: [],
  advice: undefined,
  switchOn: 'export HOOKBUS_ENABLED=1 in the shell that starts auggie',
};
