/*
 * HookBus frames, version 1. The twin of src/launcher/frame.h; docs/protocol.md is the reference and
 * fixtures/frames/ holds golden bytes that both sides are tested with.
 *
 *   frame  = version(1 byte = 1)  kind(1)  length(4, little endian)  body(length bytes)
 *   body   = { tag(1)  length(4, little endian)  bytes }
 *   number = 8 bytes, little endian; text = UTF-8 without NUL at its end; a list repeats its tag
 *
 * A reader passes over tags it does not know; a kind or version it does not know makes the frame unreadable.
 */

const FRAME_VERSION = 1;

export const FRAME_KIND = {
  begin: 1,
  end: 2,
  capture: 3,
  poke: 4,
  askState: 5,
  state: 6,
  stop: 7,
  claim: 8,
  verdict: 9,
  result: 10,
  follow: 11,
  executions: 12,
  askDashboard: 13,
  dashboard: 14,
} as const;

/** Bytes before a frame's body. */
export const FRAME_HEADER_BYTES = 6;

/** A longer body is a mistake or an attack, not a record: room for the largest cap and what goes with it. */
export const MAX_FRAME_BODY_BYTES = 64 * 1024 * 1024 + 1024 * 1024;

const FIELD_HEADER_BYTES = 5;

export interface Frame {
  readonly kind: number;
  readonly body: Buffer;
}

/** The bytes are not frames of a known version. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/**
 * Takes whole frames off the front of `bytes`.
 * `rest` is what is left: the beginning of a frame that has not wholly arrived.
 * @throws FrameError when what comes next can never become a frame
 */
export function splitFrames(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = [];
  let offset = 0;
  while (bytes.length - offset >= FRAME_HEADER_BYTES) {
    const version = bytes.readUInt8(offset);
    if (version !== FRAME_VERSION)
      throw new FrameError(`expected frame version ${FRAME_VERSION}, got ${version}`);
    const length = bytes.readUInt32LE(offset + 2);
    if (length > MAX_FRAME_BODY_BYTES)
      throw new FrameError(`a frame body of ${length} bytes is over the limit`);
    const end = offset + FRAME_HEADER_BYTES + length;
    if (end > bytes.length) break;
    frames.push({
      kind: bytes.readUInt8(offset + 1),
      body: bytes.subarray(offset + FRAME_HEADER_BYTES, end),
    });
    offset = end;
  }
  return { frames, rest: bytes.subarray(offset) };
}

/** How long the frame is that these bytes begin, header included; undefined where they do not tell yet. */
export function frameBytes(bytes: Buffer): number | undefined {
  return bytes.length < FRAME_HEADER_BYTES ? undefined : FRAME_HEADER_BYTES + bytes.readUInt32LE(2);
}

/** Collects the fields of one frame. */
export function createFrameWriter(kind: number) {
  const parts: Uint8Array[] = [];
  const bytes = (tag: number, value: Uint8Array): void => {
    const header = Buffer.alloc(FIELD_HEADER_BYTES);
    header.writeUInt8(tag, 0);
    header.writeUInt32LE(value.length, 1);
    parts.push(header, value);
  };
  return {
    bytes,
    text(tag: number, value: string | undefined): void {
      if (value !== undefined) bytes(tag, Buffer.from(value));
    },
    number(tag: number, value: number | undefined): void {
      if (value === undefined) return;
      const field = Buffer.alloc(8);
      field.writeBigUInt64LE(BigInt(Math.max(0, Math.round(value))));
      bytes(tag, field);
    },
    finish(): Buffer {
      const body = Buffer.concat(parts);
      const header = Buffer.alloc(FRAME_HEADER_BYTES);
      header.writeUInt8(FRAME_VERSION, 0);
      header.writeUInt8(kind, 1);
      header.writeUInt32LE(body.length, 2);
      return Buffer.concat([header, body]);
    },
  };
}

/** Reads the fields of one body. @throws FrameError when a field runs over the end */
export function readFields(body: Buffer) {
  const fields = new Map<number, Buffer[]>();
  let offset = 0;
  while (offset < body.length) {
    if (body.length - offset < FIELD_HEADER_BYTES)
      throw new FrameError('a field header is cut off');
    const tag = body.readUInt8(offset);
    const length = body.readUInt32LE(offset + 1);
    const start = offset + FIELD_HEADER_BYTES;
    if (length > body.length - start)
      throw new FrameError(`field ${tag} runs over the end of its frame`);
    const values = fields.get(tag) ?? [];
    values.push(body.subarray(start, start + length));
    fields.set(tag, values);
    offset = start + length;
  }
  const bytes = (tag: number): Buffer | undefined => fields.get(tag)?.at(-1);
  return {
    bytes,
    text: (tag: number): string | undefined => bytes(tag)?.toString('utf8'),
    texts: (tag: number): string[] =>
      (fields.get(tag) ?? []).map((value) => value.toString('utf8')),
    number(tag: number): number | undefined {
      const value = bytes(tag);
      if (value === undefined) return undefined;
      if (value.length !== 8) throw new FrameError(`field ${tag} is not a number of 8 bytes`);
      const wide = value.readBigUInt64LE();
      if (wide > BigInt(Number.MAX_SAFE_INTEGER))
        throw new FrameError(`field ${tag} is out of range`);
      return Number(wide);
    },
  };
}

export type Fields = ReturnType<typeof readFields>;
