import { type BigIntStats, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { pathWords } from '../domain/hook/hook-name.ts';
import type { GuardFacts } from '../domain/key/dedupe-key.ts';

/** The search path without PATH; the launcher has the same. */
const DEFAULT_PATH = '/bin:/usr/bin';

/** What runs, with the identities of its program and scripts, as far as they are found. */
export function guardFacts(
  argv: readonly string[],
  cwd: string | undefined,
  path = DEFAULT_PATH,
): GuardFacts {
  if (cwd === undefined) return { argv, files: () => [] };
  const files = (): string[] => {
    const [program = ''] = argv;
    const { scripts, others } = pathWords(argv);
    const found = [
      find(program, cwd, path, false),
      ...scripts.map((word) => find(word, cwd, path, true)),
      firstProgram(others, cwd, path),
    ];
    return found.map(identityOf);
  };
  return { argv, cwd, files };
}

/**
 * The script that a command runs, as a path: its first word with the extension of a script, else a program that the
 * command names by its path. Undefined if there is none, as where a program of the system is called by its name.
 * @param expand expands the variables in a word
 */
export function scriptFile(
  argv: readonly string[],
  cwd: string | undefined,
  expand: (word: string) => string,
): string | undefined {
  const { scripts, others } = pathWords(argv);
  const directories = [
    ...(cwd === undefined ? [] : [cwd]),
    ...others.map(expand).filter(isAbsolute).slice(0, MAX_DIRECTORIES),
  ];
  const find = (words: readonly string[], isFit: (stats: BigIntStats) => boolean) => {
    for (const word of words.slice(0, MAX_WORDS).map(expand)) {
      const paths = isAbsolute(word) ? [word] : directories.map((place) => join(place, word));
      const found = paths.find((path) => {
        const stats = fileAt(path);
        return stats !== undefined && isFit(stats);
      });
      if (found !== undefined) return found;
    }
    return undefined;
  };
  // Another path may be a file that the hook writes, such as a log.
  const programs = others.filter((word) => word.includes('/'));
  return find(scripts, () => true) ?? find(programs, ({ mode }) => (mode & EXECUTABLE) !== 0n);
}

/** A hook may get the names of thousands of files; what runs is among the first words. */
const MAX_WORDS = 50;

/** Of these, `cd DIRECTORY && SCRIPT` needs one. */
const MAX_DIRECTORIES = 5;

/** Interpreters usually run the first word; a later one may be a file that the hook writes. */
function firstProgram(
  words: readonly string[],
  cwd: string,
  path: string,
): BigIntStats | undefined {
  for (const [index, word] of words.entries()) {
    const found = find(word, cwd, path, true);
    if (found !== undefined && (index === 0 || (found.mode & EXECUTABLE) !== 0n)) return found;
  }
  return undefined;
}

const EXECUTABLE = 0o111n;

/** Finds a program as a shell does; a script may also be in the working directory. */
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

/** Empty if there is no such file. */
const identityOf = (stats: BigIntStats | undefined): string =>
  stats === undefined ? '' : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
