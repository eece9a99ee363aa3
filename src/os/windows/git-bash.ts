import { existsSync } from 'node:fs';
import { win32 } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where Claude Code looks when nothing else says it. */
const USUAL = ['C:\\Program Files', 'C:\\Program Files (x86)'].map(
  (directory) => `${directory}\\Git\\bin\\bash.exe`,
);

/** Whether Claude Code finds the bash of Git on Windows: it looks in these places, in this order. */
export function hasGitBash(env: Environment, exists: (path: string) => boolean = existsSync) {
  const named = env['CLAUDE_CODE_GIT_BASH_PATH'] ?? '';
  const isShell = /^(?:ba)?sh(?:\.exe)?$/i.test(win32.basename(named));
  const besideGit = (env['PATH'] ?? env['Path'] ?? '')
    .split(';')
    .filter((directory) => win32.isAbsolute(directory))
    .filter((directory) => exists(win32.join(directory, 'git.exe')))
    .slice(0, 1)
    .map((directory) => win32.join(directory, '..', 'bin', 'bash.exe'));
  const found = [...(isShell ? [named] : []), ...USUAL, ...besideGit].find(exists);
  return found !== undefined && isOfMsys(win32.dirname(found), exists);
}

/** Other shells read a line otherwise. `Git\bin\bash.exe` only starts the one in `Git\usr\bin`. */
const isOfMsys = (directory: string, exists: (path: string) => boolean): boolean =>
  [directory, win32.join(directory, '..', 'usr', 'bin')].some((place) =>
    exists(win32.join(place, 'msys-2.0.dll')),
  );
