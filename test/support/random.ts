export type Random = (below: number) => number;

/** A small fixed sequence (mulberry32), so that a failure can be repeated. */
export function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Up to three bytes deleted, inserted, replaced or swapped; sometimes truncates the end. */
export function mutate(bytes: Buffer, random: Random): Buffer {
  const alphabet = Buffer.from(' \n{}[]",:\\u0123eE+-.tfn\u00ff\0');
  const out = [...bytes];
  for (let edits = random(4); edits > 0; edits--) {
    const at = random(out.length + 1);
    const byte = random(8) === 0 ? random(256) : (alphabet[random(alphabet.length)] ?? 0);
    const edit = random(4);
    if (edit === 0) out.splice(at, 1);
    else if (edit === 1) out.splice(at, 0, byte);
    else if (edit === 2) out.splice(at, 1, byte);
    else out.splice(at, 2, ...out.slice(at, at + 2).reverse());
  }
  return Buffer.from(random(6) === 0 ? out.slice(0, random(out.length + 1)) : out);
}

const BYTES = [0, 1, 2, 5, 7, 8, 127, 128, 255];
const NUMBERS = [
  0n,
  1n,
  3n,
  256n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];
/** The length of a field that may be a number. */
const NUMBER_LENGTH = Buffer.from([8, 0, 0, 0]);

/**
 * Frames with one to four typical changes: a different byte or length, an extreme number, a missing or duplicated piece,
 * a truncated end.
 */
export function mutateFrames(bytes: Buffer, random: Random): Buffer {
  let out = Buffer.from(bytes);
  for (let changes = 1 + random(4); changes > 0; changes -= 1) {
    const at = random(out.length + 1);
    const [before, behind] = [out.subarray(0, at), out.subarray(at)];
    const change = random(8);
    if (change === 0) out = Buffer.concat([before, behind.subarray(random(24))]);
    else if (change === 1) out = Buffer.concat([before, behind.subarray(0, random(24)), behind]);
    else if (change === 2 && random(4) === 0) out = Buffer.from(before);
    else if (change === 3 && behind.length >= 4) out.writeUInt32LE(random(200), at);
    else if (change >= 6) putNumber(out, at, NUMBERS[random(NUMBERS.length)] ?? 0n);
    else if (at < out.length)
      out[at] = random(2) === 0 ? random(256) : (BYTES[random(BYTES.length)] ?? 0);
  }
  return out;
}

/** Replaces the next number, if there is one. */
function putNumber(bytes: Buffer, from: number, value: bigint): void {
  const at = bytes.indexOf(NUMBER_LENGTH, from);
  if (at >= 0 && at + 12 <= bytes.length) bytes.writeBigUInt64LE(value, at + 4);
}
