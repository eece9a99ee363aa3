import type { Config } from '../../../config/file/config-file.ts';
import { CONFIG_KEYS } from '../../../config/file/config-keys.ts';
import type { ConfigKey } from '../../../config/file/edit-config.ts';
import type { StatePaths } from '../../../config/home/paths.ts';
import { type ConfigReport, configLines } from '../../output/state/config.ts';
import { visible } from '../../output/text.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { didYouMean } from '../../words/nearest.ts';
import { invalidValue, quote, readWord, usageError } from '../../words/values.ts';

const ACTIONS = ['show', 'get', 'set', 'unset', 'path'] as const;
type Action = (typeof ACTIONS)[number];

export const configCommand: Command = {
  name: 'config',
  summary: 'Show and change config.json: breakers, alerts, exporters',
  isPaged: true,
  usage: '[show|get KEY|set KEY VALUE|unset KEY|path] [options]',
  about: [
    'config.json in the state directory configures the background work; docs/settings.md describes each key. The daemon applies a change within seconds. If the file is invalid, HookBus ignores the whole file and keeps the previous configuration.',
    'Before it, /etc/hookbus/config.json and /etc/hookbus/config.d/*.json count, which only root can write: they set defaults for all users, and keys that users may not change.',
    'set and unset change one value and keep the rest of the file as you wrote it. Separate the items of a list by commas; if a command has a comma, write a JSON array. If the value of dedupe.secret is -, it is read from stdin.',
  ],
  argument: { name: 'ACTION', describe: ACTIONS.join(', '), default: 'show', values: ACTIONS },
  moreArguments: [
    { name: 'KEY', describe: 'such as breaker.enabled' },
    { name: 'VALUE', describe: 'such as true' },
  ],
  options: {
    all: { describe: 'show the defaults too' },
    sources: { describe: 'show where each value comes from, and who may change it' },
  },
  exitCodes: [
    ['0', 'done'],
    ['1', 'an argument is invalid, or config.json cannot be read or written'],
  ],
  examples: [
    ['hookbus config', 'what config.json sets'],
    ['hookbus config --all', 'every value, and which of them are defaults'],
    ['hookbus config --sources', 'every value, and the file or variable that sets it'],
    ['hookbus config set breaker.enabled true', 'breakers for all hooks that cannot refuse'],
    ["hookbus config set breaker.hooks 'lint: npx eslint'", 'a breaker for one hook only'],
    [
      'openssl rand -hex 32 | hookbus config set dedupe.secret -',
      'the secret that machines with one key server share',
    ],
    ['hookbus config unset breaker.window', 'return to the default'],
  ],
  perform,
};

/** The same text as in `withoutSecrets`. */
const HIDDEN = '(hidden)';

type Editing = typeof import('../../../config/file/edit-config.ts');

async function perform(given: Given, context: Context): Promise<Answer> {
  const action = readWord('ACTION', given.argument ?? 'show', ACTIONS);
  const [editing, { requirePaths }] = await Promise.all([
    import('../../../config/file/edit-config.ts'),
    import('../../../app/store/open-store.ts'),
  ]);
  const paths = requirePaths(context.settings);
  const [key, value] = readArguments(action, given.moreArguments, editing);
  switch (action) {
    case 'show':
      return show(paths, editing, given, context);
    case 'path':
      return { json: { path: paths.config }, lines: () => [paths.config] };
    case 'get':
      return get(paths, required(key), editing, context);
    case 'set':
    case 'unset':
      return change(paths, required(key), value, editing, context);
  }
}

const ARGUMENT_COUNTS: Readonly<Record<Action, number>> = {
  show: 0,
  path: 0,
  get: 1,
  unset: 1,
  set: 2,
};

function readArguments(
  action: Action,
  words: readonly string[],
  editing: Editing,
): [ConfigKey | undefined, string | undefined] {
  const [keyWord, value] = words;
  const count = ARGUMENT_COUNTS[action];
  const surplus = words[count];
  if (surplus !== undefined) throw usageError(`unexpected argument ${quote(surplus)}`);
  if (words.length < count) {
    throw usageError(`config ${action} needs ${count === 1 ? 'a KEY' : 'a KEY and a VALUE'}`);
  }
  if (keyWord === undefined) return [undefined, undefined];
  const key = editing.parseConfigKey(keyWord);
  if (key === undefined) throw unknownKey(keyWord, CONFIG_KEYS);
  return [key, value];
}

/** Settings that belong to a run, so that no key of config.json has them. */
const VARIABLES = [
  ...['ENABLED', 'HOME', 'MAX_BYTES', 'COMPRESS', 'STORE_RAW', 'DEDUPE_TTL', 'DAEMON', 'DEBUG'],
] as const;

function unknownKey(typed: string, keys: readonly string[]): Error {
  const word = typed.replace(/^hookbus_/i, '');
  const variable = VARIABLES.find((name) => name === word.toUpperCase().replaceAll('-', '_'));
  if (variable !== undefined) {
    return usageError(
      `${quote(typed)} is no key: HOOKBUS_${variable} is a variable, for the "env" of your agent's settings`,
    );
  }
  const end = didYouMean(word, keys) || '; `hookbus config --all` lists the keys';
  return usageError(`unknown key ${quote(typed)}${end}`);
}

function required(key: ConfigKey | undefined): ConfigKey {
  if (key === undefined) throw new Error('this action needs a key');
  return key;
}

async function show(
  paths: StatePaths,
  { givenKeys }: Editing,
  given: Given,
  { settings }: Context,
): Promise<Answer> {
  const [
    { readConfigFile, withoutSecrets },
    { forbiddenSettings, forbiddenVariables, valueSources },
  ] = await Promise.all([
    import('../../../config/file/config-file.ts'),
    import('../../../config/policy/value-sources.ts'),
  ]);
  const reading = readConfigFile(paths.config);
  const report: ConfigReport = {
    path: paths.config,
    state: reading.state,
    problem: reading.state === 'refused' ? reading.problem : null,
    given: givenKeys(paths.config),
    config: withoutSecrets(reading.config),
    sources: valueSources(reading, settings, paths.config),
    policy_files: reading.policy.files,
    policy_problems: reading.policy.problems,
    forbidden: forbiddenSettings(reading),
    forbidden_variables: forbiddenVariables(reading, settings),
  };
  const shows = { all: given.isOn('all'), sources: given.isOn('sources') };
  return { json: report, lines: (page) => configLines(report, page, shows) };
}

async function get(
  paths: StatePaths,
  key: ConfigKey,
  editing: Editing,
  { settings }: Context,
): Promise<Answer> {
  const { valueSources } = await import('../../../config/policy/value-sources.ts');
  const reading = editing.requireReading(paths.config);
  const name = editing.nameOfKey(key);
  const value = shownValue(reading.config, key, editing);
  const isGiven = editing.givenKeys(paths.config).includes(name);
  const origin = valueSources(reading, settings, paths.config).find((one) => one.key === name);
  return {
    json: { value, given: isGiven, ...origin },
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
  { now, env, readInput }: Context,
): Promise<Answer> {
  const setting = editing.configSetting(key);
  const isPiped = setting.isHidden === true && text === '-';
  // Every user of this machine can see a command line, so a secret comes from stdin.
  const typed = isPiped ? readInput() : text;
  const wanted = typed === undefined ? undefined : setting.fromText(typed);
  const isUnusable = setting.read(wanted) === undefined || (isPiped && wanted === '');
  if (typed !== undefined && isUnusable) {
    if (setting.isSecret) throw usageError(`${editing.nameOfKey(key)} must be ${setting.expected}`);
    throw invalidValue(editing.nameOfKey(key), setting.expected, typed);
  }
  const config = editing.editConfig(paths.config, key, wanted, env);
  const value = shownValue(config, key, editing);
  await applyConfig(paths, now);
  const name = editing.nameOfKey(key);
  const root = editing.requireReading(paths.config).policy.values.get(name);
  const unset = root === undefined ? 'is now the default' : `is now as ${root.path} sets it`;
  const how = text === undefined ? unset : 'is now';
  return {
    json: { key: name, value, given: text !== undefined },
    lines: () => [visible(`${name} ${how}: ${JSON.stringify(value)}`)],
  };
}

/** Applies the change without a daemon too: a breaker that is switched off lets its hook run again. */
async function applyConfig(paths: StatePaths, now: () => number): Promise<void> {
  const { openUpToDate } = await import('../../../app/store/up-to-date.ts');
  try {
    openUpToDate(paths, now)?.close();
  } catch {
    // The configuration is saved even if the database cannot be used; `hookbus status` reports that.
  }
}
