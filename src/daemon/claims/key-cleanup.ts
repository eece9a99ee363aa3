import { deleteExpiredKeys } from '../../store/retention.ts';
import type { CommonParts } from '../common-parts.ts';
import { createLoop } from '../loops/loop.ts';

/** How long an expired key may stay; and the interval of cleanup without a notification. */
const SOON_MS = 1000;
const EVERY_MS = 10_000;

/** Deletes expired dedupe keys: they contain outputs of hooks, which must not be kept longer than configured. */
export function createKeyCleanup({ store, now, log }: CommonParts) {
  function step(): number {
    const next = store.use(({ db }) => deleteExpiredKeys(db, new Date(now()).toISOString()));
    const inMs = next === undefined ? EVERY_MS : Date.parse(next) - now() + 1;
    return Math.min(Math.max(inMs || EVERY_MS, SOON_MS), EVERY_MS);
  }

  const loop = createLoop({
    log,
    failure: 'keys_not_swept',
    firstMs: SOON_MS,
    retryMs: EVERY_MS,
    step,
  });
  return {
    start: loop.start,
    /** Call this when there may be new keys. */
    notify: (): void => loop.within(SOON_MS),
    stop(): void {
      loop.stop();
      loop.once();
    },
  };
}
