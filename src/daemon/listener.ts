import { closeSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { openOwnDirectory } from '../os/own-file.ts';
import { FRAME_HEADER_BYTES, type Frame, frameBytes, splitFrames } from '../protocol/frame.ts';
import { atSocket } from './client/connect.ts';
import { makePipeName } from './client/pipe.ts';

/** Maximum bytes of an incomplete frame: the largest payload and two outputs. */
const MAX_UNREAD_BYTES = 9 * 1024 * 1024;

/** A connection without a request is closed after this time. */
const SILENCE_MS = 5000;

/** More than any machine runs hooks at once; further connections are closed at once. */
const MAX_CONNECTIONS = 512;

export interface Connection {
  readonly send: (bytes: Uint8Array) => void;
  /**
   * Whether the client still has so much to read that nothing should be sent now; `onDrain` calls back when it has
   * read.
   */
  readonly isFull: () => boolean;
  readonly onDrain: (work: () => void) => void;
  /** Disables the idle timeout: the client need not send anything more. */
  readonly keep: () => void;
  readonly onClose: (work: () => void) => void;
  readonly end: () => void;
}

/** Called with every frame. If it throws, only that connection is closed. */
export type OnFrame = (frame: Frame, connection: Connection) => void;

/**
 * Listens on the socket, on Windows on a named pipe, with mode 0600 in a directory with mode 0700, so that the kernel refuses other users. Only the
 * process that holds the daemon's lock may call this: it removes an existing socket, which a killed daemon left behind.
 * @throws errors of the system
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
  // Keep the directory open: Node removes the socket under the name that it got here.
  const directory = process.platform === 'win32' ? undefined : openOwnDirectory(dirname(path));
  if (directory === undefined) await startListening(server, makePipeName(path));
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
    // `listen` binds at once, and the socket must never have a wider mode.
    const mask = process.umask(0o177);
    server.listen(path, () => {
      server.off('error', reject);
      // Later errors concern only the client that could not be accepted.
      server.on('error', () => undefined);
      resolve();
    });
    process.umask(mask);
  });
}

/** Handles one connection. */
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
      // Garbage, another protocol or an invalid frame: not a HookBus client.
      socket.destroy();
    }
  });
}

/**
 * Collects the bytes of an incomplete frame, and joins them once it is complete: joining every chunk would be
 * quadratic.
 */
function createUnread() {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let wanted = FRAME_HEADER_BYTES;
  return {
    /** @returns the frames that are complete now @throws if the connection must be closed */
    add(chunk: Buffer): Frame[] {
      pieces.push(chunk);
      bytes += chunk.length;
      if (bytes < wanted) return [];
      const { frames, rest } = splitFrames(pieces.length === 1 ? chunk : Buffer.concat(pieces));
      wanted = frameBytes(rest) ?? FRAME_HEADER_BYTES;
      if (wanted > MAX_UNREAD_BYTES) throw new Error('the frame is too long');
      pieces = [Buffer.from(rest)];
      bytes = rest.length;
      return frames;
    },
  };
}
