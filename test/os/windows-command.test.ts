import { describe, expect, it } from 'vitest';
import { windowsCommand } from '../../src/os/windows/windows-command.ts';

const GIT = 'C:\\Program Files\\Git\\usr\\bin';
const NODE = 'C:\\Program Files\\nodejs';
const SYSTEM = 'C:\\Windows\\System32';
const ENV = { SystemRoot: 'C:\\Windows', PATH: [SYSTEM, NODE, GIT, '.'].join(';') };

const FILES: Record<string, string> = {
  [`${SYSTEM}\\bash.exe`]: 'MZ',
  [`${GIT}\\bash.exe`]: 'MZ',
  [`${GIT}\\sh.exe`]: 'MZ',
  [`${NODE}\\node.exe`]: 'MZ',
  [`${NODE}\\npx`]: '#!/bin/sh\n',
  [`${NODE}\\tool.cmd`]: '@echo off\r\n',
  'C:\\my hooks\\guard.sh': '#!/usr/bin/env bash\r\nexit 2\n',
  'C:\\my hooks\\guard.js': '#!/usr/bin/env node\n',
  'C:\\my hooks\\strict.sh': '#!/bin/sh -eu\n',
  'C:\\my hooks\\plain.txt': 'text',
  'here.cmd': '',
};

const start = (...argv: string[]) =>
  windowsCommand(argv, ENV, {
    isFile: (path) => path in FILES,
    startOf: (path) => FILES[path] ?? '',
  });
const plain = (program: string, ...parameters: string[]) => ({
  program,
  parameters,
  isVerbatim: false,
});

describe('a command on Windows', () => {
  it('that is a program gets its words as they are', () => {
    expect(start('node', 'a b', '"%PATH%"')).toEqual(plain(`${NODE}\\node.exe`, 'a b', '"%PATH%"'));
  });

  it('finds the bash of Git, not that of Windows, which starts Linux', () => {
    expect(start('bash', '-c', 'exit 2')).toEqual(plain(`${GIT}\\bash.exe`, '-c', 'exit 2'));
  });

  it.each(['/usr/bin/bash', '/bin/bash'])('finds the bash of Git by the path %s', (path) => {
    expect(start(path, '-c', ' exit 2')).toEqual(plain(`${GIT}\\bash.exe`, '-c', ' exit 2'));
  });

  it('that is a script runs by what its first line names', () => {
    const script = 'C:\\my hooks\\guard.sh';
    expect(start(script, 'x')).toEqual(plain(`${GIT}\\bash.exe`, script, 'x'));
    expect(start('C:\\my hooks\\guard.js')).toEqual(
      plain(`${NODE}\\node.exe`, 'C:\\my hooks\\guard.js'),
    );
    expect(start('C:\\my hooks\\strict.sh')).toEqual(
      plain(`${GIT}\\sh.exe`, '-eu', 'C:\\my hooks\\strict.sh'),
    );
    expect(start('npx', 'tool')).toEqual(plain(`${GIT}\\sh.exe`, `${NODE}\\npx`, 'tool'));
  });

  it('that is a batch file runs by cmd.exe, each word in quotes', () => {
    expect(start('tool', 'a&b', 'c d\\')).toEqual({
      program: `${SYSTEM}\\cmd.exe`,
      parameters: ['/d', '/s', '/c', `""${NODE}\\tool.cmd" "a&b" "c d\\\\""`],
      isVerbatim: true,
    });
  });

  it.each(['"', '%PATH%', 'two\nlines'])('is refused if a batch file would read %j', (word) => {
    expect(() => start('tool', word)).toThrow(expect.objectContaining({ code: 'EBATCH' }));
  });

  it('is not looked for in the working directory, and stays as it is if nothing is found', () => {
    expect(start('here')).toEqual(plain('here'));
    expect(start('')).toEqual(plain(''));
    expect(start('C:\\my hooks\\plain.txt')).toEqual(plain('C:\\my hooks\\plain.txt'));
  });
});
