import { closeSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { openOwnDirectory } from '../os/own-file.ts';
import { FRAME_HEADER_BYTES, type Frame, frameBytes, splitFrames } from '../protocol/frame.ts';
import { atSocket } from './client/connect.ts';

/** Most that one connection may have said without it making a frame, in bytes: the largest payload, and two outputs. */
const MAX_UNREAD_BYTES = 9 * 1024 * 1024;

/** A client says what it wants at once; one that is silent for so long, in ms, is cut off. */
const SILENCE_MS = 5000;

/** More clients at once than any machine starts hooks; beyond them a connection is closed unheard. */
const MAX_CONNECTIONS = 512;

export interface Connection {
  readonly send: (bytes: Uint8Array) => void;
  /** Whether the other side has so much to read yet that it should be sent no more; `onDrain` tells when that is over. */
  readonly isFull: () => boolean;
  readonly onDrain: (work: () => void) => void;
  /** No more is expected of the other side: it may be silent for as long as it likes. */
  readonly keep: () => void;
  readonly onClose: (work: () => void) => void;
  readonly end: () => void;
}

/** Told of every frame. What it throws ends that connection and no other. */
export type OnFrame = (frame: Frame, connection: Connection) => void;

/**
 * Listens on the socket, 0600 in a directory that is 0700, so that the kernel refuses other users. To be called by the one process that holds the daemon's lock: a socket
 * that is there already is left over and is removed.
 * @throws what the system says
 */
export async function listen(
  path: string,
  onFrame: OnFrame,
): Promise<{ close: () => Promise<void> }> {
  rmSync(path, { force: true });
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    serve(socket, onFrame);
  });
  server.maxConnections = MAX_CONNECTIONS;
  // By the directory as it is now; held open, since Node takes the socket away by the name that it was given.
  const directory = process.platform === 'win32' ? undefined : openOwnDirectory(dirname(path));
  if (directory === undefined) await startListening(server, path);
  else await atSocket(path, directory, (socket) => startListening(server, socket));
  return {
    async close() {
      const isClosed = new Promise<void>((resolve) => void server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await isClosed;
      rmSync(path, { force: true });
      if (directory !== undefined) closeSync(directory);
    },
  };
}

function startListening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // It is bound at once, and nobody else is to find it open before its mode is set.
    const mask = process.umask(0o177);
    server.listen(path, () => {
      server.off('error', reject);
      // From now on a client that cannot be accepted is its own misfortune.
      server.on('error', () => undefined);
      resolve();
    });
    process.umask(mask);
  });
}

/** Hears one client. */
export function serve(socket: Socket, onFrame: OnFrame): void {
  const unread = createUnread();
  const closers: (() => void)[] = [];
  const connection: Connection = {
    send: (bytes) => void socket.write(bytes),
    isFull: () => socket.writableNeedDrain,
    onDrain: (work) => void socket.on('drain', work),
    keep: () => void socket.setTimeout(0),
    onClose: (work) => void closers.push(work),
    end: () => void socket.end(),
  };
  socket.setTimeout(SILENCE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    for (const work of closers) work();
  });
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const frame of unread.add(chunk)) onFrame(frame, connection);
    } catch {
      // Garbage, another protocol, or a frame that makes no sense: this client is not one of ours.
      socket.destroy();
    }
  });
}

/** What a client has said so far of a frame. Pieces are joined once it is whole: joining each would cost their square. */
function createUnread() {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let wanted = FRAME_HEADER_BYTES;
  return {
    /** @returns the frames that are whole now @throws what ends the connection */
    add(chunk: Buffer): Frame[] {
      pieces.push(chunk);
      bytes += chunk.length;
      if (bytes < wanted) return [];
      const { frames, rest } = splitFrames(pieces.length === 1 ? chunk : Buffer.concat(pieces));
      wanted = frameBytes(rest) ?? FRAME_HEADER_BYTES;
      if (wanted > MAX_UNREAD_BYTES) throw new Error('a frame that is too long');
      pieces = [Buffer.from(rest)];
      bytes = rest.length;
      return frames;
    },
  };
}
