import { readFileSync } from 'node:fs';

/** What a program's file says of how it is loaded. */
export interface ProgramFile {
  readonly format: 'ELF' | 'Mach-O';
  readonly machine: 'x64' | 'arm64';
  /** It needs no other file to start: no loader, no library. */
  readonly isStatic: boolean;
  /** It runs at any address. */
  readonly isPie: boolean;
  /** What only its start writes is read-only from then on. */
  readonly hasRelro: boolean;
  /** All that is bound is bound by then, or there is nothing to bind. */
  readonly bindsNow: boolean;
  readonly hasExecutableStack: boolean;
  readonly hasWritableCode: boolean;
  /** What can be run has pages of its own in the file, with nothing else in them. */
  readonly separatesCode: boolean;
  readonly isStripped: boolean;
}

const PAGE_BYTES = 4096;
const SEGMENT = { load: 1, dynamic: 2, interpreter: 3, stack: 0x6474e551, relro: 0x6474e552 };
const MAY = { run: 1, write: 2 };
const SYMBOLS = 2;

/** Reads what `make build` and `make cross` make: 64 bits, little-endian. @throws for anything else */
export function readProgramFile(path: string): ProgramFile {
  const bytes = readFileSync(path);
  if (bytes.readUInt32BE(0) === 0x7f454c46) return readElf(bytes);
  if (bytes.readUInt32LE(0) === 0xfeedfacf) return readMachO(bytes);
  throw new Error(`expected ELF or Mach-O in ${path}, got ${bytes.subarray(0, 4).toString('hex')}`);
}

/** A table of entries of one size, whose place the header tells. */
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
    // Without that header the system takes it for executable.
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

/** Whether no page of the file is in both, where one of them alone can be run. */
function areApart(one: Segment, other: Segment): boolean {
  if (((one.flags ^ other.flags) & MAY.run) === 0) return true;
  const first = ({ offset }: Segment): number => Math.floor(offset / PAGE_BYTES);
  const last = ({ offset, size }: Segment): number => Math.floor((offset + size - 1) / PAGE_BYTES);
  return last(one) < first(other) || last(other) < first(one);
}

/** A stack of Mach-O is executable, and its code writable, only by flags that nobody sets. */
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
