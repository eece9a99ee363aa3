import { sha256Hex } from '../../domain/key/sha256.ts';
import { createStdoutKind } from '../../domain/payload/stdout-kind.ts';
import type { Capture, StdoutKind, StreamName } from '../../domain/record.ts';

/** Bytes of stdout that its digest covers. */
const DIGEST_BYTES = 64 * 1024;
const DIGEST_HEX = 16;

/** Up to so many bytes our own digest is done before Node's is ready to start. */
const SHORT_BYTES = 512;

/** Of stdout's beginning, which may decide something where it is an object. */
const HEAD_BYTES = 16 * 1024;

/** Many times what is stored of stderr after a failure: a secret that the cut would halve is whole here, and found. */
export const TAIL_BYTES = 16 * 1024;

/** Watches one stream go by: counts it in full, keeps its beginning up to the cap where that was asked for, and its end. */
export function createMeter(stream: StreamName, keepBytes: number) {
  const kept: Uint8Array[] = [];
  const kind = stream === 'stdout' ? createStdoutKind() : undefined;
  const digested: Uint8Array[] = [];
  let keptBytes = 0;
  let total = 0;
  let hasMore = false;
  let tail = Buffer.alloc(0);

  const keep = (chunk: Uint8Array): void => {
    if (keptBytes >= keepBytes) return;
    const part = Uint8Array.prototype.slice.call(chunk, 0, keepBytes - keptBytes);
    kept.push(part);
    keptBytes += part.length;
  };

  return {
    push(chunk: Uint8Array): void {
      kind?.push(chunk);
      // Copied, since a slice would keep the whole chunk in memory.
      if (stream === 'stdout' && total < DIGEST_BYTES)
        digested.push(Uint8Array.prototype.slice.call(chunk, 0, DIGEST_BYTES - total));
      total += chunk.length;
      if (stream === 'stderr')
        tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
      keep(chunk);
    },
    /** Bytes that do not go by, but are there for the hook to read; `count` says how many it has read. */
    look(bytes: Uint8Array, isAll: boolean): void {
      keep(bytes);
      hasMore = !isAll || bytes.length > keptBytes;
    },
    count(bytes: number): void {
      total = bytes;
    },
    total: (): number => total,
    tail: (): Uint8Array => tail,
    kind: (): StdoutKind => kind?.kind() ?? 'empty',
    /** May be asked more than once. */
    digest: (): string | undefined =>
      digested.length === 0 ? undefined : sha256(Buffer.concat(digested)).slice(0, DIGEST_HEX),
    /** Undefined where stdout does not begin with `{`. */
    head: (): Uint8Array | undefined =>
      ['json', 'broken'].includes(kind?.kind() ?? '')
        ? Buffer.concat(digested).subarray(0, HEAD_BYTES)
        : undefined,
    capture: (): Capture => ({
      stream,
      bytes: Buffer.concat(kept),
      truncated: hasMore || total > keptBytes,
    }),
  };
}

/** Node's own is made ready only where there is much to digest. */
function sha256(bytes: Uint8Array): string {
  if (bytes.length <= SHORT_BYTES) return sha256Hex(bytes);
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(bytes).digest('hex');
}

export type Meter = ReturnType<typeof createMeter>;
