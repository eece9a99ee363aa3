import { pad, wrap } from '../output/text.ts';
import type { Command, CommandOption } from './command.ts';

/** Help looks the same everywhere, so that the documentation can quote it. */
const COLUMNS = 80;

const JSON_OPTION: CommandOption = { describe: 'print JSON instead; docs/json.md describes it' };
const HELP_OPTION: CommandOption = { describe: 'print this' };

/** What `hookbus` alone prints. */
export function overview(commands: readonly Command[]): string[] {
  const shown = commands.filter(({ isAside }) => isAside !== true);
  const named = shown.map(({ name, opposite, summary }) => ({
    names: opposite === undefined ? name : `${name}, ${opposite}`,
    summary,
  }));
  const width = Math.max(...named.map(({ names }) => names.length));
  return [
    "HookBus records each execution of an agent's hooks and changes nothing about it.",
    'Usage: hookbus COMMAND [options]',
    '',
    'Commands:',
    ...named.map(({ names, summary }) => `  ${pad(names, width)}  ${summary}`),
    '',
    'Options: --help, also behind a command; --version. Docs: docs/ in the package.',
  ];
}

/** What `hookbus COMMAND --help` prints. */
export function commandHelp(command: Command): string[] {
  const { argument, furtherArguments = [], behindDashes } = command;
  const words = [argument, ...furtherArguments, behindDashes].filter((word) => word !== undefined);
  const options = Object.entries({
    ...command.options,
    ...(command.name === 'run' ? {} : { json: JSON_OPTION }),
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
          words.map((word) => [word.name, described(word)]),
        )),
    ...section(
      'Options',
      options.map(([name, option]) => [flag(name, option), described(option)]),
    ),
    ...section('Exit codes', command.exitCodes),
    'Examples:',
    ...command.examples.flatMap(([line, meaning]) => [`  ${line}`, `      ${meaning}`]),
  ];
}

function flag(name: string, { value }: CommandOption): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

function described(what: { readonly describe: string; readonly default?: string }): string {
  return what.default === undefined ? what.describe : `${what.describe} (default: ${what.default})`;
}

/** A titled list of terms, with what they mean beside them. */
function section(title: string, entries: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...entries.map(([term]) => term.length));
  const lines = entries.flatMap(([term, meaning]) =>
    wrap(meaning, COLUMNS - width - 4).map(
      (line, index) => `  ${pad(index === 0 ? term : '', width)}  ${line}`,
    ),
  );
  return [`${title}:`, ...lines, ''];
}
