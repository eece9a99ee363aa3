import { readFileSync } from 'node:fs';
import type { Config } from '../../../config/file/config-file.ts';
import type { ConfigKey } from '../../../config/file/edit-config.ts';
import type { StatePaths } from '../../../config/home/paths.ts';
import { configLines } from '../../output/state/config.ts';
import { visible } from '../../output/text.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { didYouMean } from '../../words/nearest.ts';
import { expected, quote, usageError } from '../../words/values.ts';

const ACTIONS = ['show', 'get', 'set', 'unset', 'path'] as const;
type Action = (typeof ACTIONS)[number];

export const configCommand: Command = {
  name: 'config',
  summary: 'Show and change config.json: breakers, alerts, exporters',
  usage: '[show|get KEY|set KEY VALUE|unset KEY|path] [options]',
  about: [
    'config.json in the state directory has what belongs to the background rather than to one run; docs/settings.md describes each key. The daemon takes a change over within seconds. A file that cannot be used is refused as a whole, and what was in force stays.',
    'set and unset change one value and keep the rest as it is written. Lists take commas; write a JSON array where a command has a comma. The value - of dedupe.secret is read from stdin.',
  ],
  argument: { name: 'ACTION', describe: ACTIONS.join(', '), default: 'show', values: ACTIONS },
  furtherArguments: [
    { name: 'KEY', describe: 'such as breaker.enabled' },
    { name: 'VALUE', describe: 'such as true' },
  ],
  options: {},
  exitCodes: [
    ['0', 'done'],
    ['1', 'a word or a value cannot be used, or config.json cannot be read or written'],
  ],
  examples: [
    ['hookbus config', 'what is in force, and what of it is set'],
    ['hookbus config set breaker.enabled true', 'breakers for all hooks that decide nothing'],
    ["hookbus config set breaker.hooks 'lint: npx eslint'", 'or for this one alone'],
    [
      'openssl rand -hex 32 | hookbus config set dedupe.secret -',
      'what machines with one key server share',
    ],
    ['hookbus config unset breaker.window', 'back to the default'],
  ],
  perform,
};

/** As `withoutSecrets` has it. */
const HIDDEN = '(hidden)';

type Editing = typeof import('../../../config/file/edit-config.ts');

async function perform(given: Given, context: Context): Promise<Answer> {
  const action = ACTIONS.find((word) => word === (given.argument ?? 'show'));
  if (action === undefined) {
    throw usageError(
      `expected ACTION to be one of ${ACTIONS.join(', ')}, got ${quote(given.argument ?? '')}${didYouMean(given.argument ?? '', ACTIONS)}`,
    );
  }
  const [editing, { requirePaths }] = await Promise.all([
    import('../../../config/file/edit-config.ts'),
    import('../../../app/store/open-for-command.ts'),
  ]);
  const paths = requirePaths(context.settings);
  const [key, value] = readWords(action, given.further, editing);
  switch (action) {
    case 'show':
      return show(paths, editing);
    case 'path':
      return { json: { path: paths.config }, lines: () => [paths.config] };
    case 'get':
      return get(paths, required(key), editing);
    case 'set':
    case 'unset':
      return change(paths, required(key), value, editing, context);
  }
}

const WORDS: Readonly<Record<Action, number>> = { show: 0, path: 0, get: 1, unset: 1, set: 2 };

function readWords(
  action: Action,
  words: readonly string[],
  editing: Editing,
): [ConfigKey | undefined, string | undefined] {
  const [keyWord, value] = words;
  const what = ['no word', 'a KEY', 'a KEY and a VALUE'][WORDS[action]];
  if (words.length !== WORDS[action]) {
    throw usageError(`expected ${what} behind "config ${action}", got ${words.length || 'none'}`);
  }
  if (keyWord === undefined) return [undefined, undefined];
  const key = editing.parseConfigKey(keyWord);
  if (key === undefined) {
    const guess = didYouMean(keyWord, editing.CONFIG_KEYS);
    throw usageError(
      `unknown key ${quote(keyWord)}${guess || `; known: ${editing.CONFIG_KEYS.join(', ')}`}`,
    );
  }
  return [key, value];
}

function required(key: ConfigKey | undefined): ConfigKey {
  if (key === undefined) throw new Error('a key was asked for and not looked for');
  return key;
}

async function show(paths: StatePaths, { givenKeys }: Editing): Promise<Answer> {
  const { DEFAULT_CONFIG, readConfigFile, withoutSecrets } = await import(
    '../../../config/file/config-file.ts'
  );
  const reading = readConfigFile(paths.config);
  const report = {
    path: paths.config,
    state: reading.state,
    problem: reading.state === 'refused' ? reading.problem : null,
    given: givenKeys(paths.config),
    config: reading.state === 'refused' ? DEFAULT_CONFIG : withoutSecrets(reading.config),
  };
  return { json: report, lines: (page) => configLines(report, page) };
}

function get(paths: StatePaths, key: ConfigKey, editing: Editing): Answer {
  const value = shownValue(editing.requireConfig(paths.config), key, editing);
  const isGiven = editing.givenKeys(paths.config).includes(editing.nameOfKey(key));
  return {
    json: { key: editing.nameOfKey(key), value, given: isGiven },
    lines: () => [visible(typeof value === 'string' ? value : JSON.stringify(value))],
  };
}

function shownValue(config: Config, key: ConfigKey, editing: Editing): unknown {
  const value = editing.configValue(config, key);
  return editing.configSetting(key).isHidden === true && value !== '' ? HIDDEN : value;
}

async function change(
  paths: StatePaths,
  key: ConfigKey,
  text: string | undefined,
  editing: Editing,
  { now }: Context,
): Promise<Answer> {
  const setting = editing.configSetting(key);
  const isPiped = setting.isHidden === true && text === '-';
  // What is on a command line, every user of this machine can see.
  const typed = isPiped ? readFileSync(0, 'utf8') : text;
  const wanted = typed === undefined ? undefined : setting.fromText(typed);
  const isUnusable = setting.read(wanted) === undefined || (isPiped && wanted === '');
  if (typed !== undefined && isUnusable) {
    if (setting.isSecret)
      throw usageError(`expected ${editing.nameOfKey(key)} to be ${setting.expected}`);
    throw expected(editing.nameOfKey(key), setting.expected, typed);
  }
  const config = editing.editConfig(paths.config, key, wanted);
  const value = shownValue(config, key, editing);
  await applyConfig(paths, now);
  const how = text === undefined ? 'is back to its default' : 'is now';
  return {
    json: { key: editing.nameOfKey(key), value, given: text !== undefined },
    lines: () => [`${editing.nameOfKey(key)} ${how}: ${visible(JSON.stringify(value))}`],
  };
}

/** Where no daemon runs nobody else would: a breaker that is switched off lets its hook run again. */
async function applyConfig(paths: StatePaths, now: () => number): Promise<void> {
  const { openForCommand } = await import('../../../app/store/open-for-command.ts');
  try {
    openForCommand(paths, now)?.close();
  } catch {
    // The database cannot be used. That is no fault of the configuration, and `hookbus status` says it.
  }
}
