/*
 * fflate takes some ms to load, and a run needs it only if its payloads are compressed. So the entry point of each
 * process passes it in.
 */
type Zlib = (bytes: Uint8Array) => Uint8Array;

let zlib: Zlib | undefined;

/** Enables compression in this process. Pass `zlibSync` of fflate. */
export function provideCompression(zlibSync: Zlib): void {
  zlib = zlibSync;
}

export function canCompress(): boolean {
  return zlib !== undefined;
}

/** A standard zlib stream (RFC 1950). @throws if no compression was provided */
export function compress(bytes: Uint8Array): Uint8Array {
  if (zlib === undefined) throw new Error('call provideCompression first');
  return zlib(bytes);
}
