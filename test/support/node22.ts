import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

const { status, stdout, stderr } = spawnSync(join(ROOT, 'scripts', 'fetch-client.sh'), ['node22'], {
  encoding: 'utf8',
});

/** A Node that has SQLite itself; undefined where it cannot be had. */
export const NODE22 = status === 0 ? stdout.trim() : undefined;

/** For the titles of tests that need it. */
export const WHY_SKIPPED = NODE22 === undefined ? ` (skipped: ${stderr.trim()})` : '';

/** Copies what runs `hookbus` to `place`, with better-sqlite3 as npm leaves it where it runs no install scripts. */
export function copyWithoutNativePart(place: string): string {
  for (const part of ['bin', 'dist', 'package.json']) {
    cpSync(join(ROOT, part), join(place, part), { recursive: true });
  }
  for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path']) {
    const modules = join('node_modules', name);
    cpSync(join(ROOT, modules), join(place, modules), {
      recursive: true,
      filter: (path) => !/better-sqlite3\/(?:build|deps|src)$/.test(path),
    });
  }
  return join(place, 'bin', 'hookbus.js');
}
