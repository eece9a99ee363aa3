import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes the state directory, 0700, and what is missing above it. One that exists is left as it is.
 * Node's own recursive form never returns where the system says ENOENT for a new entry in a directory that is there,
 * as /proc does; so each level is made once, from the top.
 * @throws what the file system says
 */
export function makeStateHome(home: string): void {
  const missing: string[] = [];
  for (let path = home; !existsSync(path); path = dirname(path)) missing.unshift(path);
  for (const path of missing) {
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      // Another process was faster.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}
