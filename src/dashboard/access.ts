import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const TOKEN_BYTES = 32;

/** Who may look. Everybody on this machine can reach a port of the loopback, and so can any page in a browser. */
export function createAccess(port: number) {
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const names = ['127.0.0.1', 'localhost', '[::1]'];
  const hosts = new Set(
    names.flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]),
  );
  // Cookies do not tell ports apart, and there is a daemon for each state directory.
  const cookie = `hookbus_${port}`;

  return {
    token,
    /** A page of another site whose name was made to lead here says that name. */
    hasOwnHost: ({ headers }: IncomingMessage): boolean => hosts.has(headers.host ?? ''),
    /** A request that a page sends says which page; only ours may. */
    hasOwnOrigin: ({ headers }: IncomingMessage): boolean =>
      headers.origin !== undefined && headers.origin === `http://${headers.host}`,
    hasCookie: ({ headers }: IncomingMessage): boolean =>
      (headers.cookie ?? '')
        .split(';')
        .map((pair) => pair.trim().split('='))
        .some(([name, value]) => name === cookie && isSame(value ?? '', token)),
    isToken: (text: string): boolean => isSame(text, token),
    setCookie: `${cookie}=${token}; Path=/; HttpOnly; SameSite=Strict`,
  };
}

export type Access = ReturnType<typeof createAccess>;

/** Takes as long whatever they have in common. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
