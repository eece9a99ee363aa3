import type { Settings } from '../../config/settings.ts';
import type { Page } from '../output/page.ts';

/** One option of a command, as its help shows it. */
export interface CommandOption {
  /** What it does, with the unit of its value. */
  readonly describe: string;
  /** What stands for its value in the help; absent: it is a switch. */
  readonly value?: string;
  /** What holds without it, in words. */
  readonly default?: string;
  /** Given several times, every value counts; otherwise that is a mistake. */
  readonly isRepeatable?: boolean;
}

/** A word that a command may take beside its options. */
interface CommandArgument {
  readonly name: string;
  readonly describe: string;
  readonly default?: string;
  /** All that it may be, where that is known beforehand; a shell completes it. */
  readonly values?: readonly string[];
  /** It may be given any number of times. */
  readonly isRepeatable?: boolean;
}

/** What a person gave. Every value is still text: each command reads its own. */
export interface Given {
  readonly argument: string | undefined;
  /** The words behind the argument, as far as the command takes any. */
  readonly further: readonly string[];
  /** The words behind `--`, where the command takes any. */
  readonly behindDashes: readonly string[] | undefined;
  readonly value: (option: string) => string | undefined;
  readonly values: (option: string) => readonly string[];
  readonly isOn: (option: string) => boolean;
}

/** What a command may use of the world. */
export interface Context {
  readonly settings: Settings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What a command has to say, for programs and for people. */
export interface Answer {
  readonly json: unknown;
  readonly lines: (page: Page) => readonly string[];
  /** 0 where it is left out. */
  readonly exitCode?: 0 | 1;
}

/** Where a command that has no end says what it has to say. */
export interface LiveOutput {
  readonly page: Page;
  /** Resolves once the reader can take more. */
  readonly lines: (lines: readonly string[]) => Promise<void>;
  /** On a terminal in the place of what was there before, else behind it. */
  readonly redraw: (lines: (page: Page) => readonly string[]) => Promise<void>;
  /** One JSON value a line. */
  readonly json: (values: readonly unknown[]) => Promise<void>;
}

/** A command that goes on until it is ended, or nobody reads it any more. */
export interface LiveAnswer {
  readonly live: (output: LiveOutput) => Promise<void>;
}

/** One command: a module of `commands/`, and a line in its list. */
export interface Command {
  readonly name: string;
  /** What it does, in at most 60 characters. */
  readonly summary: string;
  /** The command that undoes it, which the overview has on the same line. */
  readonly opposite?: string;
  /** Nobody needs it every day, so the overview goes without it. */
  readonly isAside?: boolean;
  /** What follows the name in the usage line. */
  readonly usage: string;
  /** Paragraphs of the help. */
  readonly about: readonly string[];
  readonly argument?: CommandArgument;
  /** Words that it takes behind the argument. */
  readonly furtherArguments?: readonly CommandArgument[];
  /** What the words behind `--` are, where it takes any. */
  readonly behindDashes?: CommandArgument;
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly exitCodes: readonly (readonly [code: string, meaning: string])[];
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** @throws HookbusError for what the person can mend */
  readonly perform: (given: Given, context: Context) => Promise<Answer | LiveAnswer>;
}

/** Exit codes of a command for people. */
export const EXIT_CODES = [
  ['0', 'done'],
  ['1', 'an option or a value cannot be used, or the database cannot'],
] as const;
