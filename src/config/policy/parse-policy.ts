import { reasonOf } from '../../domain/errors.ts';
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
  const problems: string[] = [];
  const { locked: lock, ...rest } = objectOf(text);
  const set = (key: string, value: unknown, setting: ConfigSetting<unknown> | undefined): void => {
    const read = setting?.read(value);
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
  return { values, locked: lockedIn(lock, values, problems), problems };
}

/** @param lock true for every key that the file sets, or a list of keys and sections, set or not */
function lockedIn(
  lock: unknown,
  values: ReadonlyMap<string, unknown>,
  problems: string[],
): ReadonlySet<string> {
  if (lock === undefined || lock === false) return new Set();
  if (lock === true) return new Set(values.keys());
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

function objectOf(text: string): Readonly<Record<string, unknown>> {
  let root: unknown;
  try {
    root = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new Error(`it is not JSON: ${reasonOf(error)}`);
  }
  if (!isObject(root)) throw new Error('it is not a JSON object');
  return root;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Not the value, which may be a password. */
const shown = (name: unknown): string => JSON.stringify(name)?.slice(0, 60) ?? '';
