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
  // What a bundle loads when it needs it is beside it in dist/; the one of the hot path mostly has all it needs.
  let requireBeside;
  const requireIn = (wanted) => {
    if (name === 'run' && !wanted.startsWith('./')) return require(wanted);
    requireBeside ??= require('node:module').createRequire(file);
    return requireBeside(wanted);
  };
  script.runInThisContext()(bundle.exports, requireIn, bundle, file, dirname(file));
  return bundle.exports;
}

/** Where the bundle is missing or broken, as an update that was interrupted leaves it: the command alone. */
function runBare(words) {
  const [program, ...rest] = words.slice(words.indexOf('--') + 1);
  if (!words.includes('--') || program === undefined) throw new Error('hookbus: dist/ is broken');
  const { spawnSync } = require('node:child_process');
  const { status, signal, error } = spawnSync(program, rest, { stdio: 'inherit' });
  if (signal !== null) process.kill(process.pid, signal);
  if (error !== undefined) process.stderr.write(`hookbus: ${program}: ${error.message}\n`);
  process.exitCode = status ?? (error.code === 'ENOENT' ? 127 : 126);
}

/** @returns undefined where it cannot be loaded */
function loadRun() {
  try {
    const { run } = load('run');
    return typeof run === 'function' ? run : undefined;
  } catch {
    return undefined;
  }
}

const words = process.argv.slice(2);
const isRun = words[0] === 'run' && !(words.length === 2 && /^(?:--help|-h)$/.test(words[1]));
if (isRun) (loadRun() ?? runBare)(words.slice(1));
else if (words[0] === 'claim') load('run').claim();
else load('main').main(words);
