import { SETTINGS_EXIT_CODES, SETTINGS_OPTIONS } from '../../settings/settings-options.ts';
import type { Command } from '../../words/command.ts';

export const uninstallCommand: Command = {
  name: 'uninstall',
  isHidden: true,
  summary: 'Remove what install added to the settings',
  usage: '[options]',
  about: [
    'Removes the prefix of `hookbus install` from each command, and the HOOKBUS_ENABLED of --enable, even if you have changed the file since. A prefix that you wrote by hand stays.',
    'Recorded executions stay in the state directory; `hookbus status` shows where it is.',
  ],
  options: {
    ...SETTINGS_OPTIONS,
    all: {
      describe:
        'every file that install wrote, of every agent; only --yes, --dry-run and --json can be added',
    },
  },
  exitCodes: SETTINGS_EXIT_CODES,
  examples: [
    ['hookbus uninstall', 'unwrap every settings file that applies here'],
    ['hookbus uninstall --all', 'unwrap every settings file that install wrote'],
    ['hookbus uninstall --settings .claude/settings.json', 'unwrap one file'],
  ],
  perform: async (given, context) => {
    if (given.isOn('all'))
      return (await import('../../settings/uninstall-all.ts')).uninstallAll(given, context);
    const { workOnSettings } = await import('../../settings/settings-work.ts');
    return workOnSettings('uninstall', given, context);
  },
};
