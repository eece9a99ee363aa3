import { describe, expect, it } from 'vitest';
import { hasLauncher, LAUNCHER, titleOf } from './support/launcher.ts';
import { readProgramFile } from './support/program-file.ts';

/** macOS protects by other means, and its linker has none of these flags. */
const isElf: true | string =
  hasLauncher === true && process.platform !== 'linux' ? 'this is not Linux' : hasLauncher;

describe.skipIf(isElf !== true)(titleOf('the file of the launcher', isElf), () => {
  it('gives an overrun little to write to, and nothing to run', () => {
    expect(readProgramFile(LAUNCHER)).toMatchObject({
      hasRelro: true,
      bindsNow: true,
      hasExecutableStack: false,
      hasWritableCode: false,
      separatesCode: true,
    });
  });

  it('has no symbols', () => expect(readProgramFile(LAUNCHER).isStripped).toBe(true));

  it('is at other addresses in each run', () => {
    expect(readProgramFile(LAUNCHER).isPie).toBe(true);
  });
});
