import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Places } from '../../agents/settings/agent-settings.ts';
import { certainScript, certainScriptOf } from '../../domain/hook/script-path.ts';
import type { KnownHook } from './merge-listing.ts';

/** The variables that agents set to the directory of the project. */
const PROJECT = /^\$\{?(?:CLAUDE|GEMINI|COPILOT|QWEN|FACTORY)_PROJECT_DIR\}?(?=\/)/;
const HOME = /^(?:~|\$\{?HOME\}?)(?=\/)/;

/** The script of a hook, as it stands in its file, if it certainly does not exist. */
export function missingScript(hook: KnownHook, places: Places): string | undefined {
  const { kind, original, isRecorded, command, args, source } = hook;
  if (kind === 'other') return undefined;
  const isBareProgram = kind === 'program' && !isRecorded;
  const word = isBareProgram ? certainScriptOf([command, ...args]) : certainScript(original);
  // A name without a directory is looked for on the agent's PATH.
  if (word === undefined || !word.includes('/')) return undefined;
  // Copilot has a field for the directory.
  const isProjects = (source === 'project' || source === 'local') && hook.agent !== 'copilot';
  const paths = pathsOf(word, places, isProjects);
  return paths.length > 0 && paths.every(isMissing) ? word : undefined;
}

/** Where the script may be; none if that is not certain. */
function pathsOf(word: string, { home, cwd, projectRoot }: Places, isProjects: boolean): string[] {
  const projects = [...new Set([projectRoot, cwd])];
  const rest = word.replace(PROJECT, '').replace(HOME, '');
  if (/[$`*?[\]{}~\\]/.test(rest)) return [];
  if (PROJECT.test(word)) return projects.map((project) => join(project, rest));
  if (HOME.test(word)) return home === undefined ? [] : [join(home, rest)];
  // Git Bash has directories of its own, such as /c.
  if (process.platform === 'win32' && /^(?:\/|[A-Za-z]:)/.test(word)) return [];
  if (word.startsWith('/')) return [word];
  // A hook of the user runs in every project.
  return isProjects ? projects.map((project) => join(project, word)) : [];
}

function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    // It may exist where this user may not look.
    return false;
  }
}
