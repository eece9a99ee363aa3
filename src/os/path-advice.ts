import { realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shellWord } from '../domain/hook/shell-word.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The line that puts this HookBus on PATH, for sh, zsh and fish. Where a link to it exists already, only its directory is
 * missing.
 * @param program the launcher or the script
 */
export function pathAdvice(program: string, env: Environment): string {
  const home = env['HOME'] ?? '';
  const own = join(home, '.local', 'bin');
  // `PREFIX/bin/hookbus` leads to `PREFIX/lib/hookbus/bin/hookbus`.
  const directories = [join(dirname(program), '..', '..', '..', 'bin'), own, '/usr/local/bin'];
  const linked = directories.find((path) => isSame(join(path, 'hookbus'), program));
  if (linked !== undefined) return addition(linked, home);
  const link = `mkdir -p ~/.local/bin && ln -sf ${shellWord(program)} ~/.local/bin/hookbus`;
  const isOnPath = (env['PATH'] ?? '').split(':').includes(own);
  return isOnPath ? link : `${link} && ${addition(own, home)}`;
}

function addition(directory: string, home: string): string {
  const isBelow = home !== '' && directory.startsWith(`${home}/`);
  const shown = isBelow ? `$HOME${directory.slice(home.length)}` : directory;
  return /^[\w$./+@%,=-]+$/.test(shown)
    ? `export PATH="${shown}:$PATH"`
    : `export PATH=${shellWord(directory)}:"$PATH"`;
}

/** The launcher, its script and the npm command lie in one directory. */
function isSame(one: string, other: string): boolean {
  try {
    return statSync(one).isFile() && dirname(realpathSync(one)) === dirname(realpathSync(other));
  } catch {
    return false;
  }
}
