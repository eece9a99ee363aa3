import type { Spool } from '../../spool/spool.ts';
import { countSpool } from './spool-record.ts';

/** A count of a spool is repeated only after this many times as long as it took. */
const REST = 20;

/**
 * Counts the executions that wait in a spool, for a process that asks again and again. Counting reads all of them, so a
 * count of a large backlog serves for a while: otherwise counting would take the time that ingest needs to shrink it.
 * @param clock in ms
 * @returns the count; it throws file system errors
 */
export function createSpoolCount(spool: Spool, clock = () => performance.now()): () => number {
  let waiting = 0;
  let againAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const startMs = clock();
    if (startMs < againAtMs) return waiting;
    waiting = countSpool(spool).waiting;
    const endMs = clock();
    againAtMs = endMs + REST * (endMs - startMs);
    return waiting;
  };
}
