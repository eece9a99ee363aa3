import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { reasonOf } from '../domain/errors.ts';

/** Sends each packet as a whole or not at all, and never waits. */
export interface DatagramSender {
  readonly target: string;
  /** @param done called once: without a failure if sent, with `busy` if the receiver's queue is full, or with an error */
  readonly send: (packet: Buffer, done: (failure?: 'busy' | Error) => void) => void;
  readonly close: () => void;
}

export function createUdpSender(host: string, port: number): DatagramSender {
  const isSix = isIPv6(host);
  const socket = createSocket(isSix ? 'udp6' : 'udp4');
  // The caller of `send` gets each failure too.
  socket.on('error', () => undefined);
  socket.unref();
  return {
    target: `udp://${isSix ? `[${host}]` : host}:${port}`,
    send: (packet, done) => socket.send(packet, port, host, (error) => done(error ?? undefined)),
    close: () => void socket.close(),
  };
}

/**
 * Node has no sockets for Unix datagrams. This needs an optional package with native code.
 * @throws if the package is missing
 */
export async function createUnixSender(path: string): Promise<DatagramSender> {
  const { createSocket: createUnixSocket } = await loadUnixDgram();
  const socket = createUnixSocket('unix_dgram');
  socket.on('error', () => undefined);
  return {
    target: `unix:${path}`,
    send: (packet, done) => {
      try {
        socket.send(packet, 0, packet.length, path, (error) => done(error && failureOf(error)));
      } catch (error) {
        done(new Error(reasonOf(error)));
      }
    },
    close: () => socket.close(),
  };
}

async function loadUnixDgram() {
  try {
    return await import('unix-dgram');
  } catch {
    throw new Error(
      'statsd.socket needs the package unix-dgram, which is missing or was not built; run npm install unix-dgram where hookbus is installed, or use statsd.host',
    );
  }
}

/** unix-dgram reports the system's negative error number, or a text or 1 if the receiver's queue is full. */
function failureOf({ code, message }: Error & { readonly code?: number | string }): 'busy' | Error {
  if (typeof code !== 'number') return new Error(message);
  if (code >= 0) return 'busy';
  const name = getSystemErrorName(code);
  return /^E(?:AGAIN|WOULDBLOCK|NOBUFS)$/.test(name) ? 'busy' : new Error(`send ${name}`);
}
