import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/os/file-digest.ts';
import { readBounded } from '../../src/os/read-bounded.ts';
import { temporaryDirectory } from '../support/temporary.ts';

describe('a file that anybody may have placed there', () => {
  const placed = (name: string): string => join(temporaryDirectory(), name);

  it('is read up to its limit, and not beyond', () => {
    const path = placed('settings.json');
    writeFileSync(path, 'é'.repeat(500_000));
    expect(readBounded(path, 1_000_000)).toBe('é'.repeat(500_000));
    expect(() => readBounded(path, 999_999)).toThrow('it is larger than 0.999999 MB');
  });

  it('is not read if it is a pipe, for which nobody writes', () => {
    const path = placed('guard.sh');
    execFileSync('mkfifo', [path]);
    expect(() => readBounded(path, 1000)).toThrow('it is not a file');
    expect(digestOf(path)).toBeUndefined();
  });

  // As large as all memory that a process can have, though its size is 0.
  const map = '/proc/self/pagemap';
  it.skipIf(!existsSync(map))('is not read if it says that it is empty, and is endless', () => {
    const path = placed('settings.json');
    symlinkSync(map, path);
    expect(() => readBounded(path, 1_000_000)).toThrow('it is larger than 1 MB');
    expect(digestOf(path)).toBeUndefined();
  });
});
