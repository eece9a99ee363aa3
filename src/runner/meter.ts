import { createHash } from 'node:crypto';
import type { Capture, StdoutKind, StreamName } from '../domain/record.ts';
import { createStdoutKind } from '../domain/stdout-kind.ts';

/** Bytes of stdout that its digest covers. */
const DIGEST_BYTES = 64 * 1024;
const DIGEST_HEX = 16;

/** Twice what is stored of stderr after a failure: a secret that the cut would halve is whole here, and found. */
const TAIL_BYTES = 4096;

/** Watches one stream go by: counts it in full, keeps its beginning up to the cap where that was asked for, and its end. */
export function createMeter(stream: StreamName, keepBytes: number) {
  const kept: Uint8Array[] = [];
  const kind = stream === 'stdout' ? createStdoutKind() : undefined;
  const hash = stream === 'stdout' ? createHash('sha256') : undefined;
  let keptBytes = 0;
  let total = 0;
  let tail = Buffer.alloc(0);

  return {
    push(chunk: Uint8Array): void {
      kind?.push(chunk);
      if (total < DIGEST_BYTES) hash?.update(chunk.subarray(0, DIGEST_BYTES - total));
      total += chunk.length;
      if (stream === 'stderr')
        tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
      if (keptBytes >= keepBytes) return;
      // Copied, since a slice would keep the whole chunk in memory.
      const part = Uint8Array.prototype.slice.call(chunk, 0, keepBytes - keptBytes);
      kept.push(part);
      keptBytes += part.length;
    },
    total: (): number => total,
    tail: (): Uint8Array => tail,
    kind: (): StdoutKind => kind?.kind() ?? 'empty',
    /** May be asked more than once. */
    digest: (): string | undefined =>
      hash === undefined || total === 0
        ? undefined
        : hash.copy().digest('hex').slice(0, DIGEST_HEX),
    capture: (): Capture => ({ stream, bytes: Buffer.concat(kept), truncated: total > keptBytes }),
  };
}

export type Meter = ReturnType<typeof createMeter>;
