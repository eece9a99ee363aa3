import type { Node } from 'jsonc-parser';
import { parseJson } from '../../agents/settings/read-settings-text.ts';
import { keysOf, settingsOf, topLevelSetting } from '../file/config-keys.ts';
import type { ConfigSetting } from '../file/config-setting.ts';
import { SECTIONS } from '../sections/index.ts';

/** What one file of root's sets, by keys such as `alerts.webhook`. */
export interface PolicyFile {
  readonly values: ReadonlyMap<string, unknown>;
  /** Keys that users may not change. */
  readonly locked: ReadonlySet<string>;
  /** What in the file is not used, one sentence each; the rest counts. */
  readonly problems: readonly string[];
}

/** Names with which people try to protect hooks here. */
const PROTECTED = ['protected', 'protected_hooks'];

/**
 * Parses a configuration of root's: the keys of config.json, and `locked`. Unlike in a user's file, an error takes only its
 * key along: one typing error must not undo the whole policy of a machine.
 * @throws if it is not a JSON object
 */
export function parsePolicyFile(text: string): PolicyFile {
  const values = new Map<string, unknown>();
  const named = new Set<string>();
  const root = rootOf(text);
  const problems = repeatedNames(root);
  const { locked: lock, ...rest } = JSON.parse(withoutMark(text)) as Record<string, unknown>;
  const set = (key: string, value: unknown, setting: ConfigSetting<unknown> | undefined): void => {
    const read = setting?.read(value);
    if (setting !== undefined) named.add(key);
    if (setting === undefined) problems.push(`unknown key ${shown(key)}`);
    else if (read === undefined) problems.push(`${key}: expected ${setting.expected}`);
    else values.set(key, read);
  };
  for (const [name, value] of Object.entries(rest)) {
    if (PROTECTED.includes(name)) {
      problems.push(`${name} protects nothing here: hooks are protected in policy.json beside it`);
    } else if (!Object.hasOwn(SECTIONS, name)) set(name, value, topLevelSetting(name));
    else if (!isObject(value)) problems.push(`${name}: expected an object`);
    else {
      const settings = new Map(Object.entries(settingsOf(name)));
      for (const [key, one] of Object.entries(value)) set(`${name}.${key}`, one, settings.get(key));
    }
  }
  return { values, locked: lockedIn(lock, named, problems), problems };
}

/**
 * @param lock true for every key that the file names, or a list of keys and sections, named or not
 * @param named those with a value that cannot be used included: their defaults count then
 */
function lockedIn(
  lock: unknown,
  named: ReadonlySet<string>,
  problems: string[],
): ReadonlySet<string> {
  if (lock === undefined || lock === false) return new Set();
  if (lock === true) return named;
  if (!Array.isArray(lock)) {
    problems.push('locked: expected true, or a list of keys and sections');
    return new Set();
  }
  const keys = lock.flatMap((name: unknown) => {
    const found = typeof name === 'string' ? keysOf(name) : [];
    if (found.length === 0) problems.push(`locked: unknown key or section ${shown(name)}`);
    return found;
  });
  return new Set(keys);
}

/** @throws if it is not a JSON object */
function rootOf(text: string): Node {
  const parsed = parseJson(text, false);
  if ('problem' in parsed) {
    const { line, column, reason } = parsed.problem;
    throw new Error(`it is not JSON: line ${line}, column ${column}: ${reason}`);
  }
  if (parsed.root.type !== 'object') throw new Error('it is not a JSON object');
  return parsed.root;
}

const withoutMark = (text: string): string => text.replace(/^\ufeff/, '');

/** Names that appear twice in the object or in a section: JSON readers silently take the last. */
function repeatedNames(root: Node): string[] {
  const members = root.children ?? [];
  return [root, ...members.flatMap(({ children }) => children?.[1] ?? [])].flatMap((object) => {
    if (object.type !== 'object') return [];
    const names = (object.children ?? []).map(({ children }) => String(children?.[0]?.value));
    const seen = new Set<string>();
    const repeated = names.filter((name) => seen.has(name) || !seen.add(name));
    return [...new Set(repeated)].map((name) => `${shown(name)} appears twice; the last counts`);
  });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Not the value, which may be a password. */
const shown = (name: unknown): string => JSON.stringify(name)?.slice(0, 60) ?? '';
