import { accessSync, constants, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Node } from 'jsonc-parser';
import { parseSettings } from '../../agents/settings/read-settings-text.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { sha256Hex } from '../../domain/key/sha256.ts';
import { replaceFile } from '../../os/replace-file.ts';
import { decodeUtf8 } from '../reading/payload-text.ts';
import { isToml, readTomlHooks } from './toml/toml-settings.ts';

/** A settings file that was read. */
export interface SettingsFile {
  /** The path that the user or the agent names. */
  readonly path: string;
  /** The path after resolving every symbolic link. */
  readonly target: string;
  readonly bytes: Buffer;
  readonly text: string;
  readonly root: Node;
  /** The text that `root` is of, if that is not `text`. */
  readonly hookText?: string;
  /** There is no such file yet. */
  readonly isNew?: true;
}

/** An error about a settings file that the user can fix. */
export function settingsError(message: string, hint?: string): HookbusError {
  return new HookbusError('E_SETTINGS_FILE', message, hint);
}

/** Reads a settings file. @throws HookbusError `E_SETTINGS_FILE` if it cannot be read or is not valid JSON */
export function readSettingsFile(path: string, allowsComments: boolean): SettingsFile {
  let target: string;
  let bytes: Buffer;
  try {
    target = realpathSync(path);
    if (!statSync(target).isFile()) throw new Error('it is not a file');
    bytes = readFileSync(target);
  } catch (error) {
    throw settingsError(`${path} cannot be read: ${reasonOf(error)}`);
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    throw settingsError(`${path} is not valid UTF-8`, 'HookBus did not change it.');
  }
  const toml = isToml(path) ? readTomlHooks(text) : undefined;
  const parsed = toml ?? parseSettings(text, allowsComments);
  if ('root' in parsed) {
    const file = { path, target, bytes, text, root: parsed.root };
    return toml !== undefined && 'root' in toml ? { ...file, hookText: toml.text } : file;
  }
  const { line, column, reason } = parsed.problem;
  const form = isToml(path) ? 'TOML' : 'JSON';
  throw settingsError(
    `${path} is not valid ${form} at line ${line}, column ${column}: ${reason}`,
    'HookBus changed no file.',
  );
}

/** Checks that the file can be replaced. @throws HookbusError `E_SETTINGS_FILE` */
export function requireWritable({ path, target }: SettingsFile): void {
  const { nlink } = statSync(target);
  if (nlink > 1) {
    throw settingsError(
      `${path} has ${nlink} names (hard links), and HookBus could change only one of them`,
      'Make it a separate file, or change it by hand as --dry-run shows.',
    );
  }
  try {
    accessSync(target, constants.W_OK);
    accessSync(dirname(target), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw settingsError(
      `${path} cannot be written: ${reasonOf(error)}`,
      'Make the file and its directory writable: HookBus replaces the file as a whole.',
    );
  }
}

/** A file to be made in an existing directory. @throws HookbusError `E_SETTINGS_FILE` */
export function newSettingsFile(path: string): SettingsFile {
  const directory = dirname(path);
  let target: string;
  try {
    target = join(realpathSync(directory), basename(path));
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw settingsError(`${path} cannot be made: ${reasonOf(error)}`);
  }
  const parsed = parseSettings('{}', false);
  if ('problem' in parsed) throw new Error(parsed.problem.reason);
  return { path, target, bytes: Buffer.of(), text: '', root: parsed.root, isNew: true };
}

/**
 * Replaces the file atomically; it keeps its mode and owner. A new file is made, without a text it is removed.
 * @returns false if the file has changed since it was read; nothing is written then
 * @throws HookbusError `E_SETTINGS_FILE`
 */
export function replaceSettingsFile(
  { path, target, bytes, isNew }: SettingsFile,
  text: string | undefined,
): boolean {
  const isWanted = () => readFileSync(target).equals(bytes);
  try {
    if (isNew === true) return replaceFile(target, text ?? '', { mustBeNew: true });
    if (text !== undefined) return replaceFile(target, text, { like: statSync(target), isWanted });
    if (!isWanted()) return false;
    rmSync(target);
    return true;
  } catch (error) {
    if (isNew === true && (error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw settingsError(`${path} cannot be written: ${reasonOf(error)}`);
  }
}

/** A short digest that is valid as a file name. */
export function digestOf(text: string | Buffer): string {
  return sha256Hex(text).slice(0, 16);
}
