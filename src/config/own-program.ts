import { accessSync, constants, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The words that start the command line itself: Node and the script; the self-contained executable alone, which Node
 * takes for its script too.
 * @param script what Node runs now
 */
export function ownCommandLine(node: string, script: string): string[] {
  return isSelfContained(node, script) ? [node] : [node, script];
}

/**
 * The words that start this HookBus from anywhere, without PATH: the launcher, which is beside what runs now, or what
 * `ownCommandLine` says where none was built.
 * @param script what Node runs now
 */
export function ownProgram(node: string, script: string): string[] {
  const real = realpathSync(isSelfContained(node, script) ? node : script);
  const launcher = join(dirname(real), 'hookbus');
  try {
    accessSync(launcher, constants.X_OK);
    return [launcher];
  } catch {
    return ownCommandLine(node, real);
  }
}

function isSelfContained(node: string, script: string): boolean {
  return script === node;
}
