import { ALL_SCOPES } from '../../agents/settings/agent-settings.ts';
import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import { CONFIG_KEYS } from '../../config/file/config-keys.ts';
import { withOwnHome } from '../../config/home/state-home.ts';
import { type Environment, readSettings } from '../../config/settings.ts';
import { DECISIONS } from '../../domain/answer/decision.ts';
import { EVENT_NAMES } from '../../domain/events.ts';
import { STATUSES } from '../../domain/execution.ts';
import { GROUPINGS } from '../../metrics/report.ts';
import type { Database } from '../../store/database.ts';
import { COMMANDS } from '../commands/index.ts';
import { visible } from '../output/text.ts';
import type { Command } from '../words/command.ts';

/** How long to wait for a lock on the database after a key press. */
const BUSY_MS = 100;

type Candidates = readonly string[];

/** The candidates for each placeholder of the help. The shell completes the others, mostly files. */
const BY_PLACEHOLDER: Readonly<
  Record<string, (env: Environment) => Candidates | Promise<Candidates>>
> = {
  AGENT: () => Object.keys(AGENT_SETTINGS),
  SCOPE: () => ALL_SCOPES,
  WHAT: () => GROUPINGS,
  STATUS: () => STATUSES,
  DECISION: () => DECISIONS,
  KEY: () => CONFIG_KEYS,
  HOOK: hooksOnRecord,
  NAME: hooksOnRecord,
  ID: (env) =>
    onRecord(env, async (db) => (await import('../../store/queries/recent.ts')).recentIds(db)),
  EVENT: async (env) => {
    const recent = await onRecord(env, async (db) =>
      (await import('../../store/queries/recent.ts')).recentEvents(db),
    );
    return [...new Set([...recent, ...EVENT_NAMES])].sort();
  },
};

/**
 * The candidates for the last of these words, which follow `hookbus`; none if the shell completes it. Never throws:
 * an error would garble the line that the user is typing.
 */
export async function complete(words: readonly string[], env: Environment): Promise<Candidates> {
  // bash splits `--hook=lint` into three words.
  const before = words.filter((word) => word !== '=');
  const current = words.at(-1) === '=' ? '' : (before.pop() ?? '');
  try {
    return startingWith(current, await candidates(before, current, env));
  } catch {
    return [];
  }
}

async function candidates(
  before: Candidates,
  current: string,
  env: Environment,
): Promise<Candidates> {
  const [name, ...given] = before;
  const names = COMMANDS.map((command) => command.name);
  if (name === undefined || (name === 'help' && given.length === 0)) return names;
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined || given.includes('--')) return [];
  const [, option] = /^(--[a-z-]+)=/.exec(current) ?? [];
  if (option !== undefined) {
    const values = await valuesOf(command, option, env);
    return (values ?? []).map((value) => `${option}=${value}`);
  }
  const ofLast = await valuesOf(command, given.at(-1), env);
  if (ofLast !== undefined) return ofLast;
  return current.startsWith('-') ? optionsOf(command) : argumentsOf(command, given, env);
}

function optionsOf({ name, options }: Command): Candidates {
  const common = name === 'run' ? ['help'] : ['json', 'help'];
  return [...Object.keys(options), ...common].map((option) => `--${option}`);
}

async function argumentsOf(
  command: Command,
  given: Candidates,
  env: Environment,
): Promise<Candidates> {
  const { argument, moreArguments = [] } = command;
  const words = given.filter(
    (word, at) => !word.startsWith('-') && placeholder(command, given[at - 1]) === undefined,
  );
  const next = [...(argument === undefined ? [] : [argument]), ...moreArguments][words.length];
  return next === undefined ? [] : (next.values ?? (await BY_PLACEHOLDER[next.name]?.(env)) ?? []);
}

/** The candidates for the value of an option; undefined if the word is not an option with a value. */
async function valuesOf(
  command: Command,
  word: string | undefined,
  env: Environment,
): Promise<Candidates | undefined> {
  const value = placeholder(command, word);
  if (value === undefined) return undefined;
  return value.includes('|') ? value.split('|') : ((await BY_PLACEHOLDER[value]?.(env)) ?? []);
}

function placeholder({ options }: Command, word = ''): string | undefined {
  return word.startsWith('--') ? options[word.slice(2)]?.value : undefined;
}

/** Recorded names are untrusted: do not offer one with a character that a shell interprets. */
const PLAIN = /^[\p{L}\p{M}\p{N}_.@:+,=/-]*$/u;

/** Completes the last item of a list with commas. Omits words with control characters. */
function startingWith(current: string, words: Candidates): Candidates {
  const listed = current.slice(0, current.lastIndexOf(',') + 1);
  return words
    .map((word) => `${listed}${word}`)
    .filter((word) => word.startsWith(current) && PLAIN.test(word) && visible(word) === word);
}

function hooksOnRecord(env: Environment): Promise<Candidates> {
  return onRecord(env, async (db) => (await import('../../store/breakers.ts')).listHookNames(db));
}

/** Empty if the database does not exist or cannot be read now. */
async function onRecord(
  env: Environment,
  list: (db: Database) => Promise<Candidates>,
): Promise<Candidates> {
  const { paths } = withOwnHome(readSettings(env), env);
  if (paths === undefined) return [];
  const { openToRead } = await import('../../store/database.ts');
  let db: Database | undefined;
  try {
    db = openToRead(paths.database, BUSY_MS);
    return await list(db);
  } catch {
    return [];
  } finally {
    db?.close();
  }
}
