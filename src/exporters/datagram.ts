import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { reasonOf } from '../domain/errors.ts';

/** Sends packets, each as it is or not at all, and never waits. */
export interface DatagramSender {
  readonly target: string;
  /** @param done told once: nothing where it was sent, `busy` where the receiver takes none just now, or an error */
  readonly send: (packet: Buffer, done: (failure?: 'busy' | Error) => void) => void;
  readonly close: () => void;
}

export function createUdpSender(host: string, port: number): DatagramSender {
  const isSix = isIPv6(host);
  const socket = createSocket(isSix ? 'udp6' : 'udp4');
  // Each failure comes to who sent, too.
  socket.on('error', () => undefined);
  socket.unref();
  return {
    target: `udp://${isSix ? `[${host}]` : host}:${port}`,
    send: (packet, done) => socket.send(packet, port, host, (error) => done(error ?? undefined)),
    close: () => void socket.close(),
  };
}

/**
 * Node has no sockets for Unix datagrams, so this takes a package with a native part, which is optional.
 * @throws where it is not there
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
      'statsd.socket needs the package unix-dgram, which is not there or was not built: npm install unix-dgram where hookbus is installed, or use statsd.host',
    );
  }
}

/** unix-dgram has the system's number, negative; or a word or 1 of its own where the receiver's queue is full. */
function failureOf({ code, message }: Error & { readonly code?: number | string }): 'busy' | Error {
  if (typeof code !== 'number') return new Error(message);
  if (code >= 0) return 'busy';
  const name = getSystemErrorName(code);
  return /^E(?:AGAIN|WOULDBLOCK|NOBUFS)$/.test(name) ? 'busy' : new Error(`send ${name}`);
}
