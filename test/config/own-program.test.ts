import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { LAUNCHER_PACKAGE, ownProgram, saveNodePath } from '../../src/os/own-program.ts';
import { temporaryDirectory } from '../support/temporary.ts';

function aPackage() {
  const root = join(realpathSync(temporaryDirectory()), 'node_modules', 'hookbus');
  const script = join(root, 'bin', 'hookbus.js');
  mkdirSync(dirname(script), { recursive: true });
  writeFileSync(script, '');
  return { root, script, beside: join(root, 'bin', 'node-path') };
}

function aLauncher(file: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '', { mode: 0o755 });
  return file;
}

const ofPackage = (modules: string) => join(modules, LAUNCHER_PACKAGE, 'bin', 'hookbus');

describe('the words that start this HookBus', () => {
  it('are Node and the script without a launcher', () => {
    const { script } = aPackage();
    expect(ownProgram(execPath, script)).toEqual([execPath, script]);
  });

  it.each([
    ['below', (root: string) => join(root, 'node_modules')],
    ['beside', (root: string) => dirname(root)],
  ])('are the launcher of the package that npm installed %s this one', (_title, modules) => {
    const { root, script } = aPackage();
    const launcher = aLauncher(ofPackage(modules(root)));
    expect(ownProgram(execPath, script)).toEqual([launcher]);
  });

  it('are the launcher itself where its package is a link, as pnpm makes it', () => {
    const { root, script } = aPackage();
    const store = join(realpathSync(temporaryDirectory()), 'package');
    const launcher = aLauncher(join(store, 'bin', 'hookbus'));
    mkdirSync(join(dirname(root), '@hookbus'));
    symlinkSync(store, join(dirname(root), LAUNCHER_PACKAGE));
    expect(ownProgram(execPath, script)).toEqual([launcher]);
  });

  it('are the launcher beside the script before any other', () => {
    const { root, script } = aPackage();
    aLauncher(ofPackage(dirname(root)));
    const launcher = aLauncher(join(dirname(script), 'hookbus'));
    expect(ownProgram(execPath, script)).toEqual([launcher]);
  });
});

describe('the paths of Node and the script, beside the launcher,', () => {
  it('are kept up to date, and only their owner can write them', () => {
    const { script, beside } = aPackage();
    aLauncher(join(dirname(script), 'hookbus'));
    const expected = `${realpathSync(execPath)}\n${script}\n`;
    saveNodePath(execPath, join(dirname(script), 'hookbus.js'), undefined);
    expect(readFileSync(beside, 'utf8')).toBe(expected);
    expect(statSync(beside).mode & 0o022).toBe(0);
    writeFileSync(beside, '/gone/node\n');
    saveNodePath(execPath, script, undefined);
    expect(readFileSync(beside, 'utf8')).toBe(expected);
  });

  it('are in the package of the launcher', () => {
    const { root, script, beside } = aPackage();
    const launcher = aLauncher(ofPackage(join(root, 'node_modules')));
    saveNodePath(execPath, script, undefined);
    expect(existsSync(beside)).toBe(false);
    expect(readFileSync(join(dirname(launcher), 'node-path'), 'utf8')).toContain(script);
  });

  it('are in the default state directory if that cannot be written', () => {
    const { root, script } = aPackage();
    const home = join(temporaryDirectory(), 'state', 'hookbus');
    const launcher = aLauncher(ofPackage(join(root, 'node_modules')));
    // Nobody can replace a directory, not even root.
    mkdirSync(join(dirname(launcher), 'node-path'));
    saveNodePath(execPath, script, home);
    expect(readFileSync(join(home, 'node-path'), 'utf8')).toContain(script);
    expect(statSync(home).mode & 0o077).toBe(0);
  });

  it('are not written without a launcher', () => {
    const { script, beside } = aPackage();
    saveNodePath(execPath, script, undefined);
    expect(existsSync(beside)).toBe(false);
  });
});
