import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isCode, isOthersToWrite } from './own-file.ts';
import { readAtMost } from './read-bounded.ts';

/*
 * Files that only root can have written, for what root decides for all users. They are opened without following links
 * and without waiting.
 */

/** Windows has no root, and so no such file. */
export const hasRoot = (): boolean => process.geteuid !== undefined;

/**
 * Opens a file or, with `O_DIRECTORY`, a directory, and looks into it only if it is root's alone.
 * @returns why it is not used; undefined if `look` returned nothing
 * @throws the file system's error
 */
function lookInRootFile(
  path: string,
  flags: number,
  look: (opened: { file: number; stat: Stats }) => string | undefined,
): string | undefined {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | flags);
  try {
    const stat = fstatSync(file);
    if (stat.uid !== 0) return `it belongs to user ${stat.uid}, not to root`;
    if (isOthersToWrite(stat)) return 'users other than root can write to it';
    return look({ file, stat });
  } finally {
    closeSync(file);
  }
}

/** Why a directory is not root's alone; undefined if it is. @throws the file system's error */
export const unfitDirectory = (path: string): string | undefined =>
  lookInRootFile(path, constants.O_DIRECTORY, ({ stat }) =>
    stat.isDirectory() ? undefined : 'it is not a directory',
  );

/**
 * Reads a regular file of root.
 * @returns its text, or why it is not used
 * @throws the file system's error, or that the file is too large
 */
export function readRootFile(
  path: string,
  maxBytes: number,
): { readonly text: string } | { readonly unfit: string } {
  let text = '';
  const unfit = lookInRootFile(path, constants.O_NONBLOCK, ({ file, stat }) => {
    if (!stat.isFile()) return 'it is not a regular file';
    text = readAtMost(file, maxBytes).toString();
    return undefined;
  });
  return unfit === undefined ? { text } : { unfit };
}

/** Whether an error of opening means that the path is a link, or leads through what is no directory. */
export const isNoPlainPath = (error: unknown): boolean => isCode(error, 'ELOOP', 'ENOTDIR');

/**
 * Why a program is not one that root alone can change and every user can start; undefined if it is. Looks at every
 * directory on the way, also where links lead.
 * @throws the file system's error
 */
export function unfitProgram(path: string): string | undefined {
  // Throws if links form a circle.
  realpathSync(path);
  for (const place of new Set(wayTo(path))) {
    const stat = lstatSync(place);
    if (stat.uid !== 0) return `${place} belongs to user ${stat.uid}, not to root`;
    if (stat.isSymbolicLink()) continue;
    // In a directory such as /tmp, nobody can replace what is root's.
    const isSticky = stat.isDirectory() && (stat.mode & STICKY) !== 0;
    if (isOthersToWrite(stat) && !isSticky) return `users other than root can write to ${place}`;
    if ((stat.mode & constants.S_IXOTH) === 0) return `not every user can use ${place}`;
  }
  return undefined;
}

const STICKY = 0o1000;

/** The file, the links on the way, and the directories above each: whoever can replace a link chooses the program. */
function wayTo(path: string): string[] {
  const places = upwards(path);
  const link = places.findLast((place) => lstatSync(place).isSymbolicLink());
  if (link === undefined) return places;
  const target = resolve(dirname(link), readlinkSync(link));
  return [...upwards(link), ...wayTo(`${target}${path.slice(link.length)}`)];
}

function upwards(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...upwards(above)];
}
