import { closeSync, existsSync, lstatSync } from 'node:fs';
import { createConnection, Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { isOwn, openOwnDirectory, ownUser } from '../../os/own-file.ts';
import { readPipeName } from './pipe.ts';

/** Maximum length of a Unix socket's path: the size of `sockaddr_un` without the final NUL. */
const SOCKET_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;

/**
 * Passes `use` a name for the socket that fits into `sockaddr_un`, however long its path is: through the open directory
 * in /proc, else relative to the directory while `use` runs.
 * @throws in a worker, which cannot change the directory
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
 * Connects to the daemon's socket if it belongs to this user. Node cannot tell which user answers, so the directory is
 * held open and the socket is opened through it: nobody can replace the directory between the check and the call.
 * Reports every error, also a socket of another user, through the event `error`.
 */
export function connect(path: string): Socket {
  let directory: number | undefined;
  try {
    if (ownUser() === undefined) return createConnection(readPipeName(path));
    directory = openOwnDirectory(dirname(path));
    return atSocket(path, directory, (socket) => {
      const stat = lstatSync(socket);
      if (!stat.isSocket() || !isOwn(stat)) throw new Error(`${path} is not a socket of this user`);
      // `createConnection` calls the system before it returns.
      return createConnection(socket);
    });
  } catch (error) {
    return new Socket().destroy(error as Error);
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}
