import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createNetwork } from '../../src/network/network.ts';
import { temporaryDirectory } from './temporary.ts';

/** The network without any settings. */
export const DIRECT = createNetwork({ certificates: '', proxy: '', no_proxy: [] });

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(words: readonly string[]): void {
  const made = spawnSync('openssl', words, { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`expected a certificate: ${made.stderr}`);
}

/** A certificate for the loopback interface and `collector.test`, signed by an authority for one test. */
export function anAuthority() {
  const directory = temporaryDirectory();
  const file = (name: string): string => join(directory, name);
  const [ca, caKey] = [file('ca.pem'), file('ca-key.pem')];
  const [cert, key] = [file('cert.pem'), file('key.pem')];
  openssl([
    ...['req', '-x509', ...NEW_KEY, '-subj', '/CN=authority of a test', '-days', '2'],
    ...['-keyout', caKey, '-out', ca],
  ]);
  openssl([
    ...['req', '-x509', '-CA', ca, '-CAkey', caKey, ...NEW_KEY, '-subj', '/CN=collector.test'],
    ...['-addext', 'subjectAltName=DNS:collector.test,DNS:localhost,IP:127.0.0.1', '-days', '2'],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', key, '-out', cert],
  ]);
  return {
    ca,
    tls: { cert: readFileSync(cert), key: readFileSync(key) },
    redisWords: [
      ...['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', ca],
      ...['--tls-auth-clients', 'no'],
    ],
  };
}

interface ProxyOptions {
  /** The status of every response; with 200 it does what it is asked. */
  readonly status?: number;
  /** Accepts connections and sends nothing. */
  readonly isSilent?: boolean;
}

/** A proxy for one test: it connects to the loopback interface, whatever the name. */
export async function aProxy({ status = 200, isSilent = false }: ProxyOptions = {}) {
  const asked: { readonly line: string; readonly auth: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const note = ({ method, url, headers }: IncomingMessage): URL => {
    asked.push({ line: `${method} ${url}`, auth: headers['proxy-authorization'] });
    return new URL(method === 'CONNECT' ? `http://${url}` : (url ?? ''));
  };
  const server = createServer((asking, response) => {
    const { port, pathname } = note(asking);
    if (isSilent) return;
    if (status !== 200) {
      response.writeHead(status).end();
      return;
    }
    const { method, headers } = asking;
    const options = { host: '127.0.0.1', port, path: pathname, method, headers };
    const onward = request(options, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    asking.pipe(onward);
  });
  server.on('connect', (asking, socket: Socket) => {
    const { port } = note(asking);
    if (isSilent) {
      // Otherwise its close would go unnoticed.
      socket.on('end', () => socket.end()).resume();
      return;
    }
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const onward = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    sockets.add(onward);
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return {
    host: `127.0.0.1:${address.port}`,
    url: `http://127.0.0.1:${address.port}`,
    asked,
    connections: () => connections,
    /** Number of open connections. */
    open: () => sockets.size,
  };
}
