import { setTimeout as delay } from 'node:timers/promises';

/** How long anything may take before a test gives up, in milliseconds. */
export const DEADLINE_MS = 120_000;

const INTERVAL_MS = 4;

/**
 * Waits until `probe` returns something other than undefined or false, and returns that.
 * @throws after the deadline; `what` says what was expected
 */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`expected ${what} within ${deadlineMs} ms`);
    await delay(INTERVAL_MS);
  }
}

/** The promise, or an error that names what was expected if it takes too long. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const timer = new AbortController();
  const expiry = delay(deadlineMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`expected ${what} within ${deadlineMs} ms`);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    timer.abort();
    expiry.catch(() => undefined);
  }
}

/** Calls `work` for each item, at most `width` at a time; results are in the order of the items. */
export async function inPool<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
