import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { passesThrough } from './own-input.ts';

/** The three streams between HookBus and the hook: the child's ends and this process's ends. */
export interface Channels {
  /** For `stdio` of the child: a descriptor, or `pipe` for what Node makes (a socket). */
  readonly childStdio: readonly (number | 'pipe')[];
  /** This process's ends, unless they are the child's `stdin`, `stdout` and `stderr`. */
  readonly own: readonly (Socket | undefined)[];
  /** Call this when the child has its ends. */
  readonly closeChildEnds: () => void;
}

const STDIN = 0;

/** The channel of one stream; `ours` is absent if Node makes the channel, or the child gets the caller's own stream. */
interface Channel {
  readonly childEnd: number | 'pipe';
  readonly ours?: Socket;
}

/**
 * Opens the streams of a hook: a pipe, unless the caller passed a socket or no pipe could be made; then what Node
 * makes. If stdin does not pass through this process, the hook gets the caller's.
 * @param pipePaths the path of a pipe for each stream, or empty
 */
export function openChannels(pipePaths: readonly string[]): Channels {
  const channels = [0, 1, 2].map((fd): Channel => {
    if (fd === STDIN && !passesThrough()) return { childEnd: fd };
    const path = pipePaths[fd];
    if (path === undefined || isSocket(fd)) return { childEnd: 'pipe' };
    try {
      return openPipe(path, fd);
    } catch {
      // Out of descriptors, or a system that cannot open pipes by name.
      return { childEnd: 'pipe' };
    }
  });
  return {
    childStdio: channels.map(({ childEnd }) => childEnd),
    own: channels.map(({ ours }) => ours),
    closeChildEnds: () => {
      for (const { childEnd, ours } of channels) {
        if (ours !== undefined && typeof childEnd === 'number') closeSync(childEnd);
      }
    },
  };
}

/** This process's end is non-blocking with its own file description; the child's is like a shell's. */
function openPipe(path: string, fd: number): Channel {
  const isInput = fd === STDIN;
  const childEnd = openSync(path, isInput ? constants.O_RDONLY : constants.O_WRONLY);
  const direction = isInput ? constants.O_WRONLY : constants.O_RDONLY;
  try {
    // Some shells make here-documents with files, which cannot carry a stream.
    if (!fstatSync(childEnd).isFIFO()) throw new Error('not a pipe');
    const ours = openSync(path, direction | constants.O_NONBLOCK);
    // Discards the one byte of the here-document that made the pipe.
    readSync(isInput ? childEnd : ours, Buffer.alloc(1));
    return { childEnd, ours: new Socket({ fd: ours, readable: !isInput, writable: isInput }) };
  } catch (error) {
    closeSync(childEnd);
    throw error;
  }
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
