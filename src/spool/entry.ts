/*
 * An entry of a log holds the frames of one record:
 *
 *   entry = magic(3 bytes)  state(1: `w` waits, `t` taken)  length(4, little endian)  token(8)  frames(length)  token(8)
 *
 * The token is random and belongs to the execution. The frames are masked with it, byte by byte, so that nothing in a
 * payload looks like an entry. C port: src/launcher/record.c.
 */
import { randomBytes } from 'node:crypto';

const MAGIC = Buffer.from([0xf5, 0x48, 0x42]);
export const WAITING = 0x77;
export const TAKEN = 0x74;

export const STATE_AT = MAGIC.length;
const LENGTH_AT = 4;
const TOKEN_AT = 8;
export const TOKEN_BYTES = 8;
export const HEADER_BYTES = TOKEN_AT + TOKEN_BYTES;

/** Enough for three captures of maximum size and the other fields. */
const MAX_FRAME_BYTES = 200 * 1024 * 1024;

export const newToken = (): Buffer => randomBytes(TOKEN_BYTES);

/** @param frames what is known so far; if empty, the reader must drop all entries of the execution */
export function encodeEntry(token: Buffer, frames: Uint8Array): Buffer {
  const entry = Buffer.concat([Buffer.alloc(HEADER_BYTES), mask(frames, token), token]);
  MAGIC.copy(entry);
  entry.writeUInt8(WAITING, STATE_AT);
  entry.writeUInt32LE(frames.length, LENGTH_AT);
  token.copy(entry, TOKEN_AT);
  return entry;
}

/** Masks or unmasks a copy. */
function mask(bytes: Uint8Array, token: Uint8Array): Buffer {
  const masked = Buffer.from(bytes);
  for (let at = 0; at < masked.length; at += 1) {
    masked[at] = (masked[at] ?? 0) ^ (token[at % TOKEN_BYTES] ?? 0);
  }
  return masked;
}

/**
 * The next piece of a log.
 * `entry`: complete. `nothing`: wiped bytes. `lost`: a torn write, or bytes of unknown origin.
 * `more`: `bytes` bytes are needed to decide.
 */
export type Piece =
  | { readonly kind: 'entry'; readonly bytes: number; readonly isTaken: boolean }
  | { readonly kind: 'nothing' | 'lost' | 'more'; readonly bytes: number };

/** @param isAll whether the log ends after these bytes for now */
export function nextPiece(bytes: Buffer, isAll: boolean): Piece {
  if (bytes[0] === 0) {
    const end = bytes.findIndex((byte) => byte !== 0);
    return { kind: 'nothing', bytes: end < 0 ? bytes.length : end };
  }
  const length = entryBytes(bytes);
  if (length !== undefined && length <= bytes.length) {
    return { kind: 'entry', bytes: length, isTaken: bytes[STATE_AT] === TAKEN };
  }
  if (!isAll && couldBecomeWhole(bytes)) return { kind: 'more', bytes: length ?? HEADER_BYTES };
  const next = findEntry(bytes, 1);
  if (next !== undefined) return { kind: 'lost', bytes: next };
  return { kind: 'more', bytes: 2 * bytes.length };
}

/** The frames of a complete entry, unmasked. */
export const framesOf = (entry: Buffer): Buffer =>
  mask(entry.subarray(HEADER_BYTES, -TOKEN_BYTES), tokenOf(entry));

export const tokenOf = (entry: Buffer): Buffer => entry.subarray(TOKEN_AT, HEADER_BYTES);

/** The readable form of bytes that are not a complete entry. */
export function readable(piece: Buffer): Buffer {
  if (!isHeader(piece) || piece.length < HEADER_BYTES) return piece;
  return mask(piece.subarray(HEADER_BYTES), tokenOf(piece));
}

function isHeader(bytes: Buffer): boolean {
  const known = Math.min(bytes.length, MAGIC.length);
  if (MAGIC.compare(bytes, 0, known, 0, known) !== 0) return false;
  return bytes.length <= STATE_AT || [WAITING, TAKEN].includes(bytes[STATE_AT] ?? 0);
}

/** The length from the header; undefined if it is not known yet, the header is invalid, or the end has another token. */
function entryBytes(bytes: Buffer): number | undefined {
  if (bytes.length < HEADER_BYTES || !isHeader(bytes)) return undefined;
  const length = bytes.readUInt32LE(LENGTH_AT);
  if (length > MAX_FRAME_BYTES) return undefined;
  const end = HEADER_BYTES + length;
  const isWhole =
    bytes.length < end + TOKEN_BYTES ||
    tokenOf(bytes).equals(bytes.subarray(end, end + TOKEN_BYTES));
  return isWhole ? end + TOKEN_BYTES : undefined;
}

const couldBecomeWhole = (bytes: Buffer): boolean =>
  isHeader(bytes) && (bytes.length < HEADER_BYTES || entryBytes(bytes) !== undefined);

/** Position of the first complete entry at or after `from`. */
function findEntry(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(MAGIC, from); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    const length = entryBytes(bytes.subarray(at));
    if (length !== undefined && length <= bytes.length - at) return at;
  }
  return undefined;
}
