import type { StoreHandle } from '../../app/store/store-handle.ts';
import { reasonOf } from '../../domain/errors.ts';
import { deleteExpiredKeys } from '../../store/retention.ts';
import type { Log } from '../log.ts';

/** How long an expired key may stay; and the interval of cleanup without a notification. */
const SOON_MS = 1000;
const EVERY_MS = 10_000;

interface KeyCleanupParts {
  readonly store: StoreHandle;
  readonly now: () => number;
  readonly log: Log;
}

/** Deletes expired dedupe keys: they contain outputs of hooks, which must not be kept longer than configured. */
export function createKeyCleanup({ store, now, log }: KeyCleanupParts) {
  let timer: NodeJS.Timeout | undefined;
  let dueMs = Number.POSITIVE_INFINITY;

  function within(ms: number): void {
    if (now() + ms >= dueMs) return;
    clearTimeout(timer);
    dueMs = now() + ms;
    timer = setTimeout(step, ms);
  }

  function deleteExpired(): string | undefined {
    try {
      return store.use(({ db }) => deleteExpiredKeys(db, new Date(now()).toISOString()));
    } catch (error) {
      log('keys_not_swept', { reason: reasonOf(error) });
      return undefined;
    }
  }

  function step(): void {
    dueMs = Number.POSITIVE_INFINITY;
    const next = deleteExpired();
    const inMs = next === undefined ? EVERY_MS : Date.parse(next) - now() + 1;
    within(Math.min(Math.max(inMs, SOON_MS), EVERY_MS));
  }

  return {
    start: (): void => within(SOON_MS),
    /** Call this when there may be new keys. */
    notify: (): void => within(SOON_MS),
    stop(): void {
      clearTimeout(timer);
      dueMs = Number.NEGATIVE_INFINITY;
      deleteExpired();
    },
  };
}
