import type { StatePaths } from '../../config/home/paths.ts';
import { hookOf, uniqueHooks } from '../../domain/hook/hook-id.ts';
import type { Begin, End } from '../../domain/record.ts';
import type { Spool } from '../../spool/spool.ts';
import { HOOK_BUSY_MS } from '../../store/database.ts';
import { createBreakerTracker } from '../breaker/track-breakers.ts';
import { createStoreHandle } from '../store/store-handle.ts';
import { assemble } from './assemble.ts';
import { drainSpool } from './drain.ts';
import { withRedactionInForce } from './redaction-in-force.ts';

export { loadRules } from '../../redaction/redaction.ts';

/** What a run may spend on records that others left behind. */
const DRAIN_RECORDS = 64;
const DRAIN_MS = 15;

/**
 * Puts one ended execution into the database, from inside a run. The database is not closed: the process is about to
 * end, and closing would make the last one out copy the write-ahead log while its caller waits.
 * @returns what takes in some of what others left in the spool, and sees to the breakers; it throws what the store
 *   or the file system says
 */
export function storeExecution(
  paths: StatePaths,
  begin: Begin,
  end: End,
  now: () => number,
): (spool: Spool) => void {
  const store = createStoreHandle(paths.database, HOOK_BUSY_MS, now);
  const recorded = assemble(withRedactionInForce(begin, paths.config), end);
  store.use(({ writer }) => writer.write([recorded]));
  return (spool) => {
    const limits = { records: DRAIN_RECORDS, untilMs: now() + DRAIN_MS, config: paths.config };
    const { hooks } = store.use(({ writer }) => drainSpool(spool, writer, now, limits));
    createBreakerTracker(paths, store, now)(uniqueHooks([hookOf(begin), ...hooks]));
  };
}
