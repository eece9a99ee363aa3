import type { Begin } from '../record.ts';

/** Identifies a hook. Two hooks with the same name and different commands are two hooks. */
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

/** A shell line that runs the same command. C port: src/launcher/gate.c. */
export function commandLine(argv: readonly string[]): string {
  const [program, option, line] = argv;
  if (program === '/bin/sh' && option === '-c' && line !== undefined && argv.length === 3)
    return line;
  return argv.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Maximum length of a stored command line; a truncated one ends in `…`. */
export const COMMAND_BYTES = 4096;

/** Whether a stored command was truncated. */
export const isCutCommand = (command: string): boolean =>
  command.endsWith('…') && Buffer.byteLength(command) > COMMAND_BYTES - 8;

/** Whether a stored command is exactly what ran. One that was truncated or held a secret cannot identify its hook. */
export const isWholeCommand = (command: string): boolean =>
  !command.includes('[redacted:') && !isCutCommand(command);

/** How config.json names a hook. */
export const hookText = ({ hookName, command }: HookId): string => `${hookName}: ${command}`;

/** Removes duplicates. */
export function uniqueHooks(hooks: Iterable<HookId>): HookId[] {
  return [
    ...new Map(
      Array.from(hooks, (hook) => [JSON.stringify([hook.hookName, hook.command]), hook]),
    ).values(),
  ];
}
