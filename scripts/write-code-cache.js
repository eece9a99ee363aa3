/*
 * Writes the code that V8 compiled for a bundle during its usual work. bin/hookbus.js loads it, so that no start has to
 * compile. Run it from the root of the repository or package, with the bundle's name and directory:
 *
 *   node scripts/write-code-cache.js run|main dist/new
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';

const [name, directory] = process.argv.slice(2);
const file = resolve(directory, `${name}.cjs`);
const cache = resolve(directory, `${name}.cache`);
const home = mkdtempSync(join(tmpdir(), 'hookbus-build-'));
Object.assign(process.env, { HOOKBUS_ENABLED: '1', HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off' });
// Writes nothing to the home of whoever builds.
delete process.env.HOME;

const script = new Script(Module.wrap(readFileSync(file, 'utf8')), { filename: file });
const bundle = { exports: {} };
script.runInThisContext()(bundle.exports, Module.createRequire(file), bundle, file, dirname(file));
// `run` exits when its hook has ended; by then everything that it needs is compiled.
process.on('exit', () => {
  writeFileSync(`${cache}.new`, script.createCachedData());
  renameSync(`${cache}.new`, cache);
  rmSync(home, { recursive: true, force: true });
});
if (name === 'run') {
  bundle.exports.run(['--name', 'build', '--', 'sh', '-c', 'echo "{}"; echo error >&2']);
} else {
  for (const words of [
    ['config', 'set', 'breaker.enabled', 'true'],
    ['status'],
    ['logs'],
    ['metrics'],
  ])
    await bundle.exports.main(words);
}
