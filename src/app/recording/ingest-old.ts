import { NotOwnError } from '../../os/own-file.ts';
import { isRunning } from '../../os/process.ts';
import { FrameError } from '../../protocol/frame.ts';
import { decodeRecord } from '../../protocol/record.ts';
import type { OldRecord, OldRecords } from '../../spool/old-records.ts';
import type { SpoolRecord } from './spool-record.ts';

/** A part that cannot be decoded may be half written; after this time, nobody is writing it any more. */
const BEING_WRITTEN_MS = 60_000;

/**
 * Reads a record of version 0.1.0. Undefined while its execution runs, or if another process took it. Has no end if its
 * engine is gone.
 */
export function readOld(
  old: OldRecords,
  entry: OldRecord,
  nowMs: number,
): SpoolRecord | 'unreadable' | undefined {
  const record = decode(old, entry);
  if (
    record === 'unreadable' &&
    entry.state === 'part' &&
    nowMs - old.modifiedMs(entry) < BEING_WRITTEN_MS
  ) {
    return undefined;
  }
  if (record === undefined || record === 'unreadable' || entry.state === 'whole') return record;
  if (isRunning(record.begin.pid, record.begin.pidStart)) return undefined;
  // Its engine is gone, but may have finished the record after it was read here. Nobody writes to it now, so read it
  // again.
  return decode(old, entry);
}

function decode(old: OldRecords, entry: OldRecord): SpoolRecord | 'unreadable' | undefined {
  try {
    const bytes = old.read(entry);
    if (bytes === undefined) return undefined;
    const record = decodeRecord(bytes);
    // Another id than in the file's name, and the file is gone: another process took it, and its successor was read.
    const isOwn = record.begin.executionId === entry.executionId;
    return isOwn || old.modifiedMs(entry) > 0 ? record : undefined;
  } catch (error) {
    // A link, a FIFO or a file of another user is not a record.
    if (error instanceof FrameError || error instanceof NotOwnError) return 'unreadable';
    throw error;
  }
}
