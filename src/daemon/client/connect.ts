import { closeSync, existsSync, lstatSync } from 'node:fs';
import { createConnection, Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { isOwn, openOwnDirectory, ownUser } from '../../os/own-file.ts';

/** Longest path of a Unix socket, in bytes: what `sockaddr_un` holds, without the NUL at its end. */
const SOCKET_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;

/**
 * Names a socket so that the system takes it, however long its path is: by the open directory where the system has names
 * for those, else from within the directory, for as long as `use` takes. @throws in a worker, which cannot go there
 */
export function atSocket<T>(path: string, directory: number, use: (socket: string) => T): T {
  const held = `/proc/self/fd/${directory}`;
  if (existsSync(held)) return use(`${held}/${basename(path)}`);
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES) return use(path);
  const back = process.cwd();
  process.chdir(dirname(path));
  try {
    return use(basename(path));
  } finally {
    process.chdir(back);
  }
}

/**
 * Connects to the daemon's socket, which only this user can have made: Node does not tell whose process answers, so the
 * directory is held open and gone by, and nobody can put another in its place between the look and the call.
 * What goes wrong, also that it is another user's, is told by the event `error`.
 */
export function connect(path: string): Socket {
  if (ownUser() === undefined) return createConnection(path);
  let directory: number | undefined;
  try {
    directory = openOwnDirectory(dirname(path));
    return atSocket(path, directory, (socket) => {
      const stat = lstatSync(socket);
      if (!stat.isSocket() || !isOwn(stat)) throw new Error(`expected ${path} to be this user's`);
      // The system is asked before this returns.
      return createConnection(socket);
    });
  } catch (error) {
    return new Socket().destroy(error as Error);
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}
