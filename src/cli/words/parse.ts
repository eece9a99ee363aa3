import yargs from 'yargs';
import type { Command, CommandOption, Given } from './command.ts';
import { didYouMean } from './nearest.ts';
import { quote, usageError } from './values.ts';

/** A command line, split but not yet checked. */
export interface Parsed {
  /** Undefined if no word names one. */
  readonly command: Command | undefined;
  readonly asksForHelp: boolean;
  readonly argument: string | undefined;
  /** The arguments after the first; without a command, every word. */
  readonly rest: readonly string[];
  /** The words after the first `--`; undefined if there is no `--`, or the command takes none. */
  readonly passthrough: readonly string[] | undefined;
  /** The words after a `--` that only ends the options: none of them is an option. */
  readonly literal: readonly string[];
  /** By name, as given; a switch is true. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Options of every command. */
const COMMON: Readonly<Record<string, CommandOption>> = {
  json: { describe: '' },
  help: { describe: '' },
};

/** yargs must not convert names or values: each command parses its own. */
const PARSER = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'short-option-groups': false,
  'unknown-options-as-args': true,
} as const;

/** Finds the command and splits the words. yargs only parses: help, messages and exit codes are our own. */
export async function parseWords(
  words: readonly string[],
  commands: readonly Command[],
): Promise<Parsed> {
  let command: Command | undefined;
  const named = commands.find(({ name }) => name === words[0]);
  const dashes = words.indexOf('--');
  const afterDashes = dashes < 0 ? [] : words.slice(dashes + 1);
  const takesPassthrough = named?.passthrough !== undefined && dashes >= 0;
  const before = takesPassthrough ? words.slice(0, dashes) : words;
  const passthrough = takesPassthrough ? afterDashes : undefined;
  const literal = takesPassthrough ? [] : afterDashes;
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
  // yargs takes a negative number for an option with that name; here it is an argument.
  const negative = Object.keys(options).filter((name) => /^[\d.]+$/.test(name));
  const rest = [...found.map(String), ...negative.map((name) => `-${name}`)];
  // The argument is not declared to yargs, which would lose an argument that starts with a dash.
  const argument = command?.argument === undefined ? undefined : rest.splice(1, 1)[0];
  if (command !== undefined) rest.shift();
  return { command, asksForHelp: help === true, argument, rest, passthrough, literal, options };
}

/** Checks the options and arguments of a command. @throws HookbusError `E_USAGE` */
export function readGiven(command: Command, parsed: Parsed): Given {
  const { argument, rest, passthrough, literal, options } = parsed;
  const known = { ...COMMON, ...command.options };
  for (const word of [argument, ...rest]) {
    if (word !== undefined && !literal.includes(word)) refuseOption(word, Object.keys(known));
  }
  for (const [name, value] of Object.entries(options)) checkOption(name, value, known[name]);
  const isRepeatable = command.argument?.isRepeatable === true;
  const surplus = isRepeatable ? undefined : rest[command.moreArguments?.length ?? 0];
  if (surplus !== undefined) throw usageError(`unexpected argument ${quote(surplus)}`);
  const values = (option: string): string[] => {
    const value = options[option];
    return value === undefined ? [] : [value].flat().map(String);
  };
  return {
    argument,
    moreArguments: rest,
    passthrough,
    values,
    value: (option) => values(option)[0],
    isOn: (option) => options[option] === true,
  };
}

/** Refuses an unknown option, which yargs takes for an argument. A negative number is no option. */
function refuseOption(word: string, known: readonly string[]): void {
  if (!/^-+[^\d.]/.test(word)) return;
  const name = word.replace(/=.*$/s, '');
  const names = known.map((candidate) => `--${candidate}`);
  throw usageError(`unknown option ${quote(name)}${didYouMean(name, names)}`);
}

function checkOption(name: string, value: unknown, option: CommandOption | undefined): void {
  if (Array.isArray(value) && option?.isRepeatable !== true) {
    throw usageError(`--${name} was given ${value.length} times; give it once`);
  }
  if (option?.value !== undefined && [value].flat().some((one) => one === '')) {
    throw usageError(`--${name} needs a value`);
  }
}
