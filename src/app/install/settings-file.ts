import { createHash, randomBytes } from 'node:crypto';
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
import { isRunning } from '../../os/process.ts';

/** A settings file as it was read. */
export interface SettingsFile {
  /** As it was named. */
  readonly path: string;
  /** The file itself, behind every symbolic link. */
  readonly target: string;
  readonly bytes: Buffer;
  readonly text: string;
  readonly root: Node;
}

/** A mistake about a settings file that a person can mend. */
export function settingsError(message: string, hint?: string): HookbusError {
  return new HookbusError('E_SETTINGS_FILE', message, hint);
}

/** Reads a settings file. @throws HookbusError `E_SETTINGS_FILE` for what is no JSON, or cannot be read */
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
  const text = decode(bytes);
  if (text === undefined) {
    throw settingsError(`expected ${path} to be UTF-8, got other bytes`, 'It is left as it is.');
  }
  const parsed = parseSettings(text, allowsComments);
  if ('root' in parsed) return { path, target, bytes, text, root: parsed.root };
  const { line, column, reason } = parsed.problem;
  throw settingsError(
    `${path} is not valid JSON at line ${line}, column ${column}: ${reason}`,
    'It is left as it is, and so is every other file.',
  );
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Makes sure that the file can be replaced as a whole. @throws HookbusError `E_SETTINGS_FILE` */
export function requireWritable({ path, target }: SettingsFile): void {
  const { nlink } = statSync(target);
  if (nlink > 1) {
    throw settingsError(
      `${path} has ${nlink} names (hard links), of which only one would be changed`,
      'Make it a file of its own, or change it by hand as --dry-run shows.',
    );
  }
  try {
    accessSync(target, constants.W_OK);
    accessSync(dirname(target), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw settingsError(
      `${path} cannot be written: ${reasonOf(error)}`,
      'The file and its directory must be writable, since it is replaced as a whole.',
    );
  }
}

/**
 * Puts the text in the file's place, at one stroke: whoever reads it sees all of the old or all of the new.
 * Mode and owner stay.
 * @returns false where the file is no longer what was read: nothing has changed then
 * @throws HookbusError `E_SETTINGS_FILE`
 */
export function replaceSettingsFile({ path, target, bytes }: SettingsFile, text: string): boolean {
  removeLeftovers(target);
  // Others may write to the directory, or have filled it: nobody can know the name, and what has it is not opened.
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

/** What a writer of ours that was killed left beside the file; never anything else of such a name. */
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
    // Some file systems cannot; the file is whole all the same.
  } finally {
    closeSync(directory);
  }
}

/** A short name for a path that is a file name. */
export function digestOf(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
