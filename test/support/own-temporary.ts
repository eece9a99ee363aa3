/*
 * For vitest: has all tests keep their files in one temporary directory, which is gone when they have ended. Socket paths
 * are short, so its name is.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { env } from 'node:process';

let place: string | undefined;

export function setup(): void {
  // vitest asks once for each project.
  if (basename(tmpdir()).startsWith('hb-')) return;
  place = mkdtempSync(join(tmpdir(), 'hb-'));
  // Some tests become another user.
  chmodSync(place, 0o755);
  env['TMPDIR'] = place;
}

export function teardown(): void {
  if (place !== undefined) rmSync(place, { recursive: true, force: true, maxRetries: 5 });
}
