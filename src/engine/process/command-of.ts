import { windowsCommand } from '../../os/windows/windows-command.ts';

/** What to start, and with which options of `spawn`. @throws an error with a code if it cannot be started as it is */
export function commandOf(argv: readonly string[], platform = process.platform) {
  if (platform === 'win32') {
    const { program, parameters, isVerbatim } = windowsCommand(argv);
    return { program, parameters, windowsHide: true, windowsVerbatimArguments: isVerbatim };
  }
  const [program = '', ...parameters] = argv;
  return { program, parameters };
}
