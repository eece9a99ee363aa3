#!/usr/bin/env node
'use strict';
// The hot path loads its own small bundle; `run --help` and all other commands are for people and load the other.
const { existsSync, readFileSync } = require('node:fs');
const { dirname, isAbsolute, join } = require('node:path');
const { Script } = require('node:vm');

const IS_WINDOWS = process.platform === 'win32';

/** The code behind which the checksum of both stands: V8 would run spoiled code, or that of another bundle. */
function codeFor(source, cache) {
  const { crc32 } = require('node:zlib');
  const code = cache.subarray(0, -4);
  return cache.readUInt32LE(code.length) === crc32(code, crc32(source)) ? code : undefined;
}

/**
 * Loads a bundle from dist/ with the code that V8 compiled when it was built. Another Node refuses that and compiles
 * anew, and without it this is a plain `require`.
 */
function load(name) {
  const file = join(__dirname, '..', 'dist', `${name}.cjs`);
  let source;
  let cachedData;
  try {
    source = readFileSync(file);
    cachedData = codeFor(source, readFileSync(join(__dirname, '..', 'dist', `${name}.cache`)));
  } catch {}
  if (cachedData === undefined) return require(file);
  // Wrapped as scripts/write-code-cache.js and Node's own `require` do it. A bundle is pure ASCII.
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) { ${source.latin1Slice()}\n});`,
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

/** What is to run, of the words behind `run`. */
function commandOf(words) {
  const end = words.indexOf('--');
  if (end >= 0) return words.slice(end + 1);
  const at = words.findIndex((word) => /^--shell(?:=|$)/.test(word));
  const line = words[at] === '--shell' ? words[at + 1] : words[at]?.slice('--shell='.length);
  return line === undefined ? [] : [IS_WINDOWS ? 'sh' : '/bin/sh', '-c', line];
}

/** Starts a command. Windows starts only programs, so what it cannot start is for the shell of Git. */
function start(program, rest) {
  const { spawnSync } = require('node:child_process');
  const run = (file, words) => spawnSync(file, words, { stdio: 'inherit', windowsHide: true });
  if (!IS_WINDOWS) return run(program, rest);
  // The system's own bash starts another system, Linux. A path as in Git Bash leads nowhere.
  const name = /^(?:\/(?:usr\/)?bin\/)?((?:ba)?sh)$/.exec(program)?.[1];
  const shell = findOnPath(`${name ?? 'sh'}.exe`);
  if (name !== undefined && shell !== undefined) return run(shell, rest);
  const ended = run(program, rest);
  if (ended.error === undefined || shell === undefined) return ended;
  return run(shell, ['-c', ' exec "$0" "$@"', program, ...rest]);
}

function findOnPath(name) {
  const directories = (process.env.PATH ?? '').split(';');
  return directories
    .filter((directory) => isAbsolute(directory) && !/[\\/]system32[\\/]?$/i.test(directory))
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path));
}

/** Where the bundle is missing or broken, as an update that was interrupted leaves it: the command alone. */
function runBare(words) {
  const [program, ...rest] = commandOf(words);
  if (program === undefined) throw new Error('expected a command behind --, and a bundle in dist/');
  const { status, signal, error } = start(program, rest);
  if (error !== undefined) {
    process.stderr.write(`hookbus: ${program}: ${error.message}\n`);
    process.exitCode = error.code === 'ENOENT' ? 127 : 126;
    return;
  }
  // Of a signal that this process does not die by, what a shell would say.
  process.exitCode = status ?? 128 + require('node:os').constants.signals[signal];
  if (signal !== null) process.kill(process.pid, signal);
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
