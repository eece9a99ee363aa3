import { readFileSync } from 'node:fs';

/** How the system loads an executable, as its file specifies. */
export interface ProgramFile {
  readonly format: 'ELF' | 'Mach-O';
  readonly machine: 'x64' | 'arm64';
  /** It needs no loader and no library to start. */
  readonly isStatic: boolean;
  /** It can be loaded at any address. */
  readonly isPie: boolean;
  /** Memory that only the start writes becomes read-only. */
  readonly hasRelro: boolean;
  /** The start resolves all symbols, or there are none to resolve. */
  readonly bindsNow: boolean;
  readonly hasExecutableStack: boolean;
  readonly hasWritableCode: boolean;
  /** Executable code shares no page of the file with anything else. */
  readonly separatesCode: boolean;
  readonly isStripped: boolean;
}

const PAGE_BYTES = 4096;
const SEGMENT = { load: 1, dynamic: 2, interpreter: 3, stack: 0x6474e551, relro: 0x6474e552 };
const MAY = { run: 1, write: 2 };
const SYMBOLS = 2;

/** Reads 64-bit little-endian ELF and Mach-O files, which `make build` and `make cross` make. @throws for other formats */
export function readProgramFile(path: string): ProgramFile {
  const bytes = readFileSync(path);
  if (bytes.readUInt32BE(0) === 0x7f454c46) return readElf(bytes);
  if (bytes.readUInt32LE(0) === 0xfeedfacf) return readMachO(bytes);
  throw new Error(`expected ELF or Mach-O in ${path}, got ${bytes.subarray(0, 4).toString('hex')}`);
}

/** A table of entries of one size. */
function entries(bytes: Buffer, offset: number, size: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(offset + index * size, offset + (index + 1) * size),
  );
}

const wide = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));

function machineOf(number: number, x64: number, arm64: number): ProgramFile['machine'] {
  if (number === x64) return 'x64';
  if (number === arm64) return 'arm64';
  throw new Error(`expected machine ${x64} or ${arm64}, got ${number}`);
}

interface Segment {
  readonly kind: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
}

function readElf(bytes: Buffer): ProgramFile {
  const segments: Segment[] = entries(
    bytes,
    wide(bytes, 32),
    bytes.readUInt16LE(54),
    bytes.readUInt16LE(56),
  ).map((entry) => ({
    kind: entry.readUInt32LE(0),
    flags: entry.readUInt32LE(4),
    offset: wide(entry, 8),
    size: wide(entry, 32),
  }));
  const sections = entries(
    bytes,
    wide(bytes, 40),
    bytes.readUInt16LE(58),
    bytes.readUInt16LE(60),
  ).map((entry) => entry.readUInt32LE(4));
  const find = (kind: number): Segment | undefined => segments.find((one) => one.kind === kind);
  const loaded = segments.filter(({ kind }) => kind === SEGMENT.load);
  const dynamic = find(SEGMENT.dynamic);
  return {
    format: 'ELF',
    machine: machineOf(bytes.readUInt16LE(18), 62, 183),
    isStatic: find(SEGMENT.interpreter) === undefined,
    isPie: bytes.readUInt16LE(16) === 3,
    hasRelro: find(SEGMENT.relro) !== undefined,
    bindsNow: dynamic === undefined || hasBindNow(bytes, dynamic),
    // Without that header, the system makes the stack executable.
    hasExecutableStack: ((find(SEGMENT.stack)?.flags ?? MAY.run) & MAY.run) !== 0,
    hasWritableCode: loaded.some(
      ({ flags }) => (flags & MAY.run) !== 0 && (flags & MAY.write) !== 0,
    ),
    separatesCode: loaded.every((one) => loaded.every((other) => areApart(one, other))),
    isStripped: !sections.includes(SYMBOLS),
  };
}

function hasBindNow(bytes: Buffer, { offset, size }: Segment): boolean {
  const TAG = { bindNow: 24, flags: 30, flags1: 0x6ffffffb };
  return entries(bytes, offset, 16, size / 16).some((entry) => {
    const [tag, value] = [wide(entry, 0), wide(entry, 8)];
    if (tag === TAG.flags) return (value & 8) !== 0;
    return tag === TAG.bindNow || (tag === TAG.flags1 && (value & 1) !== 0);
  });
}

/** Whether two segments share no page of the file; true if both or neither are executable. */
function areApart(one: Segment, other: Segment): boolean {
  if (((one.flags ^ other.flags) & MAY.run) === 0) return true;
  const first = ({ offset }: Segment): number => Math.floor(offset / PAGE_BYTES);
  const last = ({ offset, size }: Segment): number => Math.floor((offset + size - 1) / PAGE_BYTES);
  return last(one) < first(other) || last(other) < first(one);
}

/** In Mach-O, an executable stack and writable code need flags that no build sets. */
function readMachO(bytes: Buffer): ProgramFile {
  const flags = bytes.readUInt32LE(24);
  return {
    format: 'Mach-O',
    machine: machineOf(bytes.readUInt32LE(4), 0x01000007, 0x0100000c),
    isStatic: false,
    isPie: (flags & 0x200000) !== 0,
    hasRelro: true,
    bindsNow: true,
    hasExecutableStack: (flags & 0x20000) !== 0,
    hasWritableCode: false,
    separatesCode: true,
    isStripped: true,
  };
}
