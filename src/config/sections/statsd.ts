import { flag, oneOf, port, text, whole } from '../file/config-setting.ts';

/** Where to send counts and times as StatsD packets. */
export const statsd = {
  enabled: flag(false),
  host: text('127.0.0.1', 'a host name or an address', (host) => /^[\w.:-]{1,253}$/.test(host)),
  port: port(8125, 1),
  /** Replaces host and port. The limit is the system's maximum for a socket path. */
  socket: text(
    '',
    'the absolute path of a Unix datagram socket, or ""',
    (path) => path.startsWith('/') && !path.includes('\0') && Buffer.byteLength(path) <= 103,
  ),
  tags: oneOf(['none', 'dogstatsd']),
  prefix: text('hookbus', 'letters, digits, _ and - with dots between', (prefix) =>
    /^[\w-]{1,40}(?:\.[\w-]{1,40}){0,4}$/.test(prefix),
  ),
  /** Fits into an Ethernet frame, with room for tunnels. */
  max_packet_bytes: whole(1432, 'bytes', { min: 512, max: 8192 }),
};
