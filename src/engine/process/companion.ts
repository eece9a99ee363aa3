import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/*
 * Three things that Node cannot do by itself, in one small process beside it:
 *  - make pipes. Node gives a child sockets, and /dev/stdin, /dev/stdout and /dev/stderr cannot be opened on a socket;
 *    where the caller gave a pipe, the hook must find one too. A shell makes one for each here-document (one empty line,
 *    since some make nothing of an empty one), and Linux lets us open both its ends under /proc.
 *  - lower the limit of open files to what the caller gave: Node raises its own at start, and the hook would inherit that.
 *  - tell a signal to the process group from one to HookBus alone: the companion sits in the same group and dies by it.
 * One socket, its stdout, goes both ways: a second one would take Node as long as much else here. It ends with HookBus,
 * whose end of the socket it waits for. Without it hooks still run; these finer points are lost.
 */
const SCRIPT = `exec 3<<E 4<<E 5<<E

E

E

E
[ "$2" = - ] || prlimit --pid "$1" --nofile="$2:"
echo; read -r word <&1; exec 3<&- 4<&- 5<&-; exec cat <&1 >/dev/null`;

/** The companion's descriptors that are the pipes for the hook's stdin, stdout and stderr. */
const PIPE_DESCRIPTORS = [3, 4, 5] as const;

/** How long a group member may take to show that it got a signal, in ms. */
const GROUP_SIGNAL_MS = 3;

/** How long its end is waited for, in ms. */
const END_MS = 500;

export interface Companion {
  /** Resolves to the paths of the pipes for stdin, stdout and stderr; to none where they could not be made. */
  readonly pipePaths: Promise<readonly string[]>;
  /** Once the pipes are open on our side: from then on the companion holds none of them. */
  readonly letGo: () => void;
  /** Whether the signal that just came was sent to the whole process group. */
  readonly gotSignalToo: () => Promise<boolean>;
  /** Resolves once it is gone and reaped: there are systems without a process that reaps what is left. */
  readonly stop: () => Promise<void>;
}

/** Starts the companion; never throws. */
export function startCompanion(): Companion {
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
        // The kernel signals the members of a group one after the other, and we may have been first.
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
  // Its own troubles are no news.
  for (const part of [child, child.stdout]) part?.on('error', () => undefined);
  return child;
}

/** It keeps HookBus alive until it is ready, and never again: its life is not what a run waits for. */
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

/** What Node types as readable only. */
function socketOf(child: ChildProcess): Socket | undefined {
  return child.stdout instanceof Socket ? child.stdout : undefined;
}

function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve();
  return new Promise((resolve) => {
    child.ref();
    child.once('exit', () => resolve());
    setTimeout(resolve, END_MS).unref();
    child.kill('SIGKILL');
  });
}

/** A process that a signal killed shows it at once: it is gone, dying, or has the signal pending. */
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
    // It is gone, where the system tells of any.
    return existsSync('/proc/self/status');
  }
}

/** The soft limit of open files of our parent, where it is lower than ours has become. */
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
