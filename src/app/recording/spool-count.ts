import type { Spool } from '../../spool/spool.ts';
import { countSpool } from './spool-record.ts';

/** A count that takes longer than this, in ms, is repeated only after `REST` times as long. */
const QUICK_MS = 25;
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
    againAtMs = endMs - startMs > QUICK_MS ? endMs + REST * (endMs - startMs) : endMs;
    return waiting;
  };
}
