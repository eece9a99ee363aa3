import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  type Stats,
} from 'node:fs';

/**
 * Files that only this user can have made: no links are followed, nothing is waited for, and what has another name
 * may be somebody else's file. Twin: src/launcher/home.c.
 */

/** Undefined on Windows, which has no such users: there everything is one's own. */
export const ownUser = (): number | undefined => process.geteuid?.();

/** Windows has neither of them. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NO_WAIT = constants.O_NONBLOCK ?? 0;

const OTHERS_WRITE = 0o022;

export const isOwn = ({ uid }: Pick<Stats, 'uid'>): boolean => [uid, undefined].includes(ownUser());

export const isOthersToWrite = ({ mode }: Pick<Stats, 'mode'>): boolean =>
  ownUser() !== undefined && (mode & OTHERS_WRITE) !== 0;

/** Why it is not to be used; undefined where it is. */
function unfitness(stat: Stats): string | undefined {
  if (stat.isSymbolicLink()) return 'it is a link';
  if (!stat.isFile()) return 'it is no regular file';
  if (!isOwn(stat)) return `it belongs to another user (${stat.uid})`;
  // One without any was taken away meanwhile.
  return stat.nlink > 1 ? 'it has another name (a hard link)' : undefined;
}

/** What it says of a file is no fault of the file system: it is not one that we made. */
export class NotOwnError extends Error {}

const unfit = (path: string, why: string): Error =>
  new NotOwnError(`expected ${path} to be a file of your own: ${why}`);

/**
 * Opens a file by these flags of open(2).
 * @throws what the file system says, or why it is not to be used
 */
export function openOwnFile(path: string, flags: number, mode = 0o600): number {
  let file: number;
  try {
    file = openSync(path, flags | NO_FOLLOW | NO_WAIT, mode);
  } catch (error) {
    throw isCode(error, 'ELOOP', 'EMLINK') ? unfit(path, 'it is a link') : error;
  }
  const why = unfitness(fstatSync(file));
  if (why === undefined) return file;
  closeSync(file);
  throw unfit(path, why);
}

/** All of a file. @throws as `openOwnFile` */
export function readOwnFile(path: string): Buffer {
  const file = openOwnFile(path, constants.O_RDONLY);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Writes behind what is there; a file that is not there is made only with `O_CREAT`. @throws as `openOwnFile` */
export function openToAppend(path: string, more = 0): number {
  return openOwnFile(path, constants.O_APPEND | constants.O_WRONLY | more);
}

/** For whoever opens it by its path and follows links. @throws why it is not to be used; one that is not there is fine */
export function requireOwnFile(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  const why = stat && unfitness(stat);
  if (why !== undefined) throw unfit(path, why);
}

/**
 * Opens a directory of our own that others cannot write, as a descriptor that stays on it.
 * @throws what the file system says, or why it is not to be used
 */
export function openOwnDirectory(path: string): number {
  const directory = openSync(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | NO_FOLLOW);
  const stat = fstatSync(directory);
  if (stat.isDirectory() && isOwn(stat) && !isOthersToWrite(stat)) return directory;
  closeSync(directory);
  throw new Error(`expected ${path} to be a directory of your own that others cannot write`);
}

/** One level of a directory that is known to be ours. @throws where it is a link, or cannot be made */
export function makeOwnDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
  requireDirectory(path);
}

/** @throws where it is a link; what else it may be instead of a directory the file system says */
export function requireDirectory(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink() === true) {
    throw new Error(`expected ${path} to be a directory, got a link`);
  }
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
