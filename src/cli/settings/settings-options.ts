import type { CommandOption } from '../words/command.ts';

/** Options that `install` and `uninstall` share. */
export const SETTINGS_OPTIONS: Readonly<Record<string, CommandOption>> = {
  agent: {
    value: 'AGENT',
    describe: 'whose settings: claude, codex, gemini, cursor or copilot',
    default: 'claude',
  },
  scope: {
    value: 'SCOPE',
    describe:
      'user: your own for every project; project: what a team shares; local: your own for this project; repeatable',
    default: 'every one of them that is there',
    isRepeatable: true,
  },
  settings: { value: 'FILE', describe: 'this file instead; repeatable', isRepeatable: true },
  only: { value: 'HOOK', describe: 'only hooks of this name; repeatable', isRepeatable: true },
  except: { value: 'HOOK', describe: 'no hooks of this name; repeatable', isRepeatable: true },
  yes: {
    describe: 'ask nothing; also write a file of the project that is a link to one outside of it',
  },
  'dry-run': { describe: 'show what would change as a diff, and change nothing' },
};

export const SETTINGS_EXIT_CODES = [
  ['0', 'done, or there was nothing to do'],
  ['1', 'an option or a file cannot be used; no file was changed'],
] as const;
