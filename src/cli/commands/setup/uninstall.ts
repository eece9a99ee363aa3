import { SETTINGS_EXIT_CODES, SETTINGS_OPTIONS } from '../../settings/settings-options.ts';
import type { Command } from '../../words/command.ts';

export const uninstallCommand: Command = {
  name: 'uninstall',
  isAside: true,
  summary: 'Take out of the settings what install put in',
  usage: '[options]',
  about: [
    'Takes the prefix of `hookbus install` out of each command, also where you changed other things in the file since then; and the HOOKBUS_ENABLED of its --enable. A prefix that you wrote in words of your own stays.',
    'What was recorded stays as well; it is in the state directory, see `hookbus status`.',
  ],
  options: {
    ...SETTINGS_OPTIONS,
    all: {
      describe:
        'every file that install wrote, of every agent, wherever it is; goes with --yes, --dry-run and --json alone',
    },
  },
  exitCodes: SETTINGS_EXIT_CODES,
  examples: [
    ['hookbus uninstall', 'every settings file that applies here'],
    ['hookbus uninstall --all', 'every settings file that install wrote'],
    ['hookbus uninstall --settings .claude/settings.json', 'one file'],
  ],
  perform: async (given, context) => {
    if (given.isOn('all'))
      return (await import('../../settings/uninstall-all.ts')).uninstallAll(given, context);
    const { workOnSettings } = await import('../../settings/settings-work.ts');
    return workOnSettings('uninstall', given, context);
  },
};
