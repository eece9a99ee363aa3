import { NotOwnError } from '../../os/own-file.ts';
import { isRunning } from '../../os/process.ts';
import { FrameError } from '../../protocol/frame.ts';
import { decodeRecord } from '../../protocol/record.ts';
import type { OldRecord, OldRecords } from '../../spool/old-records.ts';
import type { SpoolRecord } from './spool-record.ts';

/** A part that makes no sense yet may be half written; after so long, in ms, nobody is writing any more. */
const BEING_WRITTEN_MS = 60_000;

/**
 * What a record of version 0.1.0 says. Undefined while its execution still runs, or when another process took it;
 * without an end where its engine is gone.
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
  // Its engine is gone. It may have finished the record between our reading and its death, so read again:
  // from now on nobody writes to it.
  return decode(old, entry);
}

function decode(old: OldRecords, entry: OldRecord): SpoolRecord | 'unreadable' | undefined {
  try {
    const bytes = old.read(entry);
    if (bytes === undefined) return undefined;
    const record = decodeRecord(bytes);
    // With another id than its name says and gone from there, another process took it: this is the next one's file.
    const isOwn = record.begin.executionId === entry.executionId;
    return isOwn || old.modifiedMs(entry) > 0 ? record : undefined;
  } catch (error) {
    // A link, a FIFO, or what has another name is no record, however it came to be here.
    if (error instanceof FrameError || error instanceof NotOwnError) return 'unreadable';
    throw error;
  }
}
