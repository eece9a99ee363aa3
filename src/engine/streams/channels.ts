import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { passesThrough } from './own-input.ts';

/** The three streams between HookBus and the hook: what the child is given, and our end of it. */
export interface Channels {
  /** For `stdio` of the child: a descriptor of its own, or `pipe` for what Node makes (a socket). */
  readonly childStdio: readonly (number | 'pipe')[];
  /** Our ends, where they are not the child's own `stdin`, `stdout` and `stderr`. */
  readonly own: readonly (Socket | undefined)[];
  /** To be called once the child has its ends. */
  readonly closeChildEnds: () => void;
}

const STDIN = 0;

/** A channel for one stream; `ours` is absent where the child has it from Node, or is given the caller's own. */
interface Channel {
  readonly childEnd: number | 'pipe';
  readonly ours?: Socket;
}

/**
 * Opens the streams of a hook: a pipe where the caller gave anything but a socket and one could be made, else what
 * Node makes. What does not pass through us on stdin is the hook's own.
 * @param pipePaths of a pipe for each stream, or none
 */
export function openChannels(pipePaths: readonly string[]): Channels {
  const channels = [0, 1, 2].map((fd): Channel => {
    if (fd === STDIN && !passesThrough()) return { childEnd: fd };
    const path = pipePaths[fd];
    if (path === undefined || isSocket(fd)) return { childEnd: 'pipe' };
    try {
      return openPipe(path, fd);
    } catch {
      // No descriptors left, or a system that does not open pipes by name: Node's own kind will do.
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

/** Our end is non-blocking, on an open file of its own; the child's is as a shell would make it. */
function openPipe(path: string, fd: number): Channel {
  const isInput = fd === STDIN;
  const childEnd = openSync(path, isInput ? constants.O_RDONLY : constants.O_WRONLY);
  const direction = isInput ? constants.O_WRONLY : constants.O_RDONLY;
  try {
    // A shell may make its here-documents with files instead; those cannot carry a stream.
    if (!fstatSync(childEnd).isFIFO()) throw new Error('not a pipe');
    const ours = openSync(path, direction | constants.O_NONBLOCK);
    // The one byte of the here-document that made the pipe.
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
