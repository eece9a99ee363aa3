import { createStdoutKind } from '../../domain/answer/stdout-kind.ts';
import { takesText } from '../../domain/events.ts';
import { sha256Hex } from '../../domain/key/sha256.ts';
import type { Capture, End, StdoutKind, StreamName } from '../../domain/record.ts';

/** How many bytes of stdout the digest covers. */
const DIGEST_BYTES = 64 * 1024;
const DIGEST_HEX = 16;

/** How much of stdout is recorded if it may be an answer, or go into the agent's context. */
const HEAD_BYTES = 16 * 1024;

/**
 * Much more than is stored of stderr after a failure, so that redaction sees secrets whole before the text is
 * truncated.
 */
export const TAIL_BYTES = 16 * 1024;

/** Measures one stream: counts its bytes, and keeps its start up to the cap and its end. */
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
      // Copied, because a slice would keep the whole chunk in memory.
      if (stream === 'stdout' && total < DIGEST_BYTES)
        digested.push(Uint8Array.prototype.slice.call(chunk, 0, DIGEST_BYTES - total));
      total += chunk.length;
      if (stream === 'stderr')
        tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
      keep(chunk);
    },
    /** Keeps bytes that the hook reads from its own descriptor; `count` later says how many it has read. */
    peek(bytes: Uint8Array, isAll: boolean): void {
      keep(bytes);
      hasMore = !isAll || bytes.length > keptBytes;
    },
    count(bytes: number): void {
      total = bytes;
    },
    total: (): number => total,
    tail: (): Uint8Array => tail,
    kind: (): StdoutKind => kind?.kind() ?? 'empty',
    /** May be called more than once. */
    digest: (): string | undefined =>
      digested.length === 0 ? undefined : sha256Hex(Buffer.concat(digested)).slice(0, DIGEST_HEX),
    head: (): Uint8Array => Buffer.concat(digested).subarray(0, HEAD_BYTES),
    capture: (): Capture => ({
      stream,
      bytes: Buffer.concat(kept),
      truncated: hasMore || total > keptBytes,
    }),
  };
}

export type Meter = ReturnType<typeof createMeter>;

/** What a record has of stdout, whoever ran the hook. */
export function stdoutFields(
  stdout: Meter,
  eventType: string,
): Pick<End, 'stdoutBytes' | 'stdoutKind' | 'stdoutDigest' | 'stdoutHead'> {
  const digest = stdout.digest();
  const kind = stdout.kind();
  const isAnswer =
    kind === 'json' || kind === 'broken' || (kind === 'text' && takesText(eventType));
  return {
    stdoutBytes: stdout.total(),
    stdoutKind: kind,
    ...(digest !== undefined && { stdoutDigest: digest }),
    ...(isAnswer && { stdoutHead: stdout.head() }),
  };
}
