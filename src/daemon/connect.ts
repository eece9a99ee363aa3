import { createConnection, Socket } from 'node:net';
import { isOwnSocket } from '../config/socket-path.ts';

/** Connects to the daemon's socket. What goes wrong, also that it is another user's, is told by the event `error`. */
export function connect(path: string): Socket {
  if (isOwnSocket(path)) return createConnection(path);
  return new Socket().destroy(
    new Error(`expected the directory of ${path} to be this user's alone`),
  );
}
