import type { Begin, End } from '../../domain/record.ts';
import { isRunning } from '../../os/process.ts';
import { FrameError } from '../../protocol/frame.ts';
import { decodeRecord } from '../../protocol/record.ts';
import type { Spool } from '../../spool/spool.ts';

/** What the spool contains about an execution. */
export interface SpoolRecord {
  readonly begin: Begin;
  readonly end?: End;
}

/** Whether the record is complete. An interrupted end is recorded at a signal, but the hook may go on. */
export const isFinal = ({ end }: SpoolRecord): boolean =>
  end !== undefined && end.kind !== 'cut_off';

/** @returns undefined if the frames are no record */
export function decodeEntry(frames: Buffer): SpoolRecord | undefined {
  try {
    return decodeRecord(frames);
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}

/**
 * Merges two records of one execution: the later one counts, but keeps an end that only the earlier one has. Of the end that
 * the launcher's witness wrote, only the duration is newer than what a signal had recorded.
 */
export function withLater(earlier: SpoolRecord | undefined, later: SpoolRecord): SpoolRecord {
  const { durationMs, signal, kind } = later.end ?? {};
  const isWitnessed = kind === 'cut_off' && signal === undefined && durationMs !== undefined;
  const end =
    isWitnessed && earlier?.end !== undefined
      ? { ...earlier.end, durationMs }
      : (later.end ?? earlier?.end);
  return end === undefined ? later : { begin: later.begin, end };
}

/**
 * Counts executions in the spool: those that wait to be ingested, and those whose hook still runs.
 * @throws file system errors
 */
export function countSpool(spool: Spool): { readonly running: number; readonly waiting: number } {
  const open = new Map<string, SpoolRecord>();
  const final = new Set<string>();
  for (const { token, frames } of spool.entries()) {
    const record = decodeEntry(frames);
    open.delete(token);
    if (record === undefined || final.has(token)) continue;
    if (isFinal(record)) final.add(token);
    else open.set(token, record);
  }
  const running = [...open.values()].filter(({ begin }) => isRunning(begin.pid, begin.pidStart));
  return { running: running.length, waiting: final.size + open.size - running.length };
}
