import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { applyEdits, findNodeAtLocation, modify, parseTree } from 'jsonc-parser';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { readOwnFile } from '../../os/own-file.ts';
import { replaceFile } from '../../os/replace-file.ts';
import { makeStateHome } from '../home/state-home.ts';
import { forbiddenText } from '../policy/value-sources.ts';
import type { Environment } from '../settings.ts';
import { type Config, type ConfigReading, parseConfig, readConfigFile } from './config-file.ts';
import { CONFIG_KEYS, settingsOf, topLevelSetting } from './config-keys.ts';
import type { ConfigSetting } from './config-setting.ts';

/** The position of a value in config.json: its section (empty for none) and its name. */
export interface ConfigKey {
  readonly section: string;
  readonly name: string;
}

/** The form that people type. */
export const nameOfKey = (key: ConfigKey): string => placeOf(key).join('.');

const placeOf = ({ section, name }: ConfigKey): string[] =>
  section === '' ? [name] : [section, name];

/** Parses a key in the form that people type, in any case; undefined if there is no such key. */
export function parseConfigKey(text: string): ConfigKey | undefined {
  const key = text.toLowerCase();
  if (!CONFIG_KEYS.includes(key)) return undefined;
  const [section = '', name] = key.split('.');
  return name === undefined ? { section: '', name: section } : { section, name };
}

export function configSetting({ section, name }: ConfigKey): ConfigSetting<unknown> {
  const setting = section === '' ? topLevelSetting(name) : settingsOf(section)[name];
  if (setting === undefined) throw new Error(`unknown setting ${section}.${name}`);
  return setting;
}

/** A key's value in force. */
export function configValue(config: Config, key: ConfigKey): unknown {
  return placeOf(key).reduce(
    (value: unknown, name) => (value as Readonly<Record<string, unknown>>)[name],
    config,
  );
}

/** The keys that a config.json sets; none if it is missing or cannot be read. */
export function givenKeys(path: string): readonly string[] {
  const root = parseTree(textOf(path) ?? '');
  if (root === undefined) return [];
  return CONFIG_KEYS.filter((key) => findNodeAtLocation(root, key.split('.')) !== undefined);
}

/** What is in force with this file. @throws HookbusError `E_CONFIG` if the file cannot be used */
export function requireReading(path: string): ConfigReading {
  const reading = readConfigFile(path);
  if (reading.state !== 'refused') return reading;
  throw new HookbusError(
    'E_CONFIG',
    `${path} cannot be used: ${reading.problem}`,
    'Fix it in an editor first.',
  );
}

/**
 * Changes one value and leaves the rest of the file as it is written; undefined removes the value.
 * @throws HookbusError `E_CONFIG` if the file cannot be used or cannot be written, `E_POLICY` if root forbids the change
 */
export function editConfig(
  path: string,
  key: ConfigKey,
  value: unknown,
  env?: Environment,
): Config {
  const { policy } = requireReading(path);
  const by = policy.locked.get(nameOfKey(key));
  // What a user set before root forbade it can still be removed.
  if (by !== undefined && value !== undefined) {
    throw new HookbusError('E_POLICY', forbiddenText(nameOfKey(key), by));
  }
  const before = textOf(path) ?? '{}\n';
  const root = parseTree(before);
  const isThere = root !== undefined && findNodeAtLocation(root, placeOf(key)) !== undefined;
  if (value === undefined && !isThere) return requireReading(path).config;
  const edits = modify(before, placeOf(key), value, { formattingOptions: styleOf(before) });
  const text = applyEdits(before, edits);
  const reading = parseConfig(text);
  if (reading.state === 'refused') throw new Error(`the edit broke the file: ${reading.problem}`);
  try {
    makeStateHome(dirname(path), env);
    const mode = lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0o600;
    replaceFile(path, text, { mode: mode & 0o777 });
  } catch (error) {
    const reason = reasonOf(error);
    throw new HookbusError('E_CONFIG', `${path} cannot be written: ${reason}`);
  }
  return requireReading(path).config;
}

/** The style of the existing file. */
function styleOf(text: string) {
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
}

function textOf(path: string): string | undefined {
  return readConfigFile(path).state === 'good' ? readOwnFile(path).toString() : undefined;
}
