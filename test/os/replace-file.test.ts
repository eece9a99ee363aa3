import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { listGates, listOldGates } from '../../src/gates/gate-writer.ts';
import { replaceFile } from '../../src/os/replace-file.ts';
import { endProcess } from '../conformance/support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const TEMPORARY = '.hookbus~0123456789abcdef0123456789abcdef.new';

/** As a writer leaves it that was killed a while ago. */
function age(path: string): void {
  utimesSync(path, new Date(0), new Date(0));
}

describe('a file that is replaced', () => {
  it('is what an error names, not the temporary file', () => {
    const path = join(temporaryDirectory(), 'directory');
    mkdirSync(join(path, 'x'), { recursive: true });
    const message = `EISDIR: illegal operation on a directory, rename '${path}' -> '${path}'`;
    expect(() => replaceFile(path, 'one')).toThrow(message);
  });

  it('is private if it is new, or has the mode that is asked for', () => {
    const path = join(temporaryDirectory(), 'file');
    expect(replaceFile(path, 'one')).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o666);
    replaceFile(path, 'two');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    replaceFile(path, 'three', { mode: 0o644 });
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readFileSync(path, 'utf8')).toBe('three');
  });

  it('keeps its mode and owner if asked to', () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, 'one');
    chmodSync(path, 0o646);
    const before = statSync(path);
    replaceFile(path, 'two', { like: before });
    const { mode, uid, gid, ino } = statSync(path);
    expect({ mode, uid, gid }).toEqual({ mode: before.mode, uid: before.uid, gid: before.gid });
    expect(ino).not.toBe(before.ino);
  });

  it('is not replaced if it must be new, nor if it is no longer wanted', () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'file');
    replaceFile(path, 'one', { mustBeNew: true });
    expect(() => replaceFile(path, 'two', { mustBeNew: true })).toThrow(/EEXIST/);
    expect(replaceFile(path, 'three', { isWanted: () => false })).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('one');
    expect(readdirSync(directory)).toEqual(['file']);
    expect(statSync(path).nlink).toBe(1);
  });

  it('leaves no temporary file when it cannot be replaced', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'file', 'in it'), { recursive: true });
    expect(() => replaceFile(join(directory, 'file'), 'text')).toThrow();
    expect(readdirSync(directory)).toEqual(['file']);
  });
});

describe('a temporary file of another writer', () => {
  it('is removed once its writer must be gone, and nothing else is removed', () => {
    const directory = temporaryDirectory();
    const names = [TEMPORARY, '.hookbus~notes.new', `x${TEMPORARY}`];
    for (const name of names) {
      writeFileSync(join(directory, name), 'half');
      age(join(directory, name));
    }
    const young = TEMPORARY.replace('0', 'f');
    writeFileSync(join(directory, young), 'half');
    const [folder, link] = [TEMPORARY.replace('0', 'd'), TEMPORARY.replace('0', 'e')];
    mkdirSync(join(directory, folder));
    age(join(directory, folder));
    symlinkSync(join(directory, 'file'), join(directory, link));
    replaceFile(join(directory, 'file'), 'text');
    const left = ['file', young, folder, link, ...names.slice(1)];
    expect(readdirSync(directory).sort()).toEqual(left.sort());
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('text');
  });

  it('is no gate, whatever it contains', () => {
    const gates = temporaryDirectory();
    const text = `off ${Date.now() + 60_000}\n`;
    for (const name of [TEMPORARY, 'guard']) writeFileSync(join(gates, name), text);
    expect(listGates(gates)).toEqual([]);
    expect(listOldGates(gates)).toEqual([{ kind: 'off', file: 'guard', hookName: 'guard' }]);
  });
});

/** Large, so that a kill hits the middle of writing. */
const SIZE = 4_000_000;

it('has its old text or all of the new one when its writer is killed', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'file');
  const script = join(temporaryDirectory(), 'writer.mjs');
  buildSync({
    stdin: {
      contents: `import { replaceFile } from './src/os/replace-file.ts';
const [path, size] = process.argv.slice(2);
for (let turn = 0; ; turn += 1) replaceFile(path, 'ab'[turn % 2].repeat(Number(size)));`,
      resolveDir: process.cwd(),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
  });
  const temporaries = (): string[] => readdirSync(directory).filter((name) => name !== 'file');
  replaceFile(path, 'a'.repeat(SIZE));
  for (let killedInside = 0, turn = 0; killedInside < 5; turn += 1) {
    const writer = spawn(execPath, [script, path, String(SIZE)], { stdio: 'ignore' });
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    await expect.poll(temporaries, { timeout: 120_000, interval: 1 }).not.toEqual([]);
    // At once, and at other moments of its work.
    await wait((turn * 7) % 40);
    endProcess(writer.pid ?? 0);
    await ended;
    const text = readFileSync(path, 'utf8');
    expect(text.length).toBe(SIZE);
    expect(text === text.charAt(0).repeat(SIZE)).toBe(true);
    if (temporaries().length > 0) killedInside += 1;
    for (const name of temporaries()) age(join(directory, name));
    replaceFile(path, 'a'.repeat(SIZE));
    expect(temporaries()).toEqual([]);
  }
});

it('is what an error names if its directory cannot be written', () => {
  const path = join(temporaryDirectory(), 'missing', 'file');
  const message = `ENOENT: no such file or directory, open '${path}'`;
  expect(() => replaceFile(path, 'one')).toThrow(message);
});

it('removes what a writer of an older version left beside a settings file', () => {
  const directory = temporaryDirectory();
  const left = ['.settings.json.hookbus-999999999', `.a.hookbus-7-${'0123456789abcdef'.repeat(2)}`];
  const others = [
    '.settings.json.hookbus-',
    '.settings.json.hookbus-12x',
    'settings.json.hookbus-12',
  ];
  for (const name of [...left, ...others]) {
    writeFileSync(join(directory, name), 'half');
    age(join(directory, name));
  }
  replaceFile(join(directory, 'settings.json'), '{}');
  expect(readdirSync(directory).sort()).toEqual(['settings.json', ...others].sort());
});
