import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary.ts';
import { readCodeSignature } from './support/code-signature.ts';
import { buildFor, findCrossCompiler, type System } from './support/cross.ts';
import { titleOf } from './support/launcher.ts';
import { type ProgramFile, readProgramFile } from './support/program-file.ts';

const canCross = findCrossCompiler();

const ELF: Partial<ProgramFile> = {
  format: 'ELF',
  isStatic: true,
  isPie: true,
  hasRelro: true,
  bindsNow: true,
  hasExecutableStack: false,
  hasWritableCode: false,
  isStripped: true,
};
const MACH_O: Partial<ProgramFile> = { format: 'Mach-O', isPie: true, hasExecutableStack: false };

const EXPECTED: readonly [System, Partial<ProgramFile>][] = [
  ['linux-x64', { ...ELF, machine: 'x64' }],
  ['linux-arm64', { ...ELF, machine: 'arm64' }],
  ['darwin-x64', { ...MACH_O, machine: 'x64' }],
  ['darwin-arm64', { ...MACH_O, machine: 'arm64' }],
];

/** macOS starts no unsigned program for arm64. The linker signs ad hoc, which needs no key. */
function expectSignature(program: string): void {
  const signature = { isAdHoc: true, isValid: true };
  expect(readCodeSignature(program)).toMatchObject(signature);
  const bytes = readFileSync(program);
  bytes[5000] = (bytes[5000] ?? 0) ^ 1;
  writeFileSync(program, bytes);
  expect(readCodeSignature(program)).toMatchObject({ ...signature, isValid: false });
}

describe.skipIf(canCross !== true)(titleOf('cross-compiling', canCross), () => {
  it.each(EXPECTED)(
    'builds the launcher for %s without a warning',
    (system, expected) => {
      const output = join(temporaryDirectory(), 'hookbus');
      expect(buildFor(system, output)).toEqual({ status: 0, said: '' });
      expect(readProgramFile(output)).toMatchObject(expected);
      // The same bytes wherever it is built, and no path of the machine that built it.
      expect(readFileSync(output).includes(process.cwd())).toBe(false);
      if (system === 'darwin-arm64') expectSignature(output);
    },
    300_000,
  );
});
