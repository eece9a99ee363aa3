/*
 * Writes dist/new/run.cache: what V8 compiled of dist/new/run.cjs while it ran a hook. bin/hookbus.js loads it, which
 * spares every run the compilation. To be run from the root of the repository: make build
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';

const file = resolve('dist/new/run.cjs');
const home = mkdtempSync(join(tmpdir(), 'hookbus-build-'));
Object.assign(process.env, { HOOKBUS_ENABLED: '1', HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off' });

const script = new Script(Module.wrap(readFileSync(file, 'utf8')), { filename: file });
const bundle = { exports: {} };
script.runInThisContext()(bundle.exports, Module.createRequire(file), bundle, file, dirname(file));
// The run ends the process when its hook has ended; by then all that a run needs is compiled.
process.on('exit', () => {
  writeFileSync(file.replace(/cjs$/, 'cache'), script.createCachedData());
  rmSync(home, { recursive: true, force: true });
});
bundle.exports.run(['--name', 'build', '--', 'sh', '-c', 'echo "{}"; echo error >&2']);
