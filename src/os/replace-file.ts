import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isOwn } from './own-file.ts';
import { randomBytes } from './random.ts';

export interface Replacement {
  /** The mode of the file, less the umask; 0600 if missing. */
  readonly mode?: number;
  /** The file gets exactly this mode, owner and group instead. */
  readonly like?: Pick<Stats, 'mode' | 'uid' | 'gid'>;
  /** Fails with `EEXIST` if the file exists. */
  readonly mustBeNew?: boolean;
  /** Asked when the new text is on the disk; after a no, nothing changes. */
  readonly isWanted?: () => boolean;
}

/** Windows has no such flag. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;

/** With a `~` and a suffix, which no gate file has, nor any file that agents or exporters look for. */
const TEMPORARY = /^\.hookbus~[\da-f]{32}\.new$/;

/** No writer takes so long. */
const LEFTOVER_MS = 60_000;

/**
 * Writes a file atomically and durably: whenever somebody reads it, even after a crash, it has its old text or all of the
 * new one.
 * @returns false if `isWanted` said no
 * @throws the file system's error
 */
export function replaceFile(path: string, text: string, how: Replacement = {}): boolean {
  const { mode = 0o600, like, mustBeNew = false, isWanted = () => true } = how;
  const directory = dirname(path);
  removeLeftovers(directory);
  // Other users may be able to write to the directory, so nobody may guess the name, and an existing file is not opened.
  const random = Buffer.from(randomBytes(16)).toString('hex');
  const temporary = join(directory, `.hookbus~${random}.new`);
  const file = openSync(temporary, NEW_FILE, like === undefined ? mode : 0o600);
  try {
    writeWhole(file, text, like);
    if (!isWanted()) return false;
    // Unlike a rename, a link does not replace a file that was created meanwhile.
    if (mustBeNew) linkSync(temporary, path);
    else renameSync(temporary, path);
  } catch (error) {
    // Nobody knows the random name, and a log that has each message once must not get a new one each time.
    if (error instanceof Error) error.message = error.message.replaceAll(temporary, path);
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(directory);
  return true;
}

/** Removes temporary files of writers that were killed, and nothing else with such a name. */
function removeLeftovers(directory: string): void {
  try {
    for (const name of readdirSync(directory)) {
      if (!TEMPORARY.test(name)) continue;
      const leftover = join(directory, name);
      const stat = lstatSync(leftover);
      const isOld = Date.now() - stat.mtimeMs > LEFTOVER_MS;
      if (stat.isFile() && isOwn(stat) && isOld) rmSync(leftover, { force: true });
    }
  } catch {
    // The directory cannot be listed, or another writer removed the file.
  }
}

function writeWhole(file: number, text: string, like: Replacement['like']): void {
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    if (like !== undefined) {
      const own = fstatSync(file);
      if (own.uid !== like.uid || own.gid !== like.gid) fchownSync(file, like.uid, like.gid);
      fchmodSync(file, like.mode & 0o7777);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncDirectory(path: string): void {
  try {
    const directory = openSync(path, constants.O_RDONLY);
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  } catch {
    // Some file systems cannot sync a directory, and some directories cannot be read; the file is complete even so.
  }
}
