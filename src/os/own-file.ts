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
 * Files that only this user can have made. They are opened without following links and without waiting. A file with a
 * second name may belong to somebody else. C port: src/launcher/home.c.
 */

/** Undefined on Windows, which has no such user ids: there every file counts as the user's own. */
export const ownUser = (): number | undefined => process.geteuid?.();

/** Windows has neither flag. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NO_WAIT = constants.O_NONBLOCK ?? 0;

const OTHERS_WRITE = 0o022;

export const isOwn = ({ uid }: Pick<Stats, 'uid'>): boolean => [uid, undefined].includes(ownUser());

export const isOthersToWrite = ({ mode }: Pick<Stats, 'mode'>): boolean =>
  ownUser() !== undefined && (mode & OTHERS_WRITE) !== 0;

/** Why the file must not be used; undefined if it may be. */
function unfitness(stat: Stats): string | undefined {
  if (stat.isSymbolicLink()) return 'it is a link';
  if (!stat.isFile()) return 'it is not a regular file';
  if (!isOwn(stat)) return `it belongs to another user (${stat.uid})`;
  // A file without any name was deleted meanwhile.
  return stat.nlink > 1 ? 'it has another name (a hard link)' : undefined;
}

/** The file exists and can be read, but HookBus did not make it. */
export class NotOwnError extends Error {}

const unfit = (path: string, why: string): Error =>
  new NotOwnError(`${path} cannot be used: ${why}`);

/**
 * Opens a file with these flags of open(2).
 * @throws the file system's error, or why the file must not be used
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

/** Reads a whole file. @throws like `openOwnFile` */
export function readOwnFile(path: string): Buffer {
  const file = openOwnFile(path, constants.O_RDONLY);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Opens a file to append to it; creates it only with `O_CREAT`. @throws like `openOwnFile` */
export function openToAppend(path: string, more = 0): number {
  return openOwnFile(path, constants.O_APPEND | constants.O_WRONLY | more);
}

/** For a caller that opens the path later and follows links. @throws why the file must not be used; a missing file is fine */
export function requireOwnFile(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  const why = stat && unfitness(stat);
  if (why !== undefined) throw unfit(path, why);
}

/**
 * Opens a directory that belongs to this user and that others cannot write, as a descriptor that stays on it.
 * @throws the file system's error, or why the directory must not be used
 */
export function openOwnDirectory(path: string): number {
  const directory = openSync(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | NO_FOLLOW);
  const stat = fstatSync(directory);
  if (stat.isDirectory() && isOwn(stat) && !isOthersToWrite(stat)) return directory;
  closeSync(directory);
  throw new Error(
    `${path} cannot be used: it must be your directory, and only you may write to it`,
  );
}

/** Makes one level below a directory that is known to be this user's. @throws if it is a link, or cannot be made */
export function makeOwnDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
  requireDirectory(path);
}

/** @throws if it is a link; the file system reports anything else that is not a directory */
export function requireDirectory(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink() === true) {
    throw new Error(`${path} cannot be used: it must be a directory, not a link`);
  }
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
