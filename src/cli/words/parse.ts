import { parseArgs } from 'node:util';
import type { Command, CommandOption, Given } from './command.ts';
import { meantForOption, meantOption } from './meanings.ts';
import { guessed } from './nearest.ts';
import { quote, usageError } from './values.ts';

/** A command line, split but not yet checked. */
export interface Parsed {
  /** Undefined if no word names one. */
  readonly command: Command | undefined;
  readonly asksForHelp: boolean;
  /** The words that are no options, without the command's name; without a command, every word. */
  readonly rest: readonly string[];
  /** The words after the first `--`; undefined if there is no `--`, or the command takes none. */
  readonly passthrough: readonly string[] | undefined;
  readonly options: readonly GivenOption[];
}

interface GivenOption {
  /** As the user typed it, without its value: `--limit`. */
  readonly word: string;
  readonly name: string;
  readonly value: string | undefined;
}

type Options = Readonly<Record<string, CommandOption>>;

/** Options of every command. */
const COMMON: Options = {
  json: { describe: '' },
  help: { describe: '', short: 'h' },
  'no-pager': { describe: '' },
};

/** A common option, which may also come before the name of the command. */
const COMMON_WORD = /^(?:-h|--(?:json|help|no-pager)(?:=.*)?)$/;

/** A word such as `-5` is an argument, and so is `-`. */
const NUMBER = /^-[\d.]/;
const OPTION = /^-[^\d.]/;

/** Finds the command and splits the words. */
export function parseWords(words: readonly string[], commands: readonly Command[]): Parsed {
  const at = words.findIndex((word) => !COMMON_WORD.test(word));
  const command = commandNamed(words[at], commands);
  const own = words.filter((_, index) => index !== at || command === undefined);
  const dashes = command?.passthrough === undefined ? -1 : own.indexOf('--');
  const { options, rest } = split(dashes < 0 ? own : own.slice(0, dashes), optionsOf(command));
  return {
    command,
    asksForHelp: isOn(options, 'help'),
    rest: command === undefined ? own.slice(at < 0 ? own.length : at) : rest,
    passthrough: dashes < 0 ? undefined : own.slice(dashes + 1),
    options,
  };
}

/** In any case, but for `run`: the launcher knows it in lower case only. */
function commandNamed(word = '', commands: readonly Command[]): Command | undefined {
  const found = commands.find(({ name }) => name === word.toLowerCase());
  return found?.name === 'run' && word !== 'run' ? undefined : found;
}

/** Whether a switch is on; the last of several counts. */
function isOn(options: readonly GivenOption[], name: string): boolean {
  const last = options.findLast((option) => option.name === name);
  return last !== undefined && (last.value ?? 'true') === 'true';
}

const optionsOf = (command: Command | undefined): Options => ({ ...COMMON, ...command?.options });

function split(words: readonly string[], known: Options): Pick<Parsed, 'options' | 'rest'> {
  const entries = Object.entries(known);
  const longOf = new Map<string, string>(
    entries.flatMap(([name, { value, short, isValueOptional }]) =>
      value === undefined || isValueOptional === true
        ? []
        : [[`--${name}`, name] as const, [`-${short}`, name] as const],
    ),
  );
  const { tokens } = parseArgs({
    args: words.map((word, at) => {
      // `--limit --json` forgot the number; parseArgs would take any next word for it.
      const isForgotten = longOf.has(word) && OPTION.test(words[at + 1] ?? '');
      return isForgotten ? `--${longOf.get(word)}=` : word;
    }),
    options: Object.fromEntries(
      entries.map(([name, { value, short, isValueOptional }]) => [
        name,
        {
          // With `--name=VALUE`, a boolean has a value too.
          type: value === undefined || isValueOptional === true ? 'boolean' : 'string',
          ...(short === undefined ? {} : { short }),
        },
      ]),
    ),
    // Messages are our own.
    strict: false,
    tokens: true,
  });
  const found = tokens.filter((token) => token.kind !== 'option-terminator');
  // `-15` has a token for each digit.
  const places = new Set(
    found.flatMap(({ kind, index }) =>
      kind === 'positional' || NUMBER.test(words[index] ?? '') ? index : [],
    ),
  );
  return {
    rest: [...places].map((index) => words[index] ?? ''),
    options: found.flatMap((token) =>
      token.kind === 'positional' || places.has(token.index)
        ? []
        : { word: token.rawName, name: token.name, value: token.value },
    ),
  };
}

/** Checks the options and arguments of a command. @throws HookbusError `E_USAGE` */
export function readGiven(command: Command, { rest, passthrough, options }: Parsed): Given {
  for (const option of options) {
    if (option.name === 'since') refuseSince(command);
    checkOption(option, options, command);
  }
  const takesArgument = command.argument !== undefined;
  const argument = takesArgument ? rest[0] : undefined;
  const moreArguments = takesArgument ? rest.slice(1) : rest;
  const isRepeatable = command.argument?.isRepeatable === true;
  const surplus = isRepeatable ? undefined : moreArguments[command.moreArguments?.length ?? 0];
  if (surplus !== undefined) {
    const guess = meantForOption(surplus, command);
    throw usageError(
      `unexpected argument ${quote(surplus)}${guess === undefined ? '' : guessed(guess)}`,
    );
  }
  const values = (wanted: string): string[] =>
    options.flatMap(({ name, value }) => (name === wanted && value !== undefined ? value : []));
  return {
    argument,
    moreArguments,
    passthrough,
    values,
    value: (name) => values(name)[0],
    isOn: (name) => isOn(options, name),
  };
}

/** Commands that take a time as their argument need no option for it. */
function refuseSince({ name, argument, options }: Command): void {
  if (argument?.name !== 'TIME' || 'since' in options) return;
  throw usageError(`--since is not needed: type the time alone, as in \`hookbus ${name} 7d\``);
}

function checkOption(
  { word, name, value }: GivenOption,
  options: readonly GivenOption[],
  command: Command,
): void {
  const known = optionsOf(command);
  const option = Object.hasOwn(known, name) ? known[name] : undefined;
  if (option === undefined) {
    const guess = meantOption(name, Object.keys(known));
    throw usageError(
      `unknown option ${quote(word)}${guess === undefined ? '' : guessed(`--${guess}`)}`,
    );
  }
  const isComplete = option.isValueOptional === true && value === undefined;
  if (option.value !== undefined && (value ?? '') === '' && !isComplete) {
    throw usageError(`--${name} needs a value`);
  }
  if (option.value === undefined && !['true', 'false', undefined].includes(value)) {
    const guess = command.argument === undefined ? '' : guessed(`--${name} ${value}`);
    throw usageError(`--${name} takes no value, got ${quote(value ?? '')}${guess}`);
  }
  const times = options.filter((other) => other.name === name).length;
  if (times > 1 && option.value !== undefined && option.isRepeatable !== true) {
    throw usageError(`--${name} was given ${times} times; give it once`);
  }
}
