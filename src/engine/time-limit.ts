import { setTimeout as wait } from 'node:timers/promises';
import { nowMs } from './clock.ts';
import { Descendants, type DescendantsOptions } from './process/descendants.ts';

/** Time between SIGTERM and SIGKILL, in ms. */
const GRACE_MS = 1000;

/** How often the dying are looked at, in ms, and how long SIGKILL may take. */
const DYING_MS = 15;
const KILL_MS = 1000;

/**
 * How long after its start the hook's descendants are looked at first, in ms, and how often in the long run: at first
 * after twice the time each, since what forks away does so early. Where the hook has much below it, all this takes at
 * most one part in so many of a processor.
 */
const FIRST_LOOK_MS = 5;
const LOOK_MS = 100;
const SHARE = 25;

export interface TimeLimitOptions extends DescendantsOptions {
  readonly seconds: number;
}

export interface TimeLimit {
  /** After the hook's end: whether the time ran out. Resolves once everything the hook started is gone. */
  readonly finish: () => Promise<boolean>;
}

/** Ends the hook and everything it started once its time is out. To be called as soon as it has started. */
export function startTimeLimit(options: TimeLimitOptions): TimeLimit {
  const descendants = new Descendants(options);
  let ending: Promise<void> | undefined;
  let pauseMs = FIRST_LOOK_MS;
  let nextLook: NodeJS.Timeout;
  const look = (): void => {
    const before = process.cpuUsage();
    descendants.look();
    const { user, system } = process.cpuUsage(before);
    pauseMs = Math.max(Math.min(2 * pauseMs, LOOK_MS), (SHARE * (user + system)) / 1000);
    nextLook = setTimeout(look, pauseMs);
  };
  nextLook = setTimeout(look, pauseMs);
  const timer = setTimeout(() => {
    clearTimeout(nextLook);
    ending = end(descendants);
  }, options.seconds * 1000);
  return {
    async finish() {
      clearTimeout(nextLook);
      clearTimeout(timer);
      await ending;
      return ending !== undefined;
    },
  };
}

/** SIGTERM to all of them, then SIGKILL after the grace to what is left. */
async function end(descendants: Descendants): Promise<void> {
  await send('SIGTERM', descendants, GRACE_MS, false);
  await send('SIGKILL', descendants, KILL_MS, true);
}

/** Signals each living process, once or again and again, until there is none or the time is over. */
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
        // It went by itself.
      }
    }
    await wait(DYING_MS);
  }
}
