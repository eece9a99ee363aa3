import { type BigIntStats, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { GuardFacts } from '../domain/dedupe-key.ts';
import { scriptWords } from '../domain/hook-name.ts';

/** Where a program is looked for without PATH, as the launcher has it. */
const DEFAULT_PATH = '/bin:/usr/bin';

/** What runs, with the identity of its program and its scripts. */
export function guardFacts(
  argv: readonly string[],
  cwd: string | undefined,
  path: string | undefined,
): GuardFacts {
  const files = (): string[] => {
    if (cwd === undefined) return [];
    const [program = ''] = argv;
    const words = [program, ...scriptWords(argv).filter((word) => word !== program)];
    return words.map((word) => identityOf(find(word, cwd, path ?? DEFAULT_PATH, word !== program)));
  };
  return { argv, ...(cwd === undefined ? {} : { cwd }), files };
}

/** As a shell finds a program; a script may also lie in the directory. */
function find(word: string, cwd: string, path: string, isScript: boolean): BigIntStats | undefined {
  if (word.includes('/')) return fileAt(resolve(cwd, word));
  const here = isScript ? fileAt(join(cwd, word)) : undefined;
  if (here !== undefined) return here;
  for (const place of path.split(':')) {
    const found = fileAt(isAbsolute(place) ? join(place, word) : resolve(cwd, place, word));
    if (found !== undefined) return found;
  }
  return undefined;
}

function fileAt(path: string): BigIntStats | undefined {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats?.isFile() === true ? stats : undefined;
  } catch {
    return undefined;
  }
}

/** Empty where there is no such file. */
const identityOf = (stats: BigIntStats | undefined): string =>
  stats === undefined ? '' : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
