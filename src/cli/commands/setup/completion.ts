import { COMPLETION_SCRIPTS } from '../../completion/completion-scripts.ts';
import { type Command, EXIT_CODES } from '../../words/command.ts';
import { requireWord } from '../../words/values.ts';

type Shell = keyof typeof COMPLETION_SCRIPTS;
const SHELLS = Object.keys(COMPLETION_SCRIPTS) as Shell[];

export const completionCommand: Command = {
  name: 'completion',
  summary: 'Print a completion script for your shell',
  isHidden: true,
  usage: 'SHELL',
  about: [
    'Prints a script for your shell to load. It completes commands, options, statuses, and recorded hooks, events and executions.',
  ],
  argument: { name: 'SHELL', describe: SHELLS.join(', '), values: SHELLS },
  options: {},
  exitCodes: EXIT_CODES,
  examples: [
    ['source <(hookbus completion bash)', 'in ~/.bashrc; for zsh in ~/.zshrc, after compinit'],
    [
      'hookbus completion fish > ~/.config/fish/completions/hookbus.fish',
      'once, and after each update',
    ],
  ],
  perform: async (given) => {
    const shell = requireWord('SHELL', given.argument, SHELLS);
    const script = COMPLETION_SCRIPTS[shell];
    return { json: { shell, script }, lines: () => script.split('\n') };
  },
};
