import { join } from 'node:path';
import {
  decodeEntry,
  isFinal,
  type SpoolRecord,
  withLater,
} from '../../src/app/recording/spool-record.ts';
import { createSpool } from '../../src/spool/spool.ts';

export interface Spooled {
  /** Its execution id, followed by `.rec` if it has ended and `.part` if not. */
  readonly name: string;
  /** The frames of its entry that counts. */
  readonly bytes: Buffer;
}

/** The waiting executions of a spool, one entry for each. */
export function recordsIn(directory: string): Spooled[] {
  const found = new Map<string, { readonly record: SpoolRecord; readonly bytes: Buffer }>();
  for (const { token, frames } of createSpool(directory, join(directory, 'unreadable')).entries()) {
    const [before, entry] = [found.get(token), decodeEntry(frames)];
    if (entry === undefined) {
      // An entry without frames revokes the earlier ones.
      found.delete(token);
      continue;
    }
    const saysLess = before?.record.end !== undefined && entry.end === undefined;
    found.set(token, {
      record: withLater(before?.record, entry),
      bytes: saysLess ? before.bytes : frames,
    });
  }
  return [...found.values()]
    .map(({ record, bytes }) => ({
      name: `${record.begin.executionId}.${isFinal(record) ? 'rec' : 'part'}`,
      bytes,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
