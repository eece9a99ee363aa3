import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from './replace-file.ts';

/** The words that start the command line itself. @param script the file that Node runs now */
export const ownCommandLine = (node: string, script: string): string[] => [node, script];

/** The package with the launcher for this system; for a system without one, nothing has this name. */
export const LAUNCHER_PACKAGE = `@hookbus/${process.platform}-${process.arch}`;

/**
 * The words that start this HookBus from anywhere, without PATH: the launcher, built here or from its package, or else
 * `ownCommandLine`.
 * @param script the file that Node runs now
 */
export function ownProgram(node: string, script: string): string[] {
  const real = realpathSync(script);
  const launcher = findLauncher(real);
  return launcher === undefined ? ownCommandLine(node, real) : [launcher];
}

/** npm puts the package below this one or beside it, pnpm beside it; no variable may name another place. */
function findLauncher(script: string): string | undefined {
  // A checkout that is shared with Linux has its launcher, which Windows cannot start.
  if (process.platform === 'win32') return undefined;
  const bin = dirname(script);
  const ofPackage = join(LAUNCHER_PACKAGE, 'bin', 'hookbus');
  const places = [
    join(bin, 'hookbus'),
    join(bin, '..', 'node_modules', ofPackage),
    join(bin, '..', '..', ofPackage),
  ];
  const found = places.find(isExecutable);
  // The name beside the script stays when an update changes what it links to.
  return found === places[0] || found === undefined ? found : realpathSync(found);
}

/** Whether npx runs a copy that it keeps for a while. Settings must not name it. */
export const isOfNpx = (script: string): boolean => /[\\/]_npx[\\/]/.test(realpathSync(script));

/**
 * Writes the paths of Node and the script to a file beside the launcher, which does not search PATH for Node when it starts
 * a daemon. The file may be missing or outdated: an installation without scripts never wrote it, and Node may have moved.
 * Where the directory belongs to somebody else, as with a package for all users, `home` gets the file. If neither can be
 * written, commands still ingest the records.
 * @param script the file that Node runs now
 * @param home the default state directory
 */
export function saveNodePath(node: string, script: string, home: string | undefined): void {
  const launcher = findLauncher(realpathSync(script));
  if (launcher === undefined) return;
  const text = `${realpathSync(node)}\n${join(dirname(realpathSync(script)), 'hookbus.js')}\n`;
  if (!write(dirname(launcher), text) && home !== undefined) write(home, text);
}

/** False if the launcher would not trust the file there, or does not find it. */
function write(directory: string, text: string): boolean {
  const path = join(directory, 'node-path');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (existsSync(path) && readFileSync(path, 'utf8') === text) return true;
    const user = process.geteuid?.();
    if (user !== 0 && lstatSync(directory).uid !== user) return false;
    replaceFile(path, text, { mode: 0o644 });
    return true;
  } catch {
    return false;
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
