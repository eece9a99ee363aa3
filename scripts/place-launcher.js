/*
 * Replaces a launcher that hooks may be starting at this moment:
 *
 *   node place-launcher.js NEW DIRECTORY     the link DIRECTORY/hookbus then leads to NEW
 *
 * NEW gets a unique name there, its bytes are flushed, and it runs two hooks that do nothing. Only then the link is
 * switched, in one step. If any of this fails, the old launcher stays.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version;

function flush(path) {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Runs hooks with exit codes 0 and 3, recorded and not. @throws if one of them ends differently */
export function tryLauncher(launcher) {
  const home = mkdtempSync(join(tmpdir(), 'hookbus-try-'));
  try {
    for (const enabled of ['0', '1'])
      for (const code of [0, 3]) {
        const env = {
          HOOKBUS_ENABLED: enabled,
          HOOKBUS_DAEMON: 'off',
          HOOKBUS_HOME: home,
          PATH: '/usr/bin:/bin',
        };
        const words = ['run', '--', '/bin/sh', '-c', `exit ${code}`];
        const { status, error, signal } = spawnSync(launcher, words, {
          env,
          stdio: 'ignore',
          timeout: 20_000,
        });
        if (status !== code) {
          const said =
            error?.message ?? (signal === null ? `exit code ${status}` : `killed by ${signal}`);
          throw new Error(`the new launcher does not run a hook (${said}), so the old one stays`);
        }
      }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** @returns the name of the link's target */
export function placeLauncher(file, directory) {
  const name = `hookbus-${VERSION}`;
  const [next, link] = ['.hookbus.next', '.hookbus.link'].map((part) => join(directory, part));
  try {
    copyFileSync(file, next);
    flush(next);
    tryLauncher(next);
    // Running launchers keep their file, whatever its name was.
    renameSync(next, join(directory, name));
    rmSync(link, { force: true });
    symlinkSync(name, link);
    renameSync(link, join(directory, 'hookbus'));
    flush(directory);
  } finally {
    rmSync(next, { force: true });
    rmSync(link, { force: true });
  }
  for (const other of readdirSync(directory))
    if (/^hookbus-\d+\.\d+\.\d+/.test(other) && other !== name) rmSync(join(directory, other));
  return name;
}

if (
  process.argv[1] !== undefined &&
  basename(process.argv[1]) === basename(fileURLToPath(import.meta.url))
) {
  const [file, directory] = process.argv.slice(2);
  try {
    placeLauncher(file, directory);
  } catch (error) {
    console.error(`hookbus: ${error.message}`);
    process.exitCode = 1;
  }
}
