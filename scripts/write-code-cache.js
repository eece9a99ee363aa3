/*
 * Writes the code that V8 compiled while a bundle did its typical work. bin/hookbus.js loads it, so that a start does not
 * compile the bundle again. V8 does not notice spoiled code, nor that of another bundle of the same length, and crashes or
 * does something else; so the checksum of both is behind it. Run it from the root of the repository or package, with a bundle and its directory:
 *
 *   node scripts/write-code-cache.js run|main dist/new
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

const [name, directory] = process.argv.slice(2);
const file = resolve(directory, `${name}.cjs`);
const cache = resolve(directory, `${name}.cache`);
const home = mkdtempSync(join(tmpdir(), 'hookbus-build-'));
Object.assign(process.env, { HOOKBUS_ENABLED: '1', HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off' });
// Do not write to the home directory of the user.
delete process.env.HOME;

const source = readFileSync(file);
const script = new Script(Module.wrap(source.toString('latin1')), { filename: file });
const bundle = { exports: {} };
script.runInThisContext()(bundle.exports, Module.createRequire(file), bundle, file, dirname(file));
// A run exits when its hook has finished; by then V8 has compiled all that it needs.
process.on('exit', () => {
  const code = script.createCachedData();
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(code, crc32(source)));
  writeFileSync(`${cache}.new`, Buffer.concat([code, sum]));
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
