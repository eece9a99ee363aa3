import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary.ts';
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

describe.skipIf(canCross !== true)(titleOf('cross-compiling', canCross), () => {
  it.each(EXPECTED)(
    'builds the launcher for %s without a warning',
    (system, expected) => {
      const output = join(temporaryDirectory(), 'hookbus');
      expect(buildFor(system, output)).toEqual({ status: 0, said: '' });
      expect(readProgramFile(output)).toMatchObject(expected);
    },
    300_000,
  );
});
