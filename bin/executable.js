'use strict';
/*
 * The entry of the self-contained executable, in place of hookbus.js: the same bundles, out of the executable itself.
 * `make dist` puts them there (scripts/build-executable.js).
 */
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { homedir, tmpdir } = require('node:os');
const { dirname, join } = require('node:path');
const { getRawAsset } = require('node:sea');
const { Script } = require('node:vm');

const asset = (name) => Buffer.from(getRawAsset(name));

/** A bundle; with the code that V8 compiled when it was built, as hookbus.js loads it. */
function load(name, cache) {
  // The checksum behind the code is for files, which an update may leave half written.
  const cachedData = cache?.subarray(0, -4);
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) { ${asset(`${name}.cjs`).latin1Slice()}\n});`,
    { filename: join(__dirname, `${name}.cjs`), cachedData },
  );
  const bundle = { exports: {} };
  script.runInThisContext()(bundle.exports, requireIn, bundle, __filename, __dirname);
  return bundle.exports;
}

let sqlite;

/** What a bundle does not have in it: Node's own modules, the one with the native part, and bundles loaded on demand. */
function requireIn(name) {
  if (/^\.\/.*\.cjs$/.test(name)) return load(name.slice(2, -4));
  if (name !== 'better-sqlite3') return require(name);
  // Too small to have any code compiled before.
  sqlite ??= load('better-sqlite3');
  return sqlite;
}

let addon;

/**
 * The native part. The system loads code from files only, so it becomes one: in a directory that nobody else can write
 * to, and gone as soon as it is loaded, so that there is none to keep private, up to date or to clean away.
 */
globalThis[Symbol.for('hookbus.addon')] = () => {
  if (addon !== undefined) return addon.exports;
  let reason;
  // Some are mounted so that nothing in them is executed, and some are full.
  for (const place of [tmpdir(), '/var/tmp', '/dev/shm', homedir(), dirname(process.execPath)]) {
    let directory;
    try {
      directory = mkdtempSync(join(place, '.hookbus-'));
      const file = join(directory, 'better_sqlite3.node');
      writeFileSync(file, asset('better_sqlite3.node'), { mode: 0o600 });
      const loaded = { exports: {} };
      process.dlopen(loaded, file);
      addon = loaded;
      return addon.exports;
    } catch (error) {
      reason = error;
    } finally {
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    }
  }
  throw reason;
};

const words = process.argv.slice(2);
const isRun = words[0] === 'run' && !(words.length === 2 && /^(?:--help|-h)$/.test(words[1]));
if (isRun) load('run', asset('run.cache')).run(words.slice(1));
else if (words[0] === 'claim') load('run', asset('run.cache')).claim();
else load('main', asset('main.cache')).main(words);
