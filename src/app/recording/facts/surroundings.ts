import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { workTreeOf } from '../../../agents/settings/agent-places.ts';
import type { Execution } from '../../../domain/execution.ts';
import type { Begin } from '../../../domain/record.ts';
import { scriptFile } from '../../../gates/hook-files.ts';
import { digestOf } from '../../../os/file-digest.ts';

/** What the disk says about an execution. */
export type Surroundings = Pick<Execution, 'project' | 'scriptDigest'>;

/**
 * Reads it, once for each directory and command: the executions of one ingest share the answers, and a later ingest
 * asks the disk again.
 */
export function createSurroundings(): (begin: Begin) => Surroundings {
  const projects = new Map<string, string>();
  const digests = new Map<string, string | undefined>();
  return (begin) => {
    const { cwd, argv, variables = [] } = begin;
    return {
      project: cwd === undefined ? undefined : remembered(projects, cwd, () => projectOf(cwd)),
      scriptDigest: remembered(digests, JSON.stringify([cwd, argv, variables]), () => {
        const file = findScript({ cwd, argv, variables });
        return file === undefined ? undefined : digestOf(file);
      }),
    };
  };
}

/** The script that a command runs, as a path; undefined if there is none. */
export const findScript = ({
  argv,
  cwd,
  variables,
}: {
  readonly argv: readonly string[];
  readonly cwd: string | undefined;
  readonly variables: readonly string[];
}): string | undefined => scriptFile(argv, cwd, expander(variables));

function remembered<T>(known: Map<string, T>, key: string, find: () => T): T {
  if (!known.has(key)) known.set(key, find());
  return known.get(key) as T;
}

/** The top of the git work tree that a directory is in; else the directory. */
export const projectOf = (cwd: string): string => workTreeOf(cwd) ?? cwd;

/** The word with these variables, each as `NAME=VALUE`, and the home directory expanded. */
export const expandWord = (word: string, variables: readonly string[]): string =>
  expander(variables)(word);

/** Expands the variables of the agent, and the home directory, in a word of a shell line. */
function expander(variables: readonly string[]): (word: string) => string {
  const values = new Map(
    variables.map((variable) => {
      const equals = variable.indexOf('=');
      return [variable.slice(0, equals), variable.slice(equals + 1)];
    }),
  );
  const home = homedir();
  if (isAbsolute(home) && !values.has('HOME')) values.set('HOME', home);
  return (word) =>
    word
      .replace(/^~(?=\/|$)/, values.get('HOME') ?? home)
      .replace(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g, (found, braced, bare) => {
        return values.get(braced ?? bare) ?? found;
      });
}
