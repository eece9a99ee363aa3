import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { RedisOptions } from 'ioredis';

/** Where the server is, as `dedupe.url` of config.json says. */
export interface SharedAddress {
  readonly connection: Pick<
    RedisOptions,
    'host' | 'port' | 'path' | 'db' | 'username' | 'password' | 'tls'
  >;
  /** The URL as it may be shown: without the password. */
  readonly shown: string;
  /** What must never be shown, in every form a server may repeat it in. */
  readonly secrets: readonly string[];
}

/**
 * Reads `redis://` and `rediss://` URLs: user, password, host, port, the number of the database as the path, and
 * `?path=` for a Unix socket. Read here and not by ioredis, which takes any of its options from the query.
 * @param trust whose certificates to trust; undefined: the usual ones
 * @throws with what is wrong, the password not in it
 */
export function readSharedAddress(
  text: string,
  trust: () => SecureContext | undefined = () => undefined,
): SharedAddress {
  const url = parse(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    throw new Error('expected redis://… or rediss://…');
  const path = readSocketPath(url);
  const username = decode(url.username, 'user');
  const password = decode(url.password, 'password');
  const host = url.hostname.replace(/^\[|\]$/g, '') || 'localhost';
  const isSecure = url.protocol === 'rediss:';
  return {
    connection: {
      ...(path === undefined ? { host, port: Number(url.port || 6379) } : { path }),
      db: readDatabase(url),
      ...(username !== '' && { username }),
      ...(password !== '' && { password }),
      ...(isSecure && { tls: tlsOptions(host, trust) }),
    },
    shown: show(url),
    secrets: [password, url.password].filter((secret) => secret !== ''),
  };
}

function tlsOptions(host: string, trust: () => SecureContext | undefined) {
  return {
    // A certificate is asked for by name; an address is none (RFC 6066).
    ...(isIP(host) === 0 && { servername: host }),
    // ioredis copies the options for each connection.
    get secureContext() {
      return trust();
    },
  };
}

function parse(text: string): URL {
  try {
    return new URL(text.trim());
  } catch {
    // What URL throws repeats its input.
    throw new Error('expected redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE], got no URL');
  }
}

function readSocketPath(url: URL): string | undefined {
  for (const name of url.searchParams.keys()) {
    if (name !== 'path') throw new Error('expected no parameter but path');
  }
  const path = url.searchParams.get('path');
  if (path === null) return undefined;
  if (!path.startsWith('/') || path.includes('\0')) throw new Error('expected an absolute path');
  return path;
}

function readDatabase(url: URL): number {
  const text = url.pathname.replace(/^\//, '');
  if (!/^\d{0,5}$/.test(text)) throw new Error('expected the number of a database after the host');
  return Number(text);
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`expected a ${what} in percent encoding`);
  }
}

function show(url: URL): string {
  const shown = new URL(url);
  shown.password = '';
  shown.hash = '';
  return shown.href;
}
