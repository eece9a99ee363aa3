import yargs from 'yargs';
import type { Command, CommandOption, Given } from './command.ts';
import { didYouMean } from './nearest.ts';
import { quote, usageError } from './values.ts';

/** A command line, taken apart but not judged. */
export interface Parsed {
  /** Undefined where no word names one. */
  readonly command: Command | undefined;
  readonly asksForHelp: boolean;
  readonly argument: string | undefined;
  /** Words that nothing asked for; without a command, all of them. */
  readonly rest: readonly string[];
  /** The words behind the first `--`; undefined where there is none, or the command takes none. */
  readonly behindDashes: readonly string[] | undefined;
  /** Those behind a `--` that only ends the options: none of them is one, whatever it looks like. */
  readonly literal: readonly string[];
  /** By name, as they came; a switch is true. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Options of every command; those without a value are switches. */
const COMMON: Readonly<Record<string, CommandOption>> = {
  json: { describe: '' },
  help: { describe: '' },
};

/** Names are taken as they are written, and no value is guessed to be a number: each command reads its own. */
const PARSER = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'short-option-groups': false,
  'unknown-options-as-args': true,
} as const;

/** Finds the command and takes the words apart. Help, messages and exit codes are our own, so yargs only reads. */
export async function parseWords(
  words: readonly string[],
  commands: readonly Command[],
): Promise<Parsed> {
  let command: Command | undefined;
  const named = commands.find(({ name }) => name === words[0]);
  const dashes = words.indexOf('--');
  const behind = dashes < 0 ? [] : words.slice(dashes + 1);
  const takesThem = named?.behindDashes !== undefined && dashes >= 0;
  const before = takesThem ? words.slice(0, dashes) : words;
  const behindDashes = takesThem ? behind : undefined;
  const literal = takesThem ? [] : behind;
  const parser = yargs([...before])
    .parserConfiguration(PARSER)
    .detectLocale(false)
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail(false)
    .options({ json: { type: 'boolean' }, help: { type: 'boolean', alias: 'h' } });
  for (const candidate of commands) {
    parser.command(
      candidate.name,
      candidate.summary,
      (its) => {
        for (const [name, { value }] of Object.entries(candidate.options)) {
          its.option(name, { type: value === undefined ? 'boolean' : 'string' });
        }
        return its;
      },
      () => {
        command = candidate;
      },
    );
  }
  const { _: found, $0: _name, help, h: _short, ...options } = await parser.parseAsync();
  // A negative number is to yargs an option of that name; here it is a word, if a wrong one.
  const negative = Object.keys(options).filter((name) => /^[\d.]+$/.test(name));
  const rest = [...found.map(String), ...negative.map((name) => `-${name}`)];
  // The argument is not declared to yargs, which would lose one that begins with a dash.
  const argument = command?.argument === undefined ? undefined : rest.splice(1, 1)[0];
  if (command !== undefined) rest.shift();
  return { command, asksForHelp: help === true, argument, rest, behindDashes, literal, options };
}

/** Judges what was given to a command. @throws HookbusError `E_USAGE` */
export function readGiven(command: Command, parsed: Parsed): Given {
  const { argument, rest, behindDashes, literal, options } = parsed;
  const known = { ...COMMON, ...command.options };
  for (const word of [argument, ...rest]) {
    if (word !== undefined && !literal.includes(word)) refuseOption(word, Object.keys(known));
  }
  for (const [name, value] of Object.entries(options)) checkOption(name, value, known[name]);
  const isOpen = command.argument?.isRepeatable === true;
  const most = isOpen ? rest.length : (command.furtherArguments?.length ?? 0);
  const surplus = rest[most];
  if (surplus !== undefined) {
    const before = [command.name, argument ?? [], ...rest.slice(0, most)].flat().join(' ');
    throw usageError(`expected only options behind ${quote(before)}, got ${quote(surplus)}`);
  }
  const values = (option: string): string[] => {
    const value = options[option];
    return value === undefined ? [] : [value].flat().map(String);
  };
  return {
    argument,
    further: rest,
    behindDashes,
    values,
    value: (option) => values(option)[0],
    isOn: (option) => options[option] === true,
  };
}

/** What yargs took for a word, but a person meant as an option; a negative number is neither. */
function refuseOption(word: string, known: readonly string[]): void {
  if (!/^-+[^\d.]/.test(word)) return;
  const name = word.replace(/=.*$/s, '');
  const names = known.map((candidate) => `--${candidate}`);
  throw usageError(`unknown option ${quote(name)}${didYouMean(name, names)}`);
}

function checkOption(name: string, value: unknown, option: CommandOption | undefined): void {
  if (Array.isArray(value) && option?.isRepeatable !== true) {
    throw usageError(`expected --${name} once, got it ${value.length} times`);
  }
  if (option?.value !== undefined && [value].flat().some((one) => one === '')) {
    throw usageError(`expected a value behind --${name}, got none`);
  }
}
