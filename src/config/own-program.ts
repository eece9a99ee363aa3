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

/** The launcher may be built here, or come with the package for machines of one kind. */
const LAUNCHERS = ['hookbus', `hookbus-${process.platform}-${process.arch}`];

/**
 * The words that start this HookBus from anywhere, without PATH: the launcher, which is beside what runs now, or what
 * `ownCommandLine` says where there is none.
 * @param script what Node runs now
 */
export function ownProgram(node: string, script: string): string[] {
  const real = realpathSync(isSelfContained(node, script) ? node : script);
  const launchers = LAUNCHERS.map((name) => join(dirname(real), name));
  const launcher = launchers.find(isExecutable);
  return launcher === undefined ? ownCommandLine(node, real) : [launcher];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isSelfContained(node: string, script: string): boolean {
  return script === node;
}
