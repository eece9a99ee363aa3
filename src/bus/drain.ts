import type { Begin, End } from '../domain/record.ts';
import { NotOwnError } from '../files/own-file.ts';
import { FrameError } from '../protocol/frame.ts';
import { decodeRecord } from '../protocol/record.ts';
import { isRunning } from '../spool/process.ts';
import type { Spool, SpoolEntry } from '../spool/spool.ts';
import type { ExecutionWriter, Recorded } from '../store/executions.ts';
import { assemble, cutOffEnd } from './assemble.ts';
import { canCompress } from './compression.ts';

export interface DrainLimits {
  /** Most records to take. */
  readonly records: number;
  /** Stops before the next batch once the clock is past this, in ms. */
  readonly untilMs: number;
}

const NO_DRAIN_LIMITS: DrainLimits = {
  records: Number.POSITIVE_INFINITY,
  untilMs: Number.POSITIVE_INFINITY,
};

/** What one drain did. */
export interface Drained {
  readonly stored: number;
  readonly unreadable: number;
  /** The hooks of those that were stored. */
  readonly hookNames: ReadonlySet<string>;
}

/** A part that makes no sense yet may be half written; after so long, in ms, nobody is writing any more. */
const BEING_WRITTEN_MS = 60_000;

/** Records in one transaction: enough that its cost is spread, few enough that others get a turn. */
const BATCH = 200;

/**
 * Takes what waits in the spool into the database, in batches of one transaction. Draining a record twice stores it
 * once, so several processes may do this at the same time. @throws what the store says; the records then stay
 * @param entries what to take; all that waits where it is left out
 */
export function drainSpool(
  spool: Spool,
  writer: ExecutionWriter,
  now: () => number,
  limits: DrainLimits = NO_DRAIN_LIMITS,
  entries: readonly SpoolEntry[] = spool.list(),
): Drained {
  let stored = 0;
  let unreadable = 0;
  const hookNames: string[] = [];
  const waiting = entries.slice(0, Math.min(limits.records, Number.MAX_SAFE_INTEGER));
  for (let start = 0; start < waiting.length && now() < limits.untilMs; start += BATCH) {
    const batch: { entry: SpoolEntry; recorded: Recorded }[] = [];
    for (const entry of waiting.slice(start, start + BATCH)) {
      const taken = take(spool, entry, now());
      if (taken === 'unreadable') {
        unreadable += setAside(spool, writer, entry, now());
      } else if (taken !== undefined) batch.push({ entry, recorded: taken });
    }
    if (batch.length > 0) writer.write(batch.map(({ recorded }) => recorded));
    spool.remove(batch.map(({ entry }) => entry));
    hookNames.push(...batch.map(({ recorded }) => recorded.execution.hookName));
    stored += batch.length;
  }
  return { stored, unreadable, hookNames: new Set(hookNames) };
}

/** @returns 0 where it is gone: what was read is what another process, which took it, has made of the file; else 1 */
function setAside(spool: Spool, writer: ExecutionWriter, entry: SpoolEntry, nowMs: number): number {
  if (!spool.setAside(entry)) return 0;
  const text = 'a record could not be read and was set aside';
  writer.note('spool', text, new Date(nowMs).toISOString());
  return 1;
}

/** What a record amounts to; undefined while its execution still runs or when another process took it. */
function take(spool: Spool, entry: SpoolEntry, nowMs: number): Recorded | 'unreadable' | undefined {
  const record = readRecord(spool, entry);
  if (
    record === 'unreadable' &&
    entry.state === 'part' &&
    nowMs - spool.modifiedMs(entry) < BEING_WRITTEN_MS
  ) {
    return undefined;
  }
  if (record === undefined || record === 'unreadable') return record;
  // Left for a process that has loaded what it takes.
  if (record.begin.storeRaw && record.begin.compress && !canCompress()) return undefined;
  if (entry.state === 'whole') return assemble(record.begin, record.end ?? cutOffEnd(undefined));
  if (isRunning(record.begin.pid, record.begin.pidStart)) return undefined;
  // Its engine is gone. It may have finished the record between our reading and its death, so read again:
  // from now on nobody writes to it.
  const last = readRecord(spool, entry);
  if (last === undefined || last === 'unreadable') return last;
  const { begin, end } = last;
  const isFinal = end !== undefined && end.kind !== 'cut_off';
  return assemble(begin, isFinal ? end : cutOffEnd(end));
}

function readRecord(
  spool: Spool,
  entry: SpoolEntry,
): { begin: Begin; end?: End } | 'unreadable' | undefined {
  const bytes = readOwn(spool, entry);
  if (bytes === undefined || bytes === 'unreadable') return bytes;
  try {
    const record = decodeRecord(bytes);
    // With another id than its name says and gone from there, another process took it: this is the next one's file.
    const isOwn = record.begin.executionId === entry.executionId;
    return isOwn || spool.modifiedMs(entry) > 0 ? record : undefined;
  } catch (error) {
    if (error instanceof FrameError) return 'unreadable';
    throw error;
  }
}

/** A link, a FIFO, or what has another name is no record, however it came to be here. */
function readOwn(spool: Spool, entry: SpoolEntry): Buffer | 'unreadable' | undefined {
  try {
    return spool.read(entry);
  } catch (error) {
    if (error instanceof NotOwnError) return 'unreadable';
    throw error;
  }
}
