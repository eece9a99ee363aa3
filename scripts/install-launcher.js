/*
 * npm runs this when it installs the package. It compiles the launcher, puts it on PATH in place of the Node script, and
 * lets V8 compile the bundles for the current Node. None of this is required, so no failure here fails the installation:
 * without it, hookbus works through Node.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { placeLauncher, tryLauncher } from './place-launcher.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);

/** The interpreter line uses the Node that is on PATH. */
const env = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
};

const succeeds = (command, ...words) =>
  spawnSync(command, words, { cwd: root, env, stdio: 'ignore', timeout: 120_000 }).status === 0;

/** The launcher that was built here, or else one from the package for this kind of machine; it must run hooks. */
function findLauncher() {
  const built = '.hookbus.built';
  try {
    if (
      succeeds('sh', 'scripts/build-launcher.sh', '--lenient', `bin/${built}`) &&
      existsSync(at('bin', built))
    ) {
      placeLauncher(at('bin', built), at('bin'));
      return 'hookbus';
    }
  } catch (error) {
    console.error(`hookbus: ${error.message}`);
  } finally {
    rmSync(at('bin', built), { force: true });
  }
  const ofPackage = `hookbus-${process.platform}-${process.arch}`;
  if (!existsSync(at('bin', ofPackage))) return undefined;
  tryLauncher(at('bin', ofPackage));
  return ofPackage;
}

function installLauncher() {
  if (process.platform === 'win32') return;
  const launcher = findLauncher();
  if (launcher === undefined) {
    console.error(
      'hookbus: the launcher was not built; it needs a C compiler. hookbus works through Node, which costs each hook some 70 ms instead of 1.',
    );
    return;
  }
  // Nothing that a hook waits for is looked up on PATH, where a repository may have put something.
  writeFileSync(at('bin', 'node-path'), `${realpathSync(process.execPath)}\n`, { mode: 0o644 });
  // A relative link, so that the package can be moved; replaced in one step, so that the command always exists.
  const link = at('bin', '.hookbus-command.new');
  rmSync(link, { force: true });
  symlinkSync(launcher, link);
  renameSync(link, at('bin', 'hookbus-command'));
}

function compileBundles() {
  for (const name of ['run', 'main']) {
    // It belongs to another version of V8, which would refuse it.
    rmSync(at('dist', `${name}.cache`), { force: true });
    succeeds(process.execPath, 'scripts/write-code-cache.js', name, 'dist');
  }
}

// In a checkout, make does all of this.
if (!existsSync(at('Makefile'))) {
  try {
    installLauncher();
    compileBundles();
  } catch (error) {
    console.error(`hookbus: ${error.message}. It works through Node all the same.`);
  }
}
