import { SETTINGS_EXIT_CODES, SETTINGS_OPTIONS } from '../../settings/settings-options.ts';
import type { Command } from '../../words/command.ts';

export const installCommand: Command = {
  name: 'install',
  opposite: 'uninstall',
  summary: "Put hookbus before the hooks in an agent's settings",
  usage: '[options]',
  about: [
    'Puts `hookbus run` before the command of each hook, and changes nothing else in the file. How the file was before is kept in the state directory; `hookbus uninstall` gives the commands back as they were.',
    'In a file that a team shares, hooks run as before on a machine without hookbus. What is no command is left alone.',
  ],
  options: {
    ...SETTINGS_OPTIONS,
    enable: { describe: 'also switch recording on, by HOOKBUS_ENABLED in the env block' },
  },
  exitCodes: SETTINGS_EXIT_CODES,
  examples: [
    ['hookbus install --dry-run', 'what would change, as a diff'],
    ['hookbus install --scope user --enable', 'your own hooks, recorded from now on'],
    ['hookbus install --only guard_rm', 'one hook, wherever it is'],
  ],
  perform: async (given, context) => {
    const { workOnSettings } = await import('../../settings/settings-work.ts');
    return workOnSettings('install', given, context);
  },
};
