import type { Begin, End } from '../../domain/record.ts';
import { isRunning } from '../../os/process.ts';
import { FrameError } from '../../protocol/frame.ts';
import { decodeRecord } from '../../protocol/record.ts';
import type { Spool } from '../../spool/spool.ts';

/** What is known of an execution in the spool. */
export interface SpoolRecord {
  readonly begin: Begin;
  readonly end?: End;
}

/** Whether nothing more will be known: a cut-off is noted at a signal, and the run goes on. */
export const isFinal = ({ end }: SpoolRecord): boolean =>
  end !== undefined && end.kind !== 'cut_off';

/** @returns undefined where these are no frames of a record */
export function decodeEntry(frames: Buffer): SpoolRecord | undefined {
  try {
    return decodeRecord(frames);
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}

/** Of the same execution; what is said later counts, but no end takes back one that was. */
export function withLater(earlier: SpoolRecord | undefined, later: SpoolRecord): SpoolRecord {
  const end = later.end ?? earlier?.end;
  return end === undefined ? later : { begin: later.begin, end };
}

/** What is still in the spool: executions that are to be taken in, and those whose hook runs. @throws what the disk says */
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
