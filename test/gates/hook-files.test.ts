import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scriptFile } from '../../src/gates/hook-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const asWritten = (word: string): string => word;

describe('the script of a command', () => {
  it('is found in the directory that a line changes to', () => {
    const [cwd, other] = [temporaryDirectory(), temporaryDirectory()];
    writeFileSync(join(other, 'guard.py'), '');
    const argv = ['/bin/sh', '-c', `cd ${other} && python3 guard.py`];
    expect(scriptFile(argv, cwd, asWritten)).toBe(join(other, 'guard.py'));
  });

  it('is found without looking at every name that a hook got', () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'format.sh'), '');
    const names = Array.from({ length: 20_000 }, (_, index) => [`a${index}.py`, `/b/c${index}`]);
    const argv = ['./format.sh', ...names.flat()];
    expect(scriptFile(argv, cwd, asWritten)).toBe(join(cwd, 'format.sh'));
    expect(scriptFile(['./gone.sh', ...names.flat()], cwd, asWritten)).toBeUndefined();
  });
});
