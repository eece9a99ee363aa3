import { setTimeout as wait } from 'node:timers/promises';
import { CLAIM_BUSY_MS } from '../../store/database.ts';
import { createStoreHandle } from '../store/store-handle.ts';
import { createKeys, type KeyRequest, type Keys, type Verdict } from './dedupe.ts';

/** The keys in a database, for a process that claims one: an engine or the library. */
export function openKeys(databasePath: string): {
  readonly keys: Keys;
  readonly note: (warning: string) => void;
} {
  const store = createStoreHandle(databasePath, CLAIM_BUSY_MS, Date.now);
  return {
    keys: createKeys(store, Date.now),
    note: (warning) =>
      store.use(({ writer }) => writer.note('mistake', warning, new Date().toISOString())),
  };
}

/** Interval of checks for the first execution's result; it grows, because many may wait for one. */
const MIN_POLL_MS = 10;
const MAX_POLL_MS = 80;

/**
 * Waits for the first execution, as long as it lives and there is time.
 * @param first the verdict on the first claim of the key
 * @param until in milliseconds of `performance`
 */
export async function waitForVerdict(
  keys: Keys,
  request: KeyRequest,
  first: Verdict,
  until: number,
): Promise<Verdict> {
  let verdict = first;
  let pollMs = MIN_POLL_MS;
  while (verdict.kind === 'wait') {
    if (performance.now() >= until) return { kind: 'run_unkeyed' };
    await wait(Math.min(pollMs, Math.max(until - performance.now(), 1)));
    pollMs = Math.min(pollMs * 1.5, MAX_POLL_MS);
    if (keys.hasChanged(request)) verdict = keys.claim(request);
  }
  return verdict;
}
