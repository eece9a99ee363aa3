import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/*
 * One small process does three things that Node cannot:
 *  - make pipes. Node gives a child sockets, but nobody can open /dev/stdin, /dev/stdout or /dev/stderr on a socket. If
 *    the caller passed a pipe, the hook must get one, too. A shell makes a pipe for each here-document (with one empty
 *    line, because some shells make none for an empty one), and on Linux both ends can be opened under /proc.
 *  - lower the limit of open files to the caller's: Node raises its own at start, and the hook would inherit that.
 *  - distinguish a signal to the process group from one to HookBus: the former also kills the companion.
 * One socket, its stdout, serves both directions, because a second one would cost Node much time. The companion exits
 * when HookBus closes the socket. Without it, hooks still run but lose these details. Windows has neither its shell nor
 * signals: there a console sends an event to all its processes, so each has reached the hook.
 */
const SCRIPT = `exec 3<<E 4<<E 5<<E

E

E

E
[ "$2" = - ] || prlimit --pid "$1" --nofile="$2:"
echo; read -r word <&1; exec 3<&- 4<&- 5<&-; exec cat <&1 >/dev/null`;

/** The companion's descriptors of the pipes for the hook's stdin, stdout and stderr. */
const PIPE_DESCRIPTORS = [3, 4, 5] as const;

/** How long another member of the process group may take to receive a signal. */
const GROUP_SIGNAL_MS = 3;

/** How long to wait for the companion to exit. */
const END_MS = 500;

export interface Companion {
  /** Resolves to the paths of the pipes for stdin, stdout and stderr; empty if they could not be made. */
  readonly pipePaths: Promise<readonly string[]>;
  /** Call this when the pipes are open in this process; the companion then closes its copies. */
  readonly letGo: () => void;
  /** Whether the signal that just arrived was sent to the whole process group. */
  readonly gotSignalToo: () => Promise<boolean>;
  /** Resolves when the companion has exited and was reaped: in some containers no init process reaps orphans. */
  readonly stop: () => Promise<void>;
}

/** For a sandbox in which no companion can start, and for Windows, which needs none. */
export const NO_COMPANION: Companion = {
  pipePaths: Promise.resolve([]),
  letGo: () => undefined,
  gotSignalToo: () => Promise.resolve(false),
  stop: () => Promise.resolve(),
};

/**
 * Starts the companion.
 * @throws if the system refuses sockets, which the hook's own streams may need too
 */
export function startCompanion(platform = process.platform): Companion {
  // Ctrl-C reaches every program of a console.
  if (platform === 'win32') return { ...NO_COMPANION, gotSignalToo: () => Promise.resolve(true) };
  const limit = callersOpenFileLimit() ?? '-';
  let child = start(limit);
  const isReady = readiness(child);
  const restart = (): void => {
    child = start('-');
    socketOf(child)?.write('\n');
    release(child);
  };
  return {
    pipePaths: isReady.then((ready) =>
      ready && process.platform === 'linux'
        ? PIPE_DESCRIPTORS.map((fd) => `/proc/${child.pid}/fd/${fd}`)
        : [],
    ),
    letGo: () => void socketOf(child)?.write('\n'),
    async gotSignalToo() {
      let isHit = wasHit(child);
      if (!isHit) {
        // The kernel signals the members of a group one by one, and this process may have been first.
        await wait(GROUP_SIGNAL_MS);
        isHit = wasHit(child);
      }
      if (isHit) restart();
      return isHit;
    },
    stop: () => end(child),
  };
}

function start(limit: string): ChildProcess {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'hookbus', String(process.pid), limit], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
  });
  // Errors of the companion are ignored: it is optional.
  for (const part of [child, child.stdout]) part?.on('error', () => undefined);
  return child;
}

/** The companion keeps the event loop alive only until it is ready; after that a run does not wait for it. */
function readiness(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isReady: boolean): void => {
      release(child);
      resolve(isReady);
    };
    child.stdout?.once('data', () => finish(true));
    child.once('error', () => finish(false));
    child.once('exit', () => finish(false));
  });
}

function release(child: ChildProcess): void {
  child.unref();
  socketOf(child)?.unref();
}

/** Node's types call this stream readable only. */
function socketOf(child: ChildProcess): Socket | undefined {
  return child.stdout instanceof Socket ? child.stdout : undefined;
}

function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve();
  return new Promise((resolve) => {
    child.ref();
    child.once('exit', () => resolve());
    setTimeout(resolve, END_MS);
    try {
      if (child.kill('SIGKILL')) return;
    } catch {
      // Node throws some errors.
    }
    // A sandbox refuses kill. Without its socket the companion exits.
    socketOf(child)?.destroy();
  });
}

/** A process that got a deadly signal shows it at once: it is gone, a zombie, or has the signal pending. */
function wasHit(child: ChildProcess): boolean {
  if (child.pid === undefined) return false;
  if (child.exitCode !== null || child.signalCode !== null) return true;
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
    if (/^State:\s+[ZX]/m.test(status)) return true;
    return [...status.matchAll(/^(?:SigPnd|ShdPnd):\s+([0-9a-f]+)/gm)].some(
      ([, mask = '0']) => !/^0*$/.test(mask),
    );
  } catch {
    // The process is gone, provided that this system has /proc at all.
    return existsSync('/proc/self/status');
  }
}

/** The parent's soft limit of open files, if it is lower than this process's. */
function callersOpenFileLimit(): string | undefined {
  try {
    const own = openFileLimit('self');
    const callers = openFileLimit(String(process.ppid));
    return callers !== undefined && own !== undefined && Number(callers) < Number(own)
      ? callers
      : undefined;
  } catch {
    return undefined;
  }
}

function openFileLimit(process: string): string | undefined {
  return /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${process}/limits`, 'latin1'))?.[1];
}
