import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { getuid, pid } from 'node:process';
import type { Node } from 'jsonc-parser';
import { parseSettings } from '../../agents/settings/read-settings-text.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { sha256Hex } from '../../domain/key/sha256.ts';
import { isRunning } from '../../os/process.ts';
import { decodeUtf8 } from '../reading/payload-text.ts';

/** A settings file that was read. */
export interface SettingsFile {
  /** The path that the user or the agent names. */
  readonly path: string;
  /** The path after resolving every symbolic link. */
  readonly target: string;
  readonly bytes: Buffer;
  readonly text: string;
  readonly root: Node;
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
  const parsed = parseSettings(text, allowsComments);
  if ('root' in parsed) return { path, target, bytes, text, root: parsed.root };
  const { line, column, reason } = parsed.problem;
  throw settingsError(
    `${path} is not valid JSON at line ${line}, column ${column}: ${reason}`,
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

/**
 * Replaces the file atomically: readers see either the old or the new text. Keeps mode and owner.
 * @returns false if the file has changed since it was read; nothing is written then
 * @throws HookbusError `E_SETTINGS_FILE`
 */
export function replaceSettingsFile({ path, target, bytes }: SettingsFile, text: string): boolean {
  removeLeftovers(target);
  // Other users may be able to write to the directory, so nobody may guess the name, and an existing file is not
  // opened.
  const name = `.${basename(target)}.hookbus-${pid}-${randomBytes(16).toString('hex')}`;
  const temporary = join(dirname(target), name);
  let isMade = false;
  try {
    const was = statSync(target);
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
    const file = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    isMade = true;
    writeWhole(file, text, was);
    if (!readFileSync(target).equals(bytes)) return false;
    renameSync(temporary, target);
    isMade = false;
    syncDirectory(dirname(target));
    return true;
  } catch (error) {
    throw settingsError(`${path} cannot be written: ${reasonOf(error)}`);
  } finally {
    if (isMade) rmSync(temporary, { force: true });
  }
}

/** Removes temporary files of writers that were killed, and nothing else with such a name. */
function removeLeftovers(target: string): void {
  const prefix = `.${basename(target)}.hookbus-`;
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const [, writer] = /^(\d{1,10})(?:-[\da-f]{32})?$/.exec(name.slice(prefix.length)) ?? [];
    if (writer === undefined || isRunning(Number(writer), 0)) continue;
    const path = join(dirname(target), name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() === true && stat.uid === (getuid?.() ?? stat.uid))
      rmSync(path, { force: true });
  }
}

function writeWhole(file: number, text: string, { mode, uid, gid }: Stats): void {
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    const own = fstatSync(file);
    if (own.uid !== uid || own.gid !== gid) fchownSync(file, uid, gid);
    fchmodSync(file, mode & 0o7777);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } catch {
    // Some file systems cannot sync a directory; the file is complete even so.
  } finally {
    closeSync(directory);
  }
}

/** A short digest that is valid as a file name. */
export function digestOf(text: string | Buffer): string {
  return sha256Hex(text).slice(0, 16);
}
