/** Callers pass random bytes and the time, so that these functions stay pure. */

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then 74 of the 80 random bits given. */
export function uuidV7(nowMs: number, random: Uint8Array): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(nowMs / 0x10000));
  view.setUint16(4, nowMs % 0x10000);
  bytes.set(random.subarray(0, 10), 6);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  const text = hex(bytes);
  return [
    text.slice(0, 8),
    text.slice(8, 12),
    text.slice(12, 16),
    text.slice(16, 20),
    text.slice(20),
  ].join('-');
}

/** The time in a UUIDv7, in Unix milliseconds. */
export function timeOfUuidV7(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** Makes a W3C span or trace id of these bytes; never the forbidden all-zero id. */
export function traceIdOf(random: Uint8Array): string {
  const text = hex(random);
  return /^0+$/.test(text) ? `${text.slice(0, -1)}1` : text;
}
