import { closeSync, existsSync, lstatSync } from 'node:fs';
import { createConnection, Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { isOwn, openOwnDirectory, ownUser } from '../files/own-file.ts';

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
    const held = `/proc/self/fd/${directory}`;
    const socket = existsSync(held) ? `${held}/${basename(path)}` : path;
    const stat = lstatSync(socket);
    if (!stat.isSocket() || !isOwn(stat)) throw new Error(`expected ${path} to be this user's`);
    // The system is asked before this returns.
    return createConnection(socket);
  } catch (error) {
    return new Socket().destroy(error as Error);
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}
