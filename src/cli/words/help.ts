import { pad, wrap } from '../output/text.ts';
import type { Command, CommandOption } from './command.ts';

/** A fixed width, so that the documentation can quote the help. */
const COLUMNS = 80;

const JSON_OPTION: CommandOption = { describe: 'print JSON; docs/json.md describes its fields' };
const PAGER_OPTION: CommandOption = {
  describe: 'on a terminal: do not show a long answer in $PAGER',
};
const HELP_OPTION: CommandOption = { describe: 'print this help' };

/** The overview: commands that belong together share a line, with those that undo them. */
const GROUPS: readonly (readonly [title: string, names: readonly string[], what: string])[] = [
  ['Start here', ['install'], 'Put hookbus before your hooks, or remove it'],
  ['', ['enable'], 'Switch recording on or off'],
  ['', ['status', 'doctor'], 'Is it on? What is broken, how to fix it'],
  ['What ran', ['logs', 'show'], 'List executions, show one in full'],
  ['', ['sessions', 'trace'], 'List sessions, show one as a timeline'],
  ['', ['metrics'], 'How often hooks fail, how long they take'],
  ['', ['report'], 'What hooks cost: waiting time and context'],
  ['', ['alerts'], 'What needs attention now'],
  ['', ['dashboard'], 'All of that in a browser, live'],
  ['Your hooks', ['hooks', 'explain'], 'Which hooks run, and why others do not'],
  ['', ['off'], 'Switch one hook off for a while'],
  ['', ['test', 'replay', 'drill'], 'Try hooks on cases, on recorded calls'],
  ['Settings', ['config'], 'Breakers, alerts, exporters'],
  ['For scripts', ['run'], 'Run a hook and record it'],
];

/** The output of `hookbus` without a command. @param docs where the documentation is on this machine */
export function overview(commands: readonly Command[], docs = 'docs/ in the package'): string[] {
  const known = GROUPS.map(([title, grouped, what]) => {
    const named = commands.filter(({ name }) => grouped.includes(name));
    const names = named.flatMap(({ name, opposite }) => [name, opposite ?? []].flat());
    return { title, names: names.join(', '), what };
  }).filter(({ names }) => names !== '');
  const width = Math.max(...known.map(({ names }) => names.length));
  const titleWidth = Math.max(...known.map(({ title }) => title.length));
  const opposites = commands.map(({ opposite }) => opposite);
  const others = commands.filter(
    ({ name, isHidden }) => isHidden === true && !opposites.includes(name),
  );
  return [
    "HookBus records every execution of your agent's hooks and changes none of them.",
    'Usage: hookbus COMMAND [options]',
    '',
    ...known.map(
      ({ title, names, what }) => `${pad(title, titleWidth)}  ${pad(names, width)}  ${what}`,
    ),
    `${pad('More', titleWidth)}  ${others.map(({ name }) => name).join(', ')}`,
    '',
    'hookbus COMMAND --help says more, with examples; hookbus --version',
    `Docs: ${docs}`,
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

function flag(name: string, { value, short, isValueOptional }: CommandOption): string {
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  if (isValueOptional === true) return `${names}[=${value}]`;
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
