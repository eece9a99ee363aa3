import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { saveNodePath } from '../../src/os/own-program.ts';
import { temporaryDirectory } from '../support/temporary.ts';

describe('the path of Node, beside the launcher,', () => {
  function aPackage(program?: string) {
    const directory = join(temporaryDirectory(), 'bin');
    mkdirSync(directory);
    const script = join(directory, 'hookbus.js');
    writeFileSync(script, '');
    if (program !== undefined) writeFileSync(join(directory, program), '', { mode: 0o755 });
    return { directory, script, path: join(directory, 'node-path') };
  }

  it('is kept up to date, and only its owner can write it', () => {
    const { script, path } = aPackage(`hookbus-${process.platform}-${process.arch}`);
    saveNodePath(execPath, script);
    expect(readFileSync(path, 'utf8')).toBe(`${realpathSync(execPath)}\n`);
    expect(statSync(path).mode & 0o022).toBe(0);
    writeFileSync(path, '/gone/node\n');
    saveNodePath(execPath, script);
    expect(readFileSync(path, 'utf8')).toBe(`${realpathSync(execPath)}\n`);
  });

  it('is not written without a launcher, nor by an executable that contains Node', () => {
    const bare = aPackage();
    saveNodePath(execPath, bare.script);
    expect(existsSync(bare.path)).toBe(false);
    const whole = aPackage('hookbus');
    chmodSync(whole.script, 0o755);
    saveNodePath(whole.script, whole.script);
    expect(existsSync(whole.path)).toBe(false);
  });
});
