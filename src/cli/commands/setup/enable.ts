import { SETTINGS_EXIT_CODES } from '../../settings/settings-options.ts';
import { STORE_RAW } from '../../settings/store-raw-option.ts';
import type { Command, CommandOption } from '../../words/command.ts';

/** Options that `enable` and `disable` share. */
export const SWITCH_OPTIONS: Readonly<Record<string, CommandOption>> = {
  agent: {
    value: 'AGENT',
    describe: 'an agent whose settings have an env block',
    default: 'claude',
  },
  settings: { value: 'FILE', describe: 'use this file instead; repeatable', isRepeatable: true },
  'dry-run': { describe: 'show the changes as a diff, and change nothing' },
};

export const enableCommand: Command = {
  name: 'enable',
  opposite: 'disable',
  summary: 'Switch recording on, and off again',
  usage: '[options]',
  about: [
    'Sets HOOKBUS_ENABLED in the env block of your settings file, so that the wrapped hooks are recorded. `hookbus disable` takes it out again.',
    'A file that a team shares is changed only if you name it. A file of the project counts more than your own; `enable` names one that switches recording off.',
  ],
  options: {
    'store-raw': STORE_RAW,
    'store-only': {
      value: 'LIST',
      describe: 'store payloads of these decisions and statuses only, such as deny,error',
    },
    scope: {
      value: 'user|project|local',
      describe:
        'user: yours, for every project; project: shared by a team; local: yours, for this project; repeatable',
      default: 'user',
      isRepeatable: true,
    },
    ...SWITCH_OPTIONS,
  },
  exitCodes: SETTINGS_EXIT_CODES,
  examples: [
    ['hookbus enable', 'record the hooks of every project'],
    ['hookbus enable --store-raw', 'record them with their payloads'],
    ['hookbus enable --scope local', 'record them in this project'],
  ],
  perform: async (given, context) =>
    (await import('../../settings/switch-work.ts')).workOnSwitch('enable', given, context),
};
