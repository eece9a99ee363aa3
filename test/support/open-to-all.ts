import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';

export const NOBODY = 65_534;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The files of a checkout that `hookbus` needs to run. */
const PARTS = [
  'bin',
  'dist',
  'package.json',
  ...['better-sqlite3', 'bindings', 'file-uri-to-path'].map((name) => join('node_modules', name)),
];

/** Whether every user can reach a file: root's home, for example, is closed to others. */
export function isOpenToAll(path: string): boolean {
  for (let place = dirname(path); place !== dirname(place); place = dirname(place)) {
    if ((statSync(place).mode & 0o001) === 0) return false;
  }
  return true;
}

/** Copies what `hookbus` needs to a directory. */
export function copyParts(place: string): void {
  for (const part of PARTS.filter((name) => existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(place, part)), { recursive: true });
    cpSync(join(ROOT, part), join(place, part), { recursive: true });
  }
}

/**
 * A command of this checkout that every user can start: unchanged if they can reach it, else with each of its programs
 * copied to `place`.
 * @param command absolute paths in the checkout, and Node
 * @param place a directory that every user can enter
 */
export function openToAll(command: readonly string[], place: string): string[] {
  if (command.every((word) => isOpenToAll(word))) return [...command];
  copyParts(place);
  return command.map((word) => {
    if (word.startsWith(ROOT)) return join(place, word.slice(ROOT.length));
    if (word !== execPath || isOpenToAll(word)) return word;
    cpSync(word, join(place, basename(word)));
    return join(place, basename(word));
  });
}
