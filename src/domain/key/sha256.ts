/*
 * SHA-256 (FIPS 180-4). Node has it, but its first use initialises all of OpenSSL, which costs an execution several
 * milliseconds, and an execution hashes only a few hundred bytes. C port: src/launcher/sha256.c.
 * Words are signed 32-bit integers, which V8 stores directly; larger numbers would each be an object.
 */

const BLOCK_BYTES = 64;

// biome-ignore format: the table of the standard, as it stands there
const ROUND = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);

// biome-ignore format: the same
const START = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);

/** Up to this size, this code finishes before Node's own has loaded. */
const SHORT_BYTES = 512;

/** Lower-case hex; a text is hashed as UTF-8. */
export function sha256Hex(what: string | Uint8Array): string {
  const bytes = typeof what === 'string' ? Buffer.from(what) : what;
  if (bytes.length <= SHORT_BYTES) return digestOf(bytes);
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(bytes).digest('hex');
}

function digestOf(bytes: Uint8Array): string {
  // A one bit, zeros, and the length in bits fill the last block.
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, bytes.length * 8);
  const state = START.slice();
  const words = new Int32Array(ROUND.length);
  for (let start = 0; start < padded.length; start += BLOCK_BYTES) {
    schedule(words, view, start);
    compress(state, words);
  }
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

const turned = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

function schedule(words: Int32Array, view: DataView, start: number): void {
  for (let index = 0; index < 16; index += 1) words[index] = view.getInt32(start + 4 * index);
  for (let index = 16; index < words.length; index += 1) {
    const old = words[index - 15] ?? 0;
    const recent = words[index - 2] ?? 0;
    const first = ((words[index - 16] ?? 0) + (turned(old, 7) ^ turned(old, 18) ^ (old >>> 3))) | 0;
    const second = turned(recent, 17) ^ turned(recent, 19) ^ (recent >>> 10);
    words[index] = (((first + (words[index - 7] ?? 0)) | 0) + second) | 0;
  }
}

/** Does one round for each word of the schedule; all sums are modulo 2^32. */
function compress(state: Int32Array, words: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let round = 0; round < words.length; round += 1) {
    const choice = (e & f) ^ (~e & g);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const added = ((((ROUND[round] ?? 0) + (words[round] ?? 0)) | 0) + choice) | 0;
    const first = (((h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25))) | 0) + added) | 0;
    const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  const sums = [a, b, c, d, e, f, g, h];
  for (let index = 0; index < 8; index += 1)
    state[index] = (state[index] ?? 0) + (sums[index] ?? 0);
}
