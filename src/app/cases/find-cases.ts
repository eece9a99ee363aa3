import { type Dirent, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { reasonOf } from '../../domain/errors.ts';
import { readBounded } from '../../os/read-bounded.ts';
import type { CaseProblem, HookCase } from './hook-case.ts';
import { readCases } from './read-cases.ts';

/** Where cases are, unless the user names another place. */
export const CASES = join('.hookbus', 'cases');

/** A payload may hold whole files. */
const MAX_BYTES = 64 * 1024 * 1024;

export interface FoundCases {
  readonly files: number;
  readonly cases: readonly HookCase[];
  readonly problems: readonly CaseProblem[];
}

/** The cases of a directory, in the order of their paths, or those of one file. @throws if it is neither */
export function findCases(path: string): FoundCases {
  const root = realpathSync(path);
  const isFile = !lstatSync(root).isDirectory();
  const found = isFile ? [readFile(path)] : [...filesIn(path, root)];
  return {
    files: found.length,
    cases: found.flatMap(({ cases }) => cases),
    problems: found.flatMap(({ problems }) => problems),
  };
}

type Read = ReturnType<typeof readCases>;

/** Every `.json` below a directory; whatever else has that ending is a problem, so that no case is missed in silence. */
function* filesIn(directory: string, root: string): Generator<Read> {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    yield refused(directory, reasonOf(error));
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesIn(path, root);
    else if (entry.isSymbolicLink()) yield* linked(path, root);
    else if (entry.name.endsWith('.json')) yield readFile(path);
  }
}

/** A link may lead to another case, but not out of the directory: anybody may have written it. */
function* linked(path: string, root: string): Generator<Read> {
  try {
    const target = realpathSync(path);
    const isInside = target.startsWith(root + sep);
    const isDirectory = lstatSync(target).isDirectory();
    if (isInside && isDirectory) return;
    if (isDirectory || path.endsWith('.json')) {
      yield isInside ? readFile(path) : refused(path, 'it is a link out of the directory of cases');
    }
  } catch (error) {
    yield refused(path, reasonOf(error));
  }
}

function readFile(path: string): Read {
  try {
    return readCases(path, readBounded(path, MAX_BYTES));
  } catch (error) {
    return refused(path, reasonOf(error));
  }
}

const refused = (path: string, reason: string): Read => ({
  cases: [],
  problems: [{ place: { path, line: 1, column: 1 }, reason }],
});
