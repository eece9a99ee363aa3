import type { Begin } from '../record.ts';
import { defaultHookName } from './hook-name.ts';
import { shellWord } from './shell-word.ts';

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
  return isShellLine(argv) && argv.length === 3 ? (argv[2] ?? '') : quoteWords(argv);
}

const isShellLine = ([program, option, line]: readonly string[]): boolean =>
  program === '/bin/sh' && option === '-c' && line !== undefined;

/** What identifies a run without a name: its default name follows from this, and no two commands share it. */
export interface NamelessRun {
  readonly argv: readonly string[];
  /** Of `--shell`: the line, which is the third word. */
  readonly shellLine?: string | undefined;
}

/** The runs without a name that are this hook's all the same, since they are called as it is. */
export function namelessRuns({ hookName, command }: HookId): NamelessRun[] {
  return argvsOf(command)
    .flatMap((argv) => [{ argv }, ...(isShellLine(argv) ? [{ argv, shellLine: argv[2] }] : [])])
    .filter(({ argv, shellLine }) => defaultHookName(argv, shellLine) === hookName);
}

/** The calls that are recorded as this command line: by a shell, or directly. */
export const argvsOf = (command: string): string[][] =>
  [['/bin/sh', '-c', command], wordsOf(command)].filter((argv) => commandLine(argv) === command);

export function quoteWords(argv: readonly string[]): string {
  return argv.map(shellWord).join(' ');
}

/** The words that were quoted so; of any other line no matter what. */
const wordsOf = (line: string): string[] =>
  (line.match(/'[^']*(?:'\\''[^']*)*'|[^' ]+/g) ?? []).map((word) =>
    word.startsWith("'") ? word.slice(1, -1).replaceAll(`'\\''`, "'") : word,
  );

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
