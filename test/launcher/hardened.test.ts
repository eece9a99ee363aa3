import { describe, expect, it } from 'vitest';
import { hasLauncher, LAUNCHER, titleOf } from './support/launcher.ts';
import { readProgramFile } from './support/program-file.ts';

/** macOS protects by other means, and its linker has none of these flags. */
const isElf: true | string =
  hasLauncher === true && process.platform !== 'linux' ? 'this is not Linux' : hasLauncher;

describe.skipIf(isElf !== true)(titleOf('the executable of the launcher', isElf), () => {
  it('has read-only relocations, and no memory that is both writable and executable', () => {
    expect(readProgramFile(LAUNCHER)).toMatchObject({
      hasRelro: true,
      bindsNow: true,
      hasExecutableStack: false,
      hasWritableCode: false,
      separatesCode: true,
    });
  });

  it('has no symbols', () => expect(readProgramFile(LAUNCHER).isStripped).toBe(true));

  it('is loaded at a random address', () => {
    expect(readProgramFile(LAUNCHER).isPie).toBe(true);
  });
});
