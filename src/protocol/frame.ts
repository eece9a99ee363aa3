/*
 * HookBus frames, version 1. C port: src/launcher/frame.h. docs/protocol.md is the reference, and both sides are tested
 * with the golden bytes in fixtures/frames/.
 *
 *   frame  = version(1 byte = 1)  kind(1)  length(4, little endian)  body(length bytes)
 *   body   = { tag(1)  length(4, little endian)  bytes }
 *   number = 8 bytes, little endian; text = UTF-8 without a final NUL; a list repeats its tag
 *
 * A reader ignores unknown tags. An unknown kind or version makes the frame unreadable.
 */

const FRAME_VERSION = 1;

export const FRAME_KIND = {
  begin: 1,
  end: 2,
  capture: 3,
  notify: 4,
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

/** A longer body is an error or an attack: this leaves room for the largest capture limit and the other fields. */
export const MAX_FRAME_BODY_BYTES = 64 * 1024 * 1024 + 1024 * 1024;

const FIELD_HEADER_BYTES = 5;
const NUMBER_BYTES = 8;

export interface Frame {
  readonly kind: number;
  readonly body: Buffer;
}

/** The bytes are not frames of a known version. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/**
 * Removes complete frames from the front of `bytes`.
 * `rest` is the remainder: the beginning of a frame that has not arrived completely.
 * @throws FrameError if the next bytes can never become a frame
 */
export function splitFrames(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = [];
  let offset = 0;
  while (bytes.length - offset >= FRAME_HEADER_BYTES) {
    const version = bytes.readUInt8(offset);
    if (version !== FRAME_VERSION)
      throw new FrameError(`frame version ${version} is not supported; expected ${FRAME_VERSION}`);
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

/** Length of the frame that begins with these bytes, header included; undefined if they are too few to know it. */
export function frameBytes(bytes: Buffer): number | undefined {
  return bytes.length < FRAME_HEADER_BYTES ? undefined : FRAME_HEADER_BYTES + bytes.readUInt32LE(2);
}

/** Enough for the fields of most frames, in bytes. */
const FEW_BYTES = 512;

/** Collects the fields of one frame. */
export function createFrameWriter(kind: number) {
  let frame = Buffer.allocUnsafe(FEW_BYTES);
  let length = FRAME_HEADER_BYTES;
  /** @returns where the caller must write the value */
  function begin(tag: number, bytes: number): number {
    const start = length + FIELD_HEADER_BYTES;
    const end = start + bytes;
    if (end > frame.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, 2 * frame.length));
      frame.copy(larger, 0, 0, length);
      frame = larger;
    }
    frame.writeUInt8(tag, length);
    frame.writeUInt32LE(bytes, length + 1);
    length = end;
    return start;
  }
  return {
    bytes(tag: number, value: Uint8Array): void {
      const start = begin(tag, value.length);
      frame.set(value, start);
    },
    text(tag: number, value: string | undefined): void {
      if (value === undefined) return;
      const start = begin(tag, Buffer.byteLength(value));
      frame.write(value, start);
    },
    number(tag: number, value: number | undefined): void {
      if (value === undefined) return;
      const start = begin(tag, NUMBER_BYTES);
      frame.writeBigUInt64LE(BigInt(Math.max(0, Math.round(value))), start);
    },
    finish(): Buffer {
      frame.writeUInt8(FRAME_VERSION, 0);
      frame.writeUInt8(kind, 1);
      frame.writeUInt32LE(length - FRAME_HEADER_BYTES, 2);
      return frame.subarray(0, length);
    },
  };
}

/** Reads the fields of one body. @throws FrameError if a field extends past the end */
export function readFields(body: Buffer) {
  // The tag, start and end of each field, one after another: the daemon reads dozens of fields for each execution.
  const fields: number[] = [];
  let offset = 0;
  while (offset < body.length) {
    if (body.length - offset < FIELD_HEADER_BYTES)
      throw new FrameError('a field header is incomplete');
    const tag = body.readUInt8(offset);
    const length = body.readUInt32LE(offset + 1);
    const start = offset + FIELD_HEADER_BYTES;
    if (length > body.length - start)
      throw new FrameError(`field ${tag} extends past the end of its frame`);
    offset = start + length;
    fields.push(tag, start, offset);
  }
  /** Where the last field with this tag is in `fields`; negative if there is none. */
  const find = (tag: number): number => {
    let at = fields.length - 3;
    while (at >= 0 && fields[at] !== tag) at -= 3;
    return at;
  };
  const textAt = (at: number): string => body.toString('utf8', fields[at + 1], fields[at + 2]);
  return {
    bytes(tag: number): Buffer | undefined {
      const at = find(tag);
      return at < 0 ? undefined : body.subarray(fields[at + 1], fields[at + 2]);
    },
    text(tag: number): string | undefined {
      const at = find(tag);
      return at < 0 ? undefined : textAt(at);
    },
    texts(tag: number): string[] {
      const found: string[] = [];
      for (let at = 0; at < fields.length; at += 3) if (fields[at] === tag) found.push(textAt(at));
      return found;
    },
    number(tag: number): number | undefined {
      const at = find(tag);
      if (at < 0) return undefined;
      const [start = 0, end = 0] = [fields[at + 1], fields[at + 2]];
      if (end - start !== NUMBER_BYTES)
        throw new FrameError(`field ${tag} is not a number of 8 bytes`);
      const number = body.readUInt32LE(start + 4) * 2 ** 32 + body.readUInt32LE(start);
      if (number > Number.MAX_SAFE_INTEGER) throw new FrameError(`field ${tag} is out of range`);
      return number;
    },
  };
}

export type Fields = ReturnType<typeof readFields>;
