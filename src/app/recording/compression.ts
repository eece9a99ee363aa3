/*
 * fflate takes some ms to load, which only those executions of a run pay whose payloads are to be compressed: whoever
 * composes a process hands it in.
 */
type Zlib = (bytes: Uint8Array) => Uint8Array;

let zlib: Zlib | undefined;

/** From now on this process can compress: `zlibSync` of fflate. */
export function provideCompression(zlibSync: Zlib): void {
  zlib = zlibSync;
}

export function canCompress(): boolean {
  return zlib !== undefined;
}

/** A standard zlib stream (RFC 1950). @throws where no compression was provided */
export function compress(bytes: Uint8Array): Uint8Array {
  if (zlib === undefined) throw new Error('expected compression to be provided');
  return zlib(bytes);
}
