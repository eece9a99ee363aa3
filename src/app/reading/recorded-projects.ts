import { realpathSync } from 'node:fs';
import { redactText } from '../../redaction/redaction.ts';
import { projectOf } from '../recording/facts/surroundings.ts';

/**
 * The project of a directory, as executions in it are recorded: agents give the directory itself or its real path, and
 * secrets in it are replaced. A directory that does not exist (any more) stands for itself.
 */
export function recordedProjects(directory: string): string[] {
  const real = realPath(directory);
  const projects = real === undefined ? [directory] : [projectOf(directory), projectOf(real)];
  return [...new Set(projects.flatMap((project) => [project, redactText(project)]))];
}

function realPath(directory: string): string | undefined {
  try {
    return realpathSync(directory);
  } catch {
    return undefined;
  }
}
