import { statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { workTreeOf } from '../../agents/settings/agent-places.ts';
import type { Environment } from '../../config/settings.ts';
import { scriptOf } from '../../domain/hook/hook-name.ts';
import type { LogRow } from '../../store/columns.ts';

/**
 * Whether a directory is in the same work tree as `here`. If `here` is in none: whether the directory is below `here`.
 */
export function isHere(directory: string, here: string): boolean {
  const tree = workTreeOf(here);
  if (tree !== undefined) return workTreeOf(directory) === tree;
  const isBelow = directory === here || directory.startsWith(here === sep ? sep : here + sep);
  return isBelow && workTreeOf(directory) === undefined;
}

/**
 * The script of a recorded command, if it was modified after the execution: a replay then runs something else.
 * Undefined if unknown.
 */
export function findChangedScript(
  { command, cwd, created_at }: LogRow,
  env: Environment,
): string | undefined {
  if (cwd === null) return undefined;
  try {
    const path = resolve(cwd, expand(scriptOf([], command), cwd, env));
    const stat = statSync(path);
    return stat.isFile() && stat.mtimeMs > Date.parse(created_at) ? path : undefined;
  } catch {
    // It is not a path, or the file cannot be read.
    return undefined;
  }
}

/** Expands the variables that hook commands commonly start with, as a shell would. */
function expand(word: string, cwd: string, env: Environment): string {
  const [place = '', name] = /^(?:~|\$\{?(\w+)\}?)(?=\/)/.exec(word) ?? [];
  const isHome = place === '~' || name === 'HOME';
  const directory = isHome ? env['HOME'] || undefined : (workTreeOf(cwd) ?? cwd);
  const isKnown = isHome || name === 'CLAUDE_PROJECT_DIR';
  return isKnown && directory !== undefined ? directory + word.slice(place.length) : word;
}
