import { join } from 'node:path';
import { decodeRecord } from '../../src/protocol/record.ts';
import { createSpool } from '../../src/spool/spool.ts';

export interface Spooled {
  /** Its execution id; `.rec` where it has ended, `.part` where not. */
  readonly name: string;
  /** The frames that say most of it. */
  readonly bytes: Buffer;
}

/** What waits in a spool, one an execution. */
export function recordsIn(directory: string): Spooled[] {
  const found = new Map<string, Spooled>();
  for (const { token, frames } of createSpool(directory, join(directory, 'unreadable')).entries()) {
    if (frames.length === 0) {
      found.delete(token);
      continue;
    }
    const { begin, end } = decodeRecord(frames);
    const ending = end === undefined || end.kind === 'cut_off' ? 'part' : 'rec';
    found.set(token, { name: `${begin.executionId}.${ending}`, bytes: frames });
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
