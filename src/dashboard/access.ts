import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const SECRET_BYTES = 32;

/** How long the code of a URL counts, in ms: it is to be opened, not kept. */
const CODE_MS = 60_000;

/**
 * Who may look. Everybody on this machine can reach a port of the loopback, and so can any page in a browser.
 * @param name the host of the page's URLs: a browser sends a cookie to every port of a host, so that is one of its own
 * @param now milliseconds since the epoch
 */
export function createAccess(port: number, name: string, now: () => number) {
  const token = randomBytes(SECRET_BYTES).toString('hex');
  /** Codes that nobody has used yet, by their digests, and until when they count. */
  const codes = new Map<string, number>();
  const names = [name, '127.0.0.1', 'localhost', '[::1]'];
  const hosts = new Set(
    names.flatMap((host) => [`${host}:${port}`, ...(port === 80 ? [host] : [])]),
  );
  // There is a daemon for each state directory, and cookies do not tell ports apart.
  const cookie = `hookbus_${port}`;

  return {
    /** A URL that lets in once: browsers keep it in their history, and it may be seen on the way there. */
    newUrl(): string {
      for (const [digest, untilMs] of codes) if (untilMs <= now()) codes.delete(digest);
      const code = randomBytes(SECRET_BYTES).toString('hex');
      codes.set(digestOf(code).toString('hex'), now() + CODE_MS);
      return `http://${name}:${port}/?code=${code}`;
    },
    /** Whether that is a code that counts; from now on it does not. */
    takeCode(code: string): boolean {
      const digest = digestOf(code).toString('hex');
      const untilMs = codes.get(digest) ?? 0;
      codes.delete(digest);
      return now() < untilMs;
    },
    /** A page of another site whose name was made to lead here says that name. */
    hasOwnHost: ({ headers }: IncomingMessage): boolean => hosts.has(headers.host ?? ''),
    /** A request that a page sends says which page; only ours may. */
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

/** Takes as long whatever they have in common. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}
