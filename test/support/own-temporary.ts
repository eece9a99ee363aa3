/*
 * For vitest: makes all tests keep their files in one temporary directory, which is removed at the end. Socket paths are
 * short, so its name is short too.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { env } from 'node:process';

let place: string | undefined;

export function setup(): void {
  // vitest calls this once for each project.
  if (basename(tmpdir()).startsWith('hb-')) return;
  place = mkdtempSync(join(tmpdir(), 'hb-'));
  // Some tests run as another user.
  chmodSync(place, 0o755);
  env['TMPDIR'] = place;
}

export function teardown(): void {
  if (place !== undefined) rmSync(place, { recursive: true, force: true, maxRetries: 5 });
}
