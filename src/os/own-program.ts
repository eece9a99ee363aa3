import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
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

/**
 * Writes Node's path beside the launcher, which looks for none on PATH to start a daemon: where its installation ran no
 * script nobody has told it yet, and what was built into it may have moved. Where that cannot be written, commands still
 * take records in.
 * @param script what Node runs now
 */
export function tellLauncherOfNode(node: string, script: string): void {
  if (isSelfContained(node, script)) return;
  try {
    const directory = dirname(realpathSync(script));
    if (!LAUNCHERS.some((name) => isExecutable(join(directory, name)))) return;
    const path = join(directory, 'node-path');
    const text = `${realpathSync(node)}\n`;
    if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
    const temporary = `${path}.${process.pid}.new`;
    writeFileSync(temporary, text, { mode: 0o644, flag: 'wx' });
    renameSync(temporary, path);
  } catch {
    // It belongs to somebody else, as a package for all users does.
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
