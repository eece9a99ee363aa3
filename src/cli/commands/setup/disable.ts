import { SETTINGS_EXIT_CODES } from '../../settings/settings-options.ts';
import type { Command } from '../../words/command.ts';
import { SWITCH_OPTIONS } from './enable.ts';

export const disableCommand: Command = {
  name: 'disable',
  isHidden: true,
  summary: 'Switch recording off; hooks run as before',
  usage: '[options]',
  about: [
    'Takes out of the settings files what `hookbus enable` and `hookbus install --enable` set there. The hooks stay wrapped and run unrecorded; `hookbus uninstall` unwraps them. `hookbus off HOOK` is for a hook that should not run.',
    'It asks before it changes a file that a team shares; without a terminal it leaves that file alone.',
  ],
  options: {
    'store-raw': { describe: 'only store no more payloads; recording stays on' },
    scope: {
      value: 'user|project|local',
      describe: 'user, project or local; repeatable',
      default: 'every file that switches it on',
      isRepeatable: true,
    },
    ...SWITCH_OPTIONS,
  },
  exitCodes: SETTINGS_EXIT_CODES,
  examples: [
    ['hookbus disable', 'record nothing for now'],
    ['hookbus disable --store-raw', 'record without payloads'],
    ['hookbus disable --scope project', 'in the file that the team shares'],
  ],
  perform: async (given, context) =>
    (await import('../../settings/switch-work.ts')).workOnSwitch('disable', given, context),
};
