import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/*
 * Three things that Node cannot do by itself, in one small process beside it:
 *  - make named pipes. Node gives a child sockets, and /dev/stdin, /dev/stdout and /dev/stderr cannot be opened on
 *    a socket; where the caller gave a pipe, the hook must find one too.
 *  - lower the limit of open files to what the caller gave: Node raises its own at start, and the hook would inherit that.
 *  - tell a signal to the process group from one to HookBus alone: the companion sits in the same group and dies by it.
 * It ends with HookBus, whose end of its stdin it waits for. Without it hooks still run; these finer points are lost.
 */
const SCRIPT = `pid=$1 limit=$2; shift 2
[ $# -eq 0 ] || mkfifo -m 600 "$@" || exit 1
[ "$limit" = - ] || prlimit --pid "$pid" --nofile="$limit:"
echo; exec cat >/dev/null`;

/** How long a group member may take to show that it got a signal, in ms. */
const GROUP_SIGNAL_MS = 3;

export interface Companion {
  /** Resolves to true once the pipes exist and the limit is set, to false when that failed. */
  readonly isReady: Promise<boolean>;
  /** Whether the signal that just came was sent to the whole process group. */
  readonly gotSignalToo: () => Promise<boolean>;
  readonly stop: () => void;
}

/** Starts the companion; never throws. */
export function startCompanion(pipePaths: readonly string[]): Companion {
  const limit = callersOpenFileLimit();
  let child = start([String(process.pid), limit ?? '-', ...pipePaths]);
  const isReady = readiness(child);
  return {
    isReady,
    async gotSignalToo() {
      let isHit = wasHit(child);
      if (!isHit) {
        // The kernel signals the members of a group one after the other, and we may have been first.
        await wait(GROUP_SIGNAL_MS);
        isHit = wasHit(child);
      }
      if (isHit) {
        child = start([String(process.pid), '-']);
        release(child);
      }
      return isHit;
    },
    stop: () => void child.kill('SIGKILL'),
  };
}

/** It keeps HookBus alive until then, and never again: its life is not what a run waits for. */
function readiness(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isReady: boolean): void => {
      release(child);
      resolve(isReady);
    };
    child.stdout?.once('data', () => settle(true));
    child.once('error', () => settle(false));
    child.once('exit', () => settle(false));
  });
}

function start(parameters: string[]): ChildProcess {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'hookbus', ...parameters], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
  });
  // It must never keep HookBus alive, and its own troubles are no news.
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  child.stdout?.on('error', () => undefined);
  return child;
}

function release(child: ChildProcess): void {
  for (const handle of [child, child.stdin, child.stdout]) {
    (handle as { unref?: () => void } | null)?.unref?.();
  }
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
    return process.platform === 'linux';
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
