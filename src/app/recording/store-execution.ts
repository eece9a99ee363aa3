import type { StatePaths } from '../../config/home/paths.ts';
import { hookOf, uniqueHooks } from '../../domain/hook/hook-id.ts';
import type { Begin, End } from '../../domain/record.ts';
import type { Spool } from '../../spool/spool.ts';
import { HOOK_BUSY_MS } from '../../store/database.ts';
import { createBreakerTracker } from '../breaker/track-breakers.ts';
import { createStoreHandle } from '../store/store-handle.ts';
import { assemble } from './assemble.ts';
import { createSurroundings } from './facts/surroundings.ts';
import { ingestSpool } from './ingest.ts';
import { withRedactionInForce } from './redaction-in-force.ts';

export { loadRules } from '../../redaction/redaction.ts';

/** How much of other processes' records a run may ingest. */
const INGEST_RECORDS = 64;
const INGEST_MS = 15;

/**
 * Stores one finished execution from inside a run. Does not close the database: the process exits soon, and closing
 * would copy the write-ahead log while the caller waits.
 * @returns a function that ingests some of what others left in the spool and updates the breakers; it throws errors of
 * the store or the file system
 */
export function storeExecution(
  paths: StatePaths,
  begin: Begin,
  end: End,
  now: () => number,
): (spool: Spool) => void {
  const store = createStoreHandle(paths.database, HOOK_BUSY_MS, now);
  const recorded = assemble(
    withRedactionInForce(begin, paths.config),
    end,
    createSurroundings()(begin),
  );
  store.use(({ writer }) => writer.write([recorded]));
  return (spool) => {
    const limits = { records: INGEST_RECORDS, untilMs: now() + INGEST_MS, config: paths.config };
    const { hooks } = store.use(({ writer }) => ingestSpool(spool, writer, now, limits));
    createBreakerTracker(paths, store, now)(uniqueHooks([hookOf(begin), ...hooks]));
  };
}
