import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { readOwnFile } from '../os/own-file.ts';

/** Browsers resolve every name below `localhost` to this machine without DNS. */
const OWN_NAME = /^hookbus-[\da-f]{32}\.localhost$/;

/**
 * The host name of the page. It is secret: if another server of this machine knew it, it could lead a browser to itself
 * under that name and get the cookie. It outlives the daemon, so that an open page can reconnect.
 */
export function readHostName(path: string): string {
  const known = textOf(path);
  if (OWN_NAME.test(known)) return known;
  const name = `hookbus-${randomBytes(16).toString('hex')}.localhost`;
  try {
    rmSync(path, { force: true });
    writeFileSync(path, `${name}\n`, { mode: 0o600, flag: 'wx' });
  } catch {
    // The next daemon will use another name.
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
