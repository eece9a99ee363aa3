import type { Ingested } from '../app/recording/ingest.ts';

/** Longest interval between two checks for idleness. */
const MAX_CHECK_MS = 10_000;

/**
 * Counts activity, and calls `onIdle` after `idleMs` without any.
 * @param hasClients whether a follower or the dashboard waits for executions, for any time
 */
export function createActivity(idleMs: number, hasClients: () => boolean, onIdle: () => void) {
  const counts = { drained: 0, unreadable: 0, pokes: 0 };
  let lastMs = performance.now();
  const onAsked = (): void => {
    lastMs = performance.now();
  };
  const check = (): void => {
    if (!hasClients() && performance.now() - lastMs >= idleMs) onIdle();
  };
  // Unref, so that the timer does not keep the process alive if the socket could not be opened.
  const timer = setInterval(check, Math.min(MAX_CHECK_MS, idleMs / 4)).unref();
  return {
    counts,
    onAsked,
    onNotify(): void {
      onAsked();
      counts.pokes += 1;
    },
    onIngested({ stored, unreadable }: Ingested): void {
      onAsked();
      counts.drained += stored;
      counts.unreadable += unreadable;
    },
    stop: (): void => clearInterval(timer),
  };
}
