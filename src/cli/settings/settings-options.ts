import type { CommandOption } from '../words/command.ts';

/** The agents of `--agent`, for people. */
export const AGENTS_TEXT = 'claude, codex, gemini, cursor, copilot, qwen, droid, auggie or cline';

/** Options that `install` and `uninstall` share. */
export const SETTINGS_OPTIONS: Readonly<Record<string, CommandOption>> = {
  agent: {
    value: 'AGENT',
    describe: `the agent: ${AGENTS_TEXT}`,
    default: 'claude, or whose --settings FILE is',
  },
  scope: {
    value: 'SCOPE',
    describe:
      'user: yours, for every project; project: shared by a team; local: yours, for this project; managed: for all users, as root; repeatable',
    default: 'user and local; each shared file is asked about',
    isRepeatable: true,
  },
  settings: { value: 'FILE', describe: 'use this file instead; repeatable', isRepeatable: true },
  only: { value: 'HOOK', describe: 'only hooks with this name; repeatable', isRepeatable: true },
  except: { value: 'HOOK', describe: 'skip hooks with this name; repeatable', isRepeatable: true },
  yes: {
    describe:
      'do not ask, and leave shared files alone without --scope; also follow a link out of the project',
  },
  'dry-run': { describe: 'show the changes as a diff, and change nothing' },
};

export const SETTINGS_EXIT_CODES = [
  ['0', 'done, or nothing to do'],
  ['1', 'an option or a file cannot be used; nothing was changed'],
] as const;
