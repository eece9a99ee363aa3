import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const SECRET_BYTES = 32;

/** How long the code of a URL is valid: the user opens the URL at once. */
const CODE_MS = 60_000;

/**
 * Access control. Every user of this machine can reach a loopback port, and so can any page in a browser.
 * @param name the host name of the page. Browsers send a cookie to every port of a host, so the page has its own host
 * @param now milliseconds since the epoch
 */
export function createAccess(port: number, name: string, now: () => number) {
  const token = randomBytes(SECRET_BYTES).toString('hex');
  /** Unused codes: their digests, and when they expire. */
  const codes = new Map<string, number>();
  const names = [name, '127.0.0.1', 'localhost', '[::1]'];
  const hosts = new Set(
    names.flatMap((host) => [`${host}:${port}`, ...(port === 80 ? [host] : [])]),
  );
  // Each state directory has its own daemon, and cookies do not distinguish ports.
  const cookie = `hookbus_${port}`;

  return {
    /** A URL that is valid once: browsers keep URLs in their history, and other users may see it on the way. */
    newUrl(): string {
      for (const [digest, untilMs] of codes) if (untilMs <= now()) codes.delete(digest);
      const code = randomBytes(SECRET_BYTES).toString('hex');
      codes.set(digestOf(code).toString('hex'), now() + CODE_MS);
      return `http://${name}:${port}/?code=${code}`;
    },
    /** Uses up a code. @returns whether it was valid */
    consumeCode(code: string): boolean {
      const digest = digestOf(code).toString('hex');
      const untilMs = codes.get(digest) ?? 0;
      codes.delete(digest);
      return now() < untilMs;
    },
    /** Against DNS rebinding: another site's name that resolves to this machine appears in the Host header. */
    hasOwnHost: ({ headers }: IncomingMessage): boolean => hosts.has(headers.host ?? ''),
    /** Browsers send the origin of the page; only our own page may send requests. */
    hasOwnOrigin: ({ headers }: IncomingMessage): boolean =>
      headers.origin !== undefined && headers.origin === `http://${headers.host}`,
    hasCookie: ({ headers }: IncomingMessage): boolean =>
      (headers.cookie ?? '')
        .split(';')
        .map((pair) => pair.trim().split('='))
        .some(([key, value]) => key === cookie && isSame(value ?? '', token)),
    setCookie: `${cookie}=${token}; Path=/; HttpOnly; SameSite=Strict`,
  };
}

export type Access = ReturnType<typeof createAccess>;

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in constant time. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}
