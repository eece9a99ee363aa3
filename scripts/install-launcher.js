/*
 * npm runs this when it installs the package. It puts the launcher on PATH instead of the Node script, and compiles the
 * bundles for the installed Node. All of this is optional, so it never fails an installation.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { placeLauncher } from './place-launcher.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);

/** The scripts run the Node on PATH. */
const env = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
};

const succeeds = (command, ...words) =>
  spawnSync(command, words, { cwd: root, env, stdio: 'ignore', timeout: 120_000 }).status === 0;

/** The launcher that npm installed for this system: below this package or beside it. */
function ofPackage() {
  const name = join('@hookbus', `${process.platform}-${process.arch}`, 'bin', 'hookbus');
  return [at('node_modules', name), at('..', name)].find(existsSync);
}

/** Compiles a launcher where no package has one. */
function built() {
  const file = at('bin', '.hookbus.built');
  const words = ['scripts/build-launcher.sh', '--lenient', 'bin/.hookbus.built'];
  return succeeds('sh', ...words) && existsSync(file) ? file : undefined;
}

function whyNone() {
  const system = `${process.platform}-${process.arch}`;
  const cost = 'so each hook starts Node, which costs it tens of milliseconds instead of 1';
  const { optionalDependencies } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  return `@hookbus/${system}` in optionalDependencies
    ? `@hookbus/${system} is not installed, ${cost}. Install hookbus again without --omit=optional`
    : `there is no launcher for ${system}, ${cost}. Install a C compiler, then type: npm rebuild -g hookbus`;
}

function installLauncher() {
  if (process.platform === 'win32') return;
  try {
    const launcher = ofPackage() ?? built();
    if (launcher === undefined) {
      console.error(`hookbus: ${whyNone()}`);
      return;
    }
    placeLauncher(launcher, at('bin'));
  } finally {
    rmSync(at('bin', '.hookbus.built'), { force: true });
  }
  // Hooks must not find Node on PATH: a repository may have added a program there.
  const places = `${realpathSync(process.execPath)}\n${at('bin', 'hookbus.js')}\n`;
  writeFileSync(at('bin', 'node-path'), places, { mode: 0o644 });
  // A relative link, so that the package can be moved; replaced atomically, so that the command always exists.
  const link = at('bin', '.hookbus-command.new');
  rmSync(link, { force: true });
  symlinkSync('hookbus', link);
  renameSync(link, at('bin', 'hookbus-command'));
}

function compileBundles() {
  for (const name of ['run', 'main']) {
    // The cache may belong to another version of V8.
    rmSync(at('dist', `${name}.cache`), { force: true });
    succeeds(process.execPath, 'scripts/write-code-cache.js', name, 'dist');
  }
}

// In a checkout, make does this.
if (!existsSync(at('Makefile'))) {
  try {
    installLauncher();
    compileBundles();
  } catch (error) {
    console.error(`hookbus: ${error.message}. hookbus works through Node.`);
  }
}
