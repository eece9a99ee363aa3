import { SETTINGS_EXIT_CODES, SETTINGS_OPTIONS } from '../../settings/settings-options.ts';
import type { Command } from '../../words/command.ts';

export const installCommand: Command = {
  name: 'install',
  opposite: 'uninstall',
  summary: "Put hookbus before the hooks in your agent's settings",
  usage: '[options]',
  about: [
    'Puts `hookbus run` before the command of each hook, and changes nothing else in the file. It keeps a backup of the file in the state directory; `hookbus uninstall` restores the commands.',
    'In a file that your team shares, hooks run as before on machines without hookbus. Hooks that are not commands are not changed.',
  ],
  options: {
    ...SETTINGS_OPTIONS,
    enable: { describe: 'also switch recording on, with HOOKBUS_ENABLED in the env block' },
  },
  exitCodes: SETTINGS_EXIT_CODES,
  examples: [
    ['hookbus install --dry-run', 'show the changes as a diff'],
    ['hookbus install --scope user --enable', 'record your own hooks from now on'],
    ['hookbus install --only guard_rm', 'wrap one hook, in every file that has it'],
  ],
  perform: async (given, context) => {
    const { workOnSettings } = await import('../../settings/settings-work.ts');
    return workOnSettings('install', given, context);
  },
};
