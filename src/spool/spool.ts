import { join } from 'node:path';
import { createAppender } from './appender.ts';
import { Logs, piecesOf } from './logs.ts';
import { createOldRecords, namesIn } from './old-records.ts';

/** What is known of one execution, as it was put on record; of several of one execution the last that has an end counts. */
export interface SpoolEntry {
  /** The same for all of one execution. */
  readonly token: string;
  /** None: it is on record elsewhere. */
  readonly frames: Buffer;
}

/**
 * Records on disk: a log that all executions append to, and those of it that were rotated.
 * Writing never waits for the disk (no fsync): a record outlives the death of any process, not a power cut.
 */
export function createSpool(directory: string, quarantineDirectory: string) {
  const appender = createAppender(directory);
  const old = createOldRecords(directory, quarantineDirectory);
  return {
    /** Says what is known before the hook. @throws what the file system says */
    begin: (id: string, begin: Uint8Array): void => appender.append(id, begin),
    /** Says what is known while it runs. @throws what the file system says */
    append: (id: string, begin: Uint8Array, end: Uint8Array): void =>
      appender.append(id, Buffer.concat([begin, end])),
    /** Says what came of it. @throws what the file system says */
    finish: (id: string, begin: Uint8Array, end: Uint8Array): void =>
      appender.finish(id, Buffer.concat([begin, end])),
    /** It is on record elsewhere. */
    discard: (id: string): void => appender.discard(id),
    /** All that waits, oldest first, to look at. @throws what the file system says */
    *entries(): Generator<SpoolEntry> {
      for (const record of old.list()) {
        const frames = old.read(record);
        if (frames !== undefined) yield { token: record.executionId, frames };
      }
      for (const { token = '', frames } of piecesOf(directory)) yield { token, frames };
    },
    /** The same, to be taken. */
    logs: new Logs(directory, quarantineDirectory),
    old,
    /** Whether nothing was ever put there, or all of it is gone. @throws what the file system says */
    isEmpty: (): boolean =>
      namesIn(directory).every((name) => join(directory, name) === quarantineDirectory),
    countQuarantined: (): number => namesIn(quarantineDirectory).length,
  };
}

export type Spool = ReturnType<typeof createSpool>;
