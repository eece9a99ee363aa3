import type { Environment, Settings } from '../../config/settings.ts';
import type { Page } from '../output/page.ts';

/** One option of a command, as its help shows it. */
export interface CommandOption {
  /** What it does, with the unit of its value. */
  readonly describe: string;
  /** The placeholder of its value in the help; a switch has none. */
  readonly value?: string;
  /** `--name` alone counts too; the value can only be given as `--name=VALUE`. */
  readonly isValueOptional?: boolean;
  /** Its default, in words. */
  readonly default?: string;
  /** One letter that stands for it: `n` for `-n 5`. */
  readonly short?: string;
  /** It may be given several times, and every value counts. */
  readonly isRepeatable?: boolean;
}

/** A positional argument of a command. */
interface CommandArgument {
  readonly name: string;
  readonly describe: string;
  readonly default?: string;
  /** The possible values, if they are fixed; a shell completes them. */
  readonly values?: readonly string[];
  /** It may be given any number of times. */
  readonly isRepeatable?: boolean;
}

/** The arguments of a command. Every value is still text; the command parses it. */
export interface Given {
  readonly argument: string | undefined;
  /** The arguments after the first, if the command takes any. */
  readonly moreArguments: readonly string[];
  /** The words after `--`, if the command takes any. */
  readonly passthrough: readonly string[] | undefined;
  readonly value: (option: string) => string | undefined;
  readonly values: (option: string) => readonly string[];
  readonly isOn: (option: string) => boolean;
}

/** What a command line gets from the process that performs it. */
export interface Surroundings {
  readonly env: Environment;
  readonly cwd: () => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Node, and the file that it runs. */
  readonly node: string;
  readonly script: string;
  /** The size of the terminal now; undefined if stdout is none. */
  readonly screen: () => { readonly columns: number; readonly rows: number } | undefined;
  /** Takes the whole terminal until the result is called, or a signal ends the process; then it is as before, with this. */
  readonly holdScreen: (last: () => string) => () => void;
  /** Calls this when the terminal has another size, until the result is called. */
  readonly onResize: (resized: () => void) => () => void;
  /** Asks the user, who may give no answer; undefined if there is no terminal to ask at. */
  readonly ask: ((question: string) => Promise<string | undefined>) | undefined;
  /** The text on stdin. */
  readonly readInput: () => string;
  /** Writes to stdout; resolves once the reader can take more. */
  readonly write: (text: string) => Promise<void>;
  /** Writes to stderr if that is a terminal. */
  readonly remark: (text: string) => void;
}

/** What a command gets. */
export interface Context extends Surroundings {
  readonly settings: Settings;
}

/** The output of a command, for programs and for people. */
export interface Answer {
  readonly json: unknown;
  readonly lines: (page: Page) => readonly string[];
  /** The default is 0. */
  readonly exitCode?: 0 | 1;
}

/** Where a command that runs until it is stopped writes its output. */
export interface LiveOutput {
  readonly page: Page;
  /** Resolves once the reader can take more. */
  readonly lines: (lines: readonly string[]) => Promise<void>;
  /** Replaces the previous output on a terminal; elsewhere appends to it. */
  readonly redraw: (lines: (page: Page) => readonly string[]) => Promise<void>;
  /** Resolves after this time, or as soon as the terminal has another size. */
  readonly pause: (ms: number) => Promise<void>;
  /** One JSON value a line. */
  readonly json: (values: readonly unknown[]) => Promise<void>;
}

/** The output of a command that runs until it is stopped, or until its output is closed. */
export interface LiveAnswer {
  readonly live: (output: LiveOutput) => Promise<void>;
}

/** One command: a module of `commands/`, and a line in its list. */
export interface Command {
  readonly name: string;
  /** What it does, in at most 60 characters. */
  readonly summary: string;
  /** The command that undoes it; the overview shows both on one line. */
  readonly opposite?: string;
  /** The overview only names it, because it is rarely needed. */
  readonly isHidden?: boolean;
  /** On a terminal, an answer that is longer than the screen goes through a pager, unless --no-pager is given. */
  readonly isPaged?: boolean;
  /** The usage line after the name. */
  readonly usage: string;
  /** Paragraphs of the help. */
  readonly about: readonly string[];
  readonly argument?: CommandArgument;
  /** The arguments after the first. */
  readonly moreArguments?: readonly CommandArgument[];
  /** Describes the words after `--`, if it takes any. */
  readonly passthrough?: CommandArgument;
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly exitCodes: readonly (readonly [code: string, meaning: string])[];
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** @throws HookbusError for a problem that the user can fix */
  readonly perform: (given: Given, context: Context) => Promise<Answer | LiveAnswer>;
}

/** Exit codes of a command for people. */
export const EXIT_CODES = [
  ['0', 'done'],
  ['1', 'an option or a value is invalid, or the database cannot be used'],
] as const;
