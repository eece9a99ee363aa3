import { setTimeout as wait } from 'node:timers/promises';
import { nowMs } from './clock.ts';
import { Descendants, type DescendantsOptions } from './process/descendants.ts';

/** Time between SIGTERM and SIGKILL. */
const GRACE_MS = 1000;

/** How often to check the processes that were signalled, and how long SIGKILL may take. */
const DYING_MS = 15;
const KILL_MS = 1000;

/**
 * When the hook's descendants are scanned first, and how often in the long run. At first the pause doubles each time,
 * because processes usually fork away early. Scanning uses at most 1/`SHARE` of a CPU, even if there are many
 * processes.
 */
const FIRST_SCAN_MS = 5;
const MAX_SCAN_MS = 100;
const SHARE = 25;

export interface TimeLimitOptions extends DescendantsOptions {
  readonly seconds: number;
}

export interface TimeLimit {
  /** Time runs out now. */
  readonly expire: () => void;
  /** Call this when the hook has exited. Resolves to whether time ran out, once everything it started is gone. */
  readonly finish: () => Promise<boolean>;
}

/** Ends the hook and everything it started when its time runs out. Call this right after the start. */
export function startTimeLimit(options: TimeLimitOptions): TimeLimit {
  if (process.platform === 'win32') return limitOnWindows(options);
  const descendants = new Descendants(options);
  let ending: Promise<void> | undefined;
  let pauseMs = FIRST_SCAN_MS;
  let nextScan: NodeJS.Timeout;
  const scan = (): void => {
    const before = process.cpuUsage();
    descendants.scan();
    const { user, system } = process.cpuUsage(before);
    pauseMs = Math.max(Math.min(2 * pauseMs, MAX_SCAN_MS), (SHARE * (user + system)) / 1000);
    nextScan = setTimeout(scan, pauseMs);
  };
  nextScan = setTimeout(scan, pauseMs);
  const expire = (): void => {
    clearTimeout(timer);
    clearTimeout(nextScan);
    ending ??= end(descendants);
  };
  const timer = setTimeout(expire, options.seconds * 1000);
  return {
    expire,
    async finish() {
      clearTimeout(nextScan);
      clearTimeout(timer);
      await ending;
      return ending !== undefined;
    },
  };
}

/** Windows has no signals: taskkill ends the hook and what descends from it, as long as the hook itself runs. */
function limitOnWindows({ seconds, hookPid }: TimeLimitOptions): TimeLimit {
  let ending: Promise<void> | undefined;
  const expire = (): void => {
    clearTimeout(timer);
    ending ??= import('../os/windows/kill-tree.ts').then(({ killTree }) => killTree(hookPid));
  };
  const timer = setTimeout(expire, seconds * 1000);
  return {
    expire,
    async finish() {
      clearTimeout(timer);
      await ending;
      return ending !== undefined;
    },
  };
}

/** Sends SIGTERM to all processes, and SIGKILL to those that are left after the grace period. */
async function end(descendants: Descendants): Promise<void> {
  await send('SIGTERM', descendants, GRACE_MS, false);
  await send('SIGKILL', descendants, KILL_MS, true);
}

/** Signals each living process, once or repeatedly, until none is left or `ms` have passed. */
async function send(
  signal: NodeJS.Signals,
  descendants: Descendants,
  ms: number,
  again: boolean,
): Promise<void> {
  const signalled = new Set<number>();
  const until = nowMs() + ms;
  for (
    let left = descendants.living();
    left.length > 0 && nowMs() < until;
    left = descendants.living()
  ) {
    for (const pid of left) {
      if (signalled.has(pid) && !again) continue;
      signalled.add(pid);
      try {
        process.kill(pid, signal);
      } catch {
        // It has exited meanwhile.
      }
    }
    await wait(DYING_MS);
  }
}
