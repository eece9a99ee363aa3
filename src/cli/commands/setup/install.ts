import { SETTINGS_EXIT_CODES, SETTINGS_OPTIONS } from '../../settings/settings-options.ts';
import { STORE_RAW } from '../../settings/store-raw-option.ts';
import type { Command } from '../../words/command.ts';

export const installCommand: Command = {
  name: 'install',
  opposite: 'uninstall',
  summary: "Put hookbus before the hooks in your agent's settings",
  usage: '[options]',
  about: [
    'Puts `hookbus run` before the command of each hook, and changes nothing else in the file. It keeps a backup of the file in the state directory; `hookbus uninstall` restores the commands.',
    'Without --scope it changes your own files. It asks about each file that your team shares, and leaves it alone without a terminal or with --yes; in such a file, hooks run as before on machines without hookbus.',
    'On Windows it wraps what Claude Code runs in Git Bash, in your own files.',
    'A hook is called by its script, or by what its line does. Names that stand in a file stay; --name changes one. Hooks that are not commands are not changed.',
  ],
  options: {
    ...SETTINGS_OPTIONS,
    name: {
      value: 'OLD=NEW',
      describe: 'call a hook NEW, also one that is wrapped already; repeatable',
      isRepeatable: true,
    },
    enable: {
      describe: 'also switch recording on, with HOOKBUS_ENABLED in the env block of your own file',
    },
    'enable-shared': { describe: 'the same in a file that a team shares, for everybody' },
    'store-raw': STORE_RAW,
    'all-hooks': {
      describe:
        'also record the hooks of plugins, skills and administrators, with CLAUDE_CODE_SHELL_PREFIX in your own file; says what that costs, and asks',
    },
  },
  exitCodes: SETTINGS_EXIT_CODES,
  examples: [
    ['hookbus install --dry-run', 'show the changes as a diff'],
    ['hookbus install --enable', 'record your own hooks from now on'],
    ['hookbus install --scope project', 'wrap the hooks that your team shares'],
    ['hookbus install --enable --all-hooks', 'record every hook of Claude Code'],
    ['hookbus install --name pre-tool-use-1=no-force-push', 'give a hook another name'],
  ],
  perform: async (given, context) => {
    const { workOnSettings } = await import('../../settings/settings-work.ts');
    return workOnSettings('install', given, context);
  },
};
