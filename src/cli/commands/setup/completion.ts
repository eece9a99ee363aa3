import { COMPLETION_SCRIPTS } from '../../completion/completion-scripts.ts';
import { type Command, EXIT_CODES } from '../../words/command.ts';
import { expected } from '../../words/values.ts';

type Shell = keyof typeof COMPLETION_SCRIPTS;
const SHELLS = Object.keys(COMPLETION_SCRIPTS) as Shell[];

export const completionCommand: Command = {
  name: 'completion',
  summary: 'Print what makes your shell complete hookbus',
  isAside: true,
  usage: 'SHELL',
  about: [
    'Prints a script for your shell to read. It then completes commands, options, statuses, and the hooks, events and executions that are on record.',
  ],
  argument: { name: 'SHELL', describe: SHELLS.join(', '), values: SHELLS },
  options: {},
  exitCodes: EXIT_CODES,
  examples: [
    ['source <(hookbus completion bash)', 'in ~/.bashrc; with zsh in ~/.zshrc, behind compinit'],
    [
      'hookbus completion fish > ~/.config/fish/completions/hookbus.fish',
      'once, and after an update',
    ],
  ],
  perform: async (given) => {
    const shell = SHELLS.find((name) => name === given.argument);
    if (shell === undefined) throw expected('SHELL', SHELLS.join(', '), given.argument ?? '');
    const script = COMPLETION_SCRIPTS[shell];
    return { json: { shell, script }, lines: () => script.split('\n') };
  },
};
