import { pad, wrap } from '../output/text.ts';
import type { Command, CommandOption } from './command.ts';

/** A fixed width, so that the documentation can quote the help. */
const COLUMNS = 80;

const JSON_OPTION: CommandOption = { describe: 'print JSON; docs/json.md describes its fields' };
const PAGER_OPTION: CommandOption = {
  describe: 'on a terminal: do not show a long answer in $PAGER',
};
const HELP_OPTION: CommandOption = { describe: 'print this help' };

/** The output of `hookbus` without a command. */
export function overview(commands: readonly Command[]): string[] {
  const shown = commands.filter(({ isHidden }) => isHidden !== true);
  const named = shown.map(({ name, opposite, summary }) => ({
    names: opposite === undefined ? name : `${name}, ${opposite}`,
    summary,
  }));
  const width = Math.max(...named.map(({ names }) => names.length));
  return [
    "HookBus records every execution of your agent's hooks and changes none of them.",
    'Usage: hookbus COMMAND [options]',
    '',
    'Commands:',
    ...named.map(({ names, summary }) => `  ${pad(names, width)}  ${summary}`),
    '',
    'Options: --version; --help, also after a command. Docs: docs/ in the package.',
  ];
}

/** The output of `hookbus COMMAND --help`. */
export function commandHelp(command: Command): string[] {
  const { argument, moreArguments = [], passthrough } = command;
  const words = [argument, ...moreArguments, passthrough].filter((word) => word !== undefined);
  const options = Object.entries({
    ...command.options,
    ...(command.name === 'run' ? {} : { json: JSON_OPTION }),
    ...(command.isPaged === true ? { 'no-pager': PAGER_OPTION } : {}),
    help: HELP_OPTION,
  });
  return [
    `Usage: hookbus ${command.name}${command.usage === '' ? '' : ` ${command.usage}`}`,
    '',
    ...command.about.flatMap((paragraph) => [...wrap(paragraph, COLUMNS), '']),
    ...(words.length === 0
      ? []
      : section(
          words.length === 1 ? 'Argument' : 'Arguments',
          words.map((word) => [word.name, describeWithDefault(word)]),
        )),
    ...section(
      'Options',
      options.map(([name, option]) => [flag(name, option), describeWithDefault(option)]),
    ),
    ...section('Exit codes', command.exitCodes),
    'Examples:',
    ...command.examples.flatMap(([line, meaning]) => [`  ${line}`, `      ${meaning}`]),
  ];
}

function flag(name: string, { value, short }: CommandOption): string {
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return value === undefined ? names : `${names} ${value}`;
}

function describeWithDefault(what: {
  readonly describe: string;
  readonly default?: string;
}): string {
  return what.default === undefined ? what.describe : `${what.describe} (default: ${what.default})`;
}

/** A title, then each term with its meaning beside it. */
function section(title: string, entries: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...entries.map(([term]) => term.length));
  const lines = entries.flatMap(([term, meaning]) =>
    wrap(meaning, COLUMNS - width - 4).map(
      (line, index) => `  ${pad(index === 0 ? term : '', width)}  ${line}`,
    ),
  );
  return [`${title}:`, ...lines, ''];
}
