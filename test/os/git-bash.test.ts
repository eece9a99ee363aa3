import { expect, it } from 'vitest';
import { hasGitBash } from '../../src/os/windows/git-bash.ts';

const GIT = 'C:\\Program Files\\Git';
const MSYS = `${GIT}\\usr\\bin\\msys-2.0.dll`;

it.each([
  ['where Git for Windows puts it', {}, [`${GIT}\\bin\\bash.exe`, MSYS], true],
  ['without the library of Git', {}, [`${GIT}\\bin\\bash.exe`], false],
  ['nowhere', {}, [], false],
  [
    'beside the git on PATH',
    { Path: 'relative;D:\\Git\\cmd;C:\\x' },
    ['D:\\Git\\cmd\\git.exe', 'D:\\Git\\bin\\bash.exe', 'D:\\Git\\usr\\bin\\msys-2.0.dll'],
    true,
  ],
  [
    'where a variable says',
    { CLAUDE_CODE_GIT_BASH_PATH: 'E:\\g\\usr\\bin\\bash.exe' },
    ['E:\\g\\usr\\bin\\bash.exe', 'E:\\g\\usr\\bin\\msys-2.0.dll'],
    true,
  ],
  [
    'where a variable names another shell, which Claude Code would use',
    { CLAUDE_CODE_GIT_BASH_PATH: 'E:\\busybox\\sh.exe' },
    ['E:\\busybox\\sh.exe', `${GIT}\\bin\\bash.exe`, MSYS],
    false,
  ],
  [
    'where a variable names no shell, which Claude Code ignores',
    { CLAUDE_CODE_GIT_BASH_PATH: 'E:\\zsh.exe' },
    ['E:\\zsh.exe', `${GIT}\\bin\\bash.exe`, MSYS],
    true,
  ],
])('looks for Git Bash %s', (_where, env, files: readonly string[], isThere) => {
  expect(hasGitBash(env, (path) => files.includes(path))).toBe(isThere);
});
