import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

/** A compiled C program from this folder, or the reason why it could not be compiled. Gone once the tests are done. */
export function compiled(
  name: string,
  ...flags: readonly string[]
): { readonly path: string } | string {
  const source = fileURLToPath(new URL(`programs/${name}.c`, import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), 'hookbus-compiled-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  chmodSync(directory, 0o755);
  const path = join(directory, name);
  const { status } = spawnSync(process.env['CC'] ?? 'cc', ['-O1', ...flags, '-o', path, source]);
  return status === 0 ? { path } : `no C compiler that takes ${name}.c`;
}
