import { basename, dirname, join } from 'node:path';
import { filesBelow, type HookSource, isFile, namesIn } from './hook-source.ts';

/** How deep agents and commands may lie in folders of their own. */
const DEPTH = 4;

/** Skills, commands and agents below a directory such as `.claude`, which may have hooks at the start of their text. */
export function frontmatterSources(directory: string, plugin?: string): HookSource[] {
  const named = (name: string): string => (plugin === undefined ? name : `${plugin}:${name}`);
  const skills = namesIn(join(directory, 'skills'))
    .map((name) => join(directory, 'skills', name, 'SKILL.md'))
    .filter(isFile)
    .map((path) => ({ source: 'skill' as const, owner: named(basename(dirname(path))), path }));
  const commands = textsBelow(join(directory, 'commands')).map((path) => ({
    source: 'skill' as const,
    owner: named(basename(path, '.md')),
    path,
  }));
  // Agents of plugins may not have hooks.
  const agents = plugin === undefined ? textsBelow(join(directory, 'agents')) : [];
  return [
    ...[...skills, ...commands],
    ...agents.map((path) => ({
      source: 'agent' as const,
      owner: named(basename(path, '.md')),
      path,
    })),
  ].map((source) => ({ ...source, form: 'frontmatter' as const }));
}

const textsBelow = (directory: string): string[] => filesBelow(directory, '.md', DEPTH);
