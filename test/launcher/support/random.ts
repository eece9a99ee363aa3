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

/** Up to three bytes deleted, put in, replaced or exchanged, and now and then the end cut off. */
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
