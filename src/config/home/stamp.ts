import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DAY_MS } from '../../domain/time.ts';
import { isCode, makeOwnDirectory, openOwnDirectory } from '../../os/own-file.ts';
import { defaultHome } from './paths.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Distinguishes a state directory that this user made, or trusted, from one that came with a checkout, an archive or a
 * shared folder. It has a link `stamp` whose text is a random word, and the default directory has a link with that name
 * whose text is the path of the state directory. Reading a link takes one system call, and links are never followed.
 * Without a default directory, the word is the state directory's inode and time of birth. C port:
 * src/launcher/home.c.
 */
const STAMP = 'stamp';
const TRUSTED = 'trusted';
const WORD = /^[\da-f]{32}$/;

/** Number of levels of the default directory below HOME. */
const LEVELS = 3;

/** A stamp is written to the default directory first. A word younger than this, in ms, may have no second link yet. */
const BEING_MADE_MS = DAY_MS;

/** @param home an absolute path without dots */
export function isStamped(home: string, env: Environment): boolean {
  const word = linkText(join(home, STAMP));
  if (word === undefined) return false;
  const known = defaultHome(env);
  if (WORD.test(word)) return known !== undefined && isKnown(known, word, home);
  return word === identityOf(home) && !canHave(known);
}

/**
 * Stamps a directory. If another process stamps it first, that stamp counts.
 * @throws the file system's error, or what is wrong with the default directory
 */
export function stamp(home: string, env: Environment): void {
  const known = defaultHome(env);
  if (known === undefined || !canHave(known)) {
    putLink(identityOf(home), join(home, STAMP));
    return;
  }
  makeDirectories(known);
  closeSync(openOwnDirectory(known));
  makeOwnDirectory(join(known, TRUSTED));
  const word = randomBytes(16).toString('hex');
  const entry = join(known, TRUSTED, word);
  symlinkSync(home, entry);
  try {
    symlinkSync(word, join(home, STAMP));
  } catch (error) {
    unlinkSync(entry);
    if (!isCode(error, 'EEXIST')) throw error;
  }
}

/** In the default directory, a link to the last state directory that a hook was given and that could not be used. */
const REFUSED = 'refused';

/** Leaves a note for `status`, which may run with other variables than the hook. Never throws. */
export function noteRefused(home: string, env: Environment): void {
  const known = defaultHome(env);
  if (known === undefined || known === home) return;
  try {
    closeSync(openOwnDirectory(known));
    const note = join(known, REFUSED);
    if (linkText(note) !== undefined) unlinkSync(note);
    symlinkSync(home, note);
  } catch {
    // There is nowhere to leave the note.
  }
}

export function lastRefused(env: Environment): string | undefined {
  const known = defaultHome(env);
  return known === undefined ? undefined : linkText(join(known, REFUSED));
}

/** Removes a stamp that is not valid. */
export function removeStamp(home: string): void {
  try {
    unlinkSync(join(home, STAMP));
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

/** Other state directories that this user made or trusted and that still exist. */
export function otherHomes(home: string, env: Environment = process.env): string[] {
  const known = defaultHome(env);
  if (known === undefined) return [];
  const trusted = namesIn(join(known, TRUSTED)).filter((name) => WORD.test(name));
  const homes = trusted.flatMap((word) => {
    const other = linkText(join(known, TRUSTED, word));
    return other !== undefined && linkText(join(other, STAMP)) === word ? [other] : [];
  });
  return [...homes, known].filter((other) => other !== home);
}

/** Removes the words of directories that are gone or have a different stamp now. @returns how many there were */
export function forgetLostStamps(nowMs: number, env: Environment = process.env): number {
  const known = defaultHome(env);
  if (known === undefined) return 0;
  let count = 0;
  for (const word of namesIn(join(known, TRUSTED)).filter((name) => WORD.test(name))) {
    const entry = join(known, TRUSTED, word);
    const home = linkText(entry);
    const made = lstatSync(entry, { throwIfNoEntry: false })?.mtimeMs ?? nowMs;
    if (home === undefined || nowMs - made < BEING_MADE_MS) continue;
    if (linkText(join(home, STAMP)) === word) continue;
    unlinkSync(entry);
    count += 1;
  }
  return count;
}

/** Makes a directory and all missing ones above it, with mode 0700. @throws the file system's error */
export function makeDirectories(path: string): void {
  const missing: string[] = [];
  // Node's own recursive form never returns if the system reports ENOENT for a new entry in an existing directory, as
  // /proc does. So each level is made once, from the top.
  for (let level = path; !isThere(level); level = dirname(level)) missing.unshift(level);
  for (const level of missing) {
    try {
      mkdirSync(level);
      // The umask may remove all permissions, which would leave a directory that nobody can enter.
      chmodSync(level, 0o700);
    } catch (error) {
      // Another process made it first.
      if (!isCode(error, 'EEXIST')) throw error;
    }
  }
}

function isKnown(known: string, word: string, home: string): boolean {
  try {
    closeSync(openOwnDirectory(known));
  } catch {
    return false;
  }
  return linkText(join(known, TRUSTED, word)) === home;
}

/** Whether the default directory exists and can be written, or can be made. */
function canHave(known: string | undefined): boolean {
  if (known === undefined) return false;
  let path = known;
  for (let level = 0; level <= LEVELS; level += 1, path = dirname(path)) {
    try {
      accessSync(path, constants.W_OK | constants.X_OK);
      return true;
    } catch (error) {
      if (!isCode(error, 'ENOENT')) return false;
    }
  }
  return false;
}

function identityOf(home: string): string {
  const { ino, birthtimeNs } = lstatSync(home, { bigint: true });
  return `${ino}-${birthtimeNs}`;
}

function putLink(text: string, path: string): void {
  try {
    symlinkSync(text, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
}

/** Undefined if there is no link. */
function linkText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path) !== undefined;
  } catch (error) {
    return !isCode(error, 'ENOENT');
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
