import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The signature in a Mach-O file, without which macOS starts no program for arm64. */
interface CodeSignature {
  readonly identifier: string;
  /** It vouches for the bytes alone, and for nobody. */
  readonly isAdHoc: boolean;
  /** The signed bytes are all that comes before the signature, and each page has the hash that it says. */
  readonly isValid: boolean;
}

const COMMAND = 0x1d; // LC_CODE_SIGNATURE
const MAGIC = { superBlob: 0xfade0cc0, codeDirectory: 0xfade0c02 };
const AD_HOC = 2;
const SHA256 = 2;

/** Reads the signature of a 64-bit Mach-O file; undefined if it has none. Its fields are big-endian. */
export function readCodeSignature(path: string): CodeSignature | undefined {
  const file = readFileSync(path);
  const at = findSignature(file);
  if (at === undefined) return undefined;
  const blob = file.subarray(at);
  if (blob.readUInt32BE(0) !== MAGIC.superBlob) throw new Error(`${path}: no signature at ${at}`);
  const directory = Array.from({ length: blob.readUInt32BE(8) }, (_, index) =>
    blob.subarray(blob.readUInt32BE(16 + 8 * index)),
  ).find((part) => part.readUInt32BE(0) === MAGIC.codeDirectory);
  if (directory === undefined) throw new Error(`${path}: the signature has no code directory`);
  const name = directory.readUInt32BE(20);
  return {
    identifier: directory.toString('latin1', name, directory.indexOf(0, name)),
    isAdHoc: (directory.readUInt32BE(12) & AD_HOC) !== 0,
    isValid: directory.readUInt32BE(32) === at && hasHashes(directory, file.subarray(0, at)),
  };
}

function findSignature(file: Buffer): number | undefined {
  let command = 32;
  for (let left = file.readUInt32LE(16); left > 0; left -= 1) {
    if (file.readUInt32LE(command) === COMMAND) return file.readUInt32LE(command + 8);
    command += file.readUInt32LE(command + 4);
  }
  return undefined;
}

function hasHashes(directory: Buffer, code: Buffer): boolean {
  const [hashes, count] = [directory.readUInt32BE(16), directory.readUInt32BE(28)];
  const [size, kind] = [directory.readUInt8(36), directory.readUInt8(37)];
  const page = 2 ** directory.readUInt8(39);
  if (kind !== SHA256 || count !== Math.ceil(code.length / page)) return false;
  return Array.from({ length: count }, (_, index) => index).every((index) => {
    const expected = directory.subarray(hashes + index * size, hashes + (index + 1) * size);
    const bytes = code.subarray(index * page, (index + 1) * page);
    return createHash('sha256').update(bytes).digest().equals(expected);
  });
}
