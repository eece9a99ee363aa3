import { createHash } from 'node:crypto';

type Environment = Readonly<Record<string, string | undefined>>;

/** Longest path of a Unix socket, in bytes: what `sockaddr_un` holds, without the NUL at its end. */
const SOCKET_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;

/**
 * The daemon's socket: in the state directory, or in a private directory of its own where that path is too long.
 * The launcher finds the same.
 */
export function socketPath(
  home: string,
  env: Environment = process.env,
  userId = process.getuid?.() ?? 0,
): string {
  const digest = createHash('sha256').update(home).digest('hex').slice(0, 16);
  const runtime = env['XDG_RUNTIME_DIR'];
  const places = [
    home,
    ...(runtime?.startsWith('/') ? [`${runtime}/hookbus-${digest}`] : []),
    `/tmp/hookbus-${userId}-${digest}`,
  ];
  const paths = places.map((place) => `${place}/bus.sock`);
  return paths.find((path) => Buffer.byteLength(path) <= SOCKET_PATH_BYTES) ?? paths.at(-1) ?? '';
}
