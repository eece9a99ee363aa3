#!/usr/bin/env node
'use strict';
// The hot path loads its own small bundle; `run --help` and all other commands are for people and load the other.
const { readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

/**
 * Loads a bundle from dist/ with the code that V8 compiled when it was built. Another Node refuses that and compiles
 * anew, and without it this is a plain `require`.
 */
function load(name) {
  const file = join(__dirname, '..', 'dist', `${name}.cjs`);
  let cachedData;
  try {
    cachedData = readFileSync(join(__dirname, '..', 'dist', `${name}.cache`));
  } catch {
    return require(file);
  }
  // Wrapped as scripts/write-code-cache.js and Node's own `require` do it. A bundle is pure ASCII.
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) { ${readFileSync(file, 'latin1')}\n});`,
    { filename: file, cachedData },
  );
  const bundle = { exports: {} };
  // What a bundle loads when it needs it is beside it in dist/; the one of the hot path has all it needs.
  const requireIn = name === 'run' ? require : require('node:module').createRequire(file);
  script.runInThisContext()(bundle.exports, requireIn, bundle, file, dirname(file));
  return bundle.exports;
}

const words = process.argv.slice(2);
const isRun = words[0] === 'run' && !(words.length === 2 && /^(?:--help|-h)$/.test(words[1]));
if (isRun) load('run').run(words.slice(1));
else if (words[0] === 'claim') load('run').claim();
else load('main').main(words);
