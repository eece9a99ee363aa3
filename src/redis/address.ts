import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { RedisOptions } from 'ioredis';

/** Where the key server is, from `dedupe.url` in config.json. */
export interface SharedAddress {
  readonly connection: Pick<
    RedisOptions,
    'host' | 'port' | 'path' | 'db' | 'username' | 'password' | 'tls'
  >;
  /** The URL without the password, safe to show. */
  readonly shown: string;
  /** What must never be shown, in all forms in which a server may repeat it. */
  readonly secrets: readonly string[];
}

/**
 * Parses `redis://` and `rediss://` URLs: user, password, host, port, the database number as the path, and `?path=` for a
 * Unix socket. ioredis does not parse them, since it accepts any of its options in the query.
 * @param trust which certificates to trust; undefined: the usual ones
 * @throws what is wrong, without the password
 */
export function readSharedAddress(
  text: string,
  trust: () => SecureContext | undefined = () => undefined,
): SharedAddress {
  const url = parse(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    throw new Error('the URL must begin with redis:// or rediss://');
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
    // TLS asks for a certificate by name, and an IP address is not a name (RFC 6066).
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
    // The error of URL repeats its input.
    throw new Error('the URL must have the form redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]');
  }
}

function readSocketPath(url: URL): string | undefined {
  for (const name of url.searchParams.keys()) {
    if (name !== 'path') throw new Error('the only parameter allowed in the URL is path');
  }
  const path = url.searchParams.get('path');
  if (path === null) return undefined;
  if (!path.startsWith('/') || path.includes('\0'))
    throw new Error('the path in the URL must be absolute');
  return path;
}

function readDatabase(url: URL): number {
  const text = url.pathname.replace(/^\//, '');
  if (!/^\d{0,5}$/.test(text))
    throw new Error('after the host, the URL may only have a database number');
  return Number(text);
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`the ${what} in the URL must be percent-encoded`);
  }
}

function show(url: URL): string {
  const shown = new URL(url);
  shown.password = '';
  shown.hash = '';
  return shown.href;
}
