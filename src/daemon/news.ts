import type { Drained } from '../app/recording/drain.ts';

/** How often the time for leaving is looked at, at the most, in ms. */
const IDLE_LOOK_MS = 10_000;

/**
 * Counts what happens, and has the daemon leave when nothing did for so long.
 * @param isAwaited whether somebody waits for news of whenever
 */
export function createNews(idleMs: number, isAwaited: () => boolean, leave: () => void) {
  const counts = { drained: 0, unreadable: 0, pokes: 0 };
  let lastMs = performance.now();
  const onAsked = (): void => {
    lastMs = performance.now();
  };
  const look = (): void => {
    if (!isAwaited() && performance.now() - lastMs >= idleMs) leave();
  };
  // The socket keeps the process up; this must not where that could not be had.
  const timer = setInterval(look, Math.min(IDLE_LOOK_MS, idleMs / 4)).unref();
  return {
    counts,
    onAsked,
    onNotify(): void {
      onAsked();
      counts.pokes += 1;
    },
    onDrained({ stored, unreadable }: Drained): void {
      onAsked();
      counts.drained += stored;
      counts.unreadable += unreadable;
    },
    stop: (): void => clearInterval(timer),
  };
}
