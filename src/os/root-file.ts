import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
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
