import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { readOwnFile } from '../os/own-file.ts';

/** Browsers take every name below `localhost` for this machine, and ask no server for it. */
const OWN_NAME = /^hookbus-[\da-f]{32}\.localhost$/;

/**
 * The page's host: nobody else's, and one that no other server of this machine knows, or a browser could be led to that
 * one by the same name and would send the cookie there. It outlives the daemon, so that a page that is open comes back.
 */
export function readHostName(path: string): string {
  const known = textOf(path);
  if (OWN_NAME.test(known)) return known;
  const name = `hookbus-${randomBytes(16).toString('hex')}.localhost`;
  try {
    rmSync(path, { force: true });
    writeFileSync(path, `${name}\n`, { mode: 0o600, flag: 'wx' });
  } catch {
    // Then it is the name of this daemon alone.
  }
  return name;
}

function textOf(path: string): string {
  try {
    return readOwnFile(path).toString('utf8').trim();
  } catch {
    return '';
  }
}
