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
import { isCode, makeOwnDirectory, openOwnDirectory } from '../../os/own-file.ts';
import { defaultHome } from './paths.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What tells a state directory that this user made, or trusted, from one that came with a checkout, an archive or a
 * shared folder: a link `stamp` in it, whose text is a random word, and a link of that name in the default directory,
 * whose text is the path it was given for. Links cost one system call to read, and are never followed. Where no default
 * directory is to be had, the word is the directory's inode and time of birth. Twin: src/launcher/home.c.
 */
const STAMP = 'stamp';
const TRUSTED = 'trusted';
const WORD = /^[\da-f]{32}$/;

/** Of the default directory below HOME. */
const LEVELS = 3;

/** Who stamps tells the default directory first; a word so young, in ms, may be of one that is just being made. */
const BEING_MADE_MS = 86_400_000;

/** @param home absolute and without dots */
export function isStamped(home: string, env: Environment): boolean {
  const word = linkText(join(home, STAMP));
  if (word === undefined) return false;
  const known = defaultHome(env);
  if (WORD.test(word)) return known !== undefined && isKnown(known, word, home);
  return word === identityOf(home) && !canHave(known);
}

/**
 * Stamps a directory, anew if it is stamped already. Where another process is faster, its stamp counts.
 * @throws what the file system says, or what is wrong with the default directory
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

/** What the default directory knows of hooks that were given another which did not count: the last such path. */
const REFUSED = 'refused';

/** For `status`, which is asked elsewhere and would not know. Never throws. */
export function noteRefused(home: string, env: Environment): void {
  const known = defaultHome(env);
  if (known === undefined || known === home) return;
  try {
    closeSync(openOwnDirectory(known));
    const note = join(known, REFUSED);
    if (linkText(note) !== undefined) unlinkSync(note);
    symlinkSync(home, note);
  } catch {
    // Nobody can be told.
  }
}

export function lastRefused(env: Environment): string | undefined {
  const known = defaultHome(env);
  return known === undefined ? undefined : linkText(join(known, REFUSED));
}

/** Takes away a stamp that does not count. */
export function removeStamp(home: string): void {
  try {
    unlinkSync(join(home, STAMP));
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

/** The other directories that this user made or trusted, as far as they are still there. */
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

/** Forgets the words of directories that are gone, or have another by now. @returns how many there were */
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

/** Makes a directory and what is missing above it, 0700. @throws what the file system says */
export function makeDirectories(path: string): void {
  const missing: string[] = [];
  // Node's own recursive form never returns where the system says ENOENT for a new entry in a directory that is there,
  // as /proc does; so each level is made once, from the top.
  for (let level = path; !isThere(level); level = dirname(level)) missing.unshift(level);
  for (const level of missing) {
    try {
      mkdirSync(level);
      // Whatever mask there is: one that takes all away would leave a directory that nobody can enter.
      chmodSync(level, 0o700);
    } catch (error) {
      // Another process was faster.
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

/** Whether the default directory is there for us to write, or could be made. */
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

/** Of anything but a link, undefined. */
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
