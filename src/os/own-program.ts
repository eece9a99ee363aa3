import { accessSync, constants, existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from './replace-file.ts';

/**
 * The words that start the command line itself: Node and the script, or the self-contained executable alone, which Node
 * reports as its script too.
 * @param script the file that Node runs now
 */
export function ownCommandLine(node: string, script: string): string[] {
  return isSelfContained(node, script) ? [node] : [node, script];
}

/** The launcher may be built here, or come with the package for one kind of machine. Windows has none. */
const LAUNCHERS =
  process.platform === 'win32' ? [] : ['hookbus', `hookbus-${process.platform}-${process.arch}`];

/**
 * The words that start this HookBus from anywhere, without PATH: the launcher beside the running script, or else
 * `ownCommandLine`.
 * @param script the file that Node runs now
 */
export function ownProgram(node: string, script: string): string[] {
  const real = realpathSync(isSelfContained(node, script) ? node : script);
  const launchers = LAUNCHERS.map((name) => join(dirname(real), name));
  const launcher = launchers.find(isExecutable);
  return launcher === undefined ? ownCommandLine(node, real) : [launcher];
}

/**
 * Writes Node's path to a file beside the launcher, which does not search PATH for Node when it starts a daemon. The file
 * may be missing or outdated: an installation without scripts never wrote it, and Node may have moved. If it cannot be
 * written, commands still ingest the records.
 * @param script the file that Node runs now
 */
export function saveNodePath(node: string, script: string): void {
  if (isSelfContained(node, script)) return;
  try {
    const directory = dirname(realpathSync(script));
    if (!LAUNCHERS.some((name) => isExecutable(join(directory, name)))) return;
    const path = join(directory, 'node-path');
    const text = `${realpathSync(node)}\n`;
    if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
    replaceFile(path, text, { mode: 0o644 });
  } catch {
    // The directory belongs to somebody else, as with a package for all users.
  }
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
