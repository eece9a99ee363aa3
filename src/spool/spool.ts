import { join } from 'node:path';
import { createAppender } from './appender.ts';
import { Logs, piecesOf } from './logs.ts';
import { createOldRecords, namesIn } from './old-records.ts';

/** An entry of an execution as it was recorded. If there are several, the last one with an end counts. */
export interface SpoolEntry {
  /** The same in all entries of an execution. */
  readonly token: string;
  /** Empty: the execution is recorded elsewhere. */
  readonly frames: Buffer;
}

/**
 * Records on disk: a log to which all executions append, and its rotated predecessors.
 * Writing never waits for the disk (no fsync): a record survives the death of any process, but not a power failure.
 */
export function createSpool(directory: string, quarantineDirectory: string) {
  const appender = createAppender(directory);
  const old = createOldRecords(directory, quarantineDirectory);
  return {
    /** Records what is known before the hook starts. @throws the file system's error */
    begin: (id: string, begin: Uint8Array): void => appender.append(id, begin),
    /** Records what is known while it runs. @throws the file system's error */
    append: (id: string, begin: Uint8Array, end: Uint8Array): void =>
      appender.append(id, Buffer.concat([begin, end])),
    /** Records the result. @throws the file system's error */
    finish: (id: string, begin: Uint8Array, end: Uint8Array): void =>
      appender.finish(id, Buffer.concat([begin, end])),
    /** Revokes an execution that was recorded elsewhere. */
    discard: (id: string): void => appender.discard(id),
    /** All waiting entries, oldest first; takes none. @throws the file system's error */
    *entries(): Generator<SpoolEntry> {
      for (const record of old.list()) {
        const frames = old.read(record);
        if (frames !== undefined) yield { token: record.executionId, frames };
      }
      for (const { token = '', frames } of piecesOf(directory)) yield { token, frames };
    },
    /** The waiting entries, for the process that ingests them. */
    logs: new Logs(directory, quarantineDirectory),
    old,
    /** Whether the spool holds no records. @throws the file system's error */
    isEmpty: (): boolean =>
      namesIn(directory).every((name) => join(directory, name) === quarantineDirectory),
    countQuarantined: (): number => namesIn(quarantineDirectory).length,
  };
}

export type Spool = ReturnType<typeof createSpool>;
