import type { Begin } from '../record.ts';

/** A hook, as it is told from others: two that happen to have one name are two hooks. */
export interface HookId {
  readonly hookName: string;
  /** The shell line that runs it, as `commandLine` writes it. */
  readonly command: string;
}

/** The hook of an execution. */
export const hookOf = ({ hookName, argv }: Pick<Begin, 'hookName' | 'argv'>): HookId => ({
  hookName,
  command: commandLine(argv),
});

/** A shell line that runs the same command. Twin: src/launcher/gate.c. */
export function commandLine(argv: readonly string[]): string {
  const [program, option, line] = argv;
  if (program === '/bin/sh' && option === '-c' && line !== undefined && argv.length === 3)
    return line;
  return argv.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Longest command line that is stored; one that was cut ends in `…`. */
export const COMMAND_BYTES = 4096;

/** Whether a stored command is not all of the command that ran. */
export const isCutCommand = (command: string): boolean =>
  command.endsWith('…') && Buffer.byteLength(command) > COMMAND_BYTES - 8;

/** Whether a command is on record as it ran; one that had a secret in it is not, and is no way to find its hook. */
export const isWholeCommand = (command: string): boolean =>
  !command.includes('[redacted:') && !isCutCommand(command);

/** How config.json names a hook. */
export const hookText = ({ hookName, command }: HookId): string => `${hookName}: ${command}`;

/** Each hook once. */
export function uniqueHooks(hooks: Iterable<HookId>): HookId[] {
  return [
    ...new Map(
      Array.from(hooks, (hook) => [JSON.stringify([hook.hookName, hook.command]), hook]),
    ).values(),
  ];
}
