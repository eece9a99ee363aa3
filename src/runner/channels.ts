import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';

/** The three streams between HookBus and the hook: what the child is given, and our end of it. */
export interface Channels {
  /** For `stdio` of the child: a descriptor of its own, or `pipe` for what Node makes (a socket). */
  readonly childStdio: readonly (number | 'pipe')[];
  /** Our ends, where they are not the child's own `stdin`, `stdout` and `stderr`. */
  readonly own: readonly (Socket | undefined)[];
  /** To be called once the child has its ends. */
  readonly closeChildEnds: () => void;
}

const STREAMS = [0, 1, 2] as const;

/** The named pipes this run needs: one for each of its streams that the caller did not give as a socket. */
export function pipePaths(directory: string | undefined, executionId: string): string[] {
  if (directory === undefined || process.platform === 'win32') return [];
  const wanted = STREAMS.filter((fd) => !isSocket(fd));
  if (wanted.length === 0) return [];
  try {
    if (!existsSync(directory)) mkdirSync(directory, { mode: 0o700 });
  } catch {
    // Another process may have been faster; where it is truly missing, mkfifo will say so.
  }
  return wanted.map((fd) => join(directory, `${executionId}.${fd}`));
}

/** Opens the named pipes made for this run and takes their names away; streams without one get what Node makes. */
export function openChannels(paths: readonly string[], areMade: boolean): Channels {
  const childStdio: (number | 'pipe')[] = ['pipe', 'pipe', 'pipe'];
  const own: (Socket | undefined)[] = [undefined, undefined, undefined];
  for (const path of paths) {
    const fd = Number(path.at(-1));
    try {
      if (!areMade) continue;
      const [childEnd, ourEnd] = fd === 0 ? openToChild(path) : openFromChild(path);
      childStdio[fd] = childEnd;
      own[fd] = new Socket({ fd: ourEnd, readable: fd !== 0, writable: fd === 0 });
    } catch {
      // A file system without named pipes, or no descriptors left: Node's own kind will do.
    } finally {
      rmSync(path, { force: true });
    }
  }
  return {
    childStdio,
    own,
    closeChildEnds: () => {
      for (const end of childStdio) if (end !== 'pipe') closeSync(end);
    },
  };
}

function openToChild(path: string): [number, number] {
  // Opening one end blocks until the other is open, except for both at once.
  const both = openSync(path, constants.O_RDWR);
  try {
    const childEnd = openSync(path, constants.O_RDONLY);
    return [childEnd, openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)];
  } finally {
    closeSync(both);
  }
}

function openFromChild(path: string): [number, number] {
  const ourEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return [openSync(path, constants.O_WRONLY), ourEnd];
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
