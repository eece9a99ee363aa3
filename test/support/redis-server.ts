import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from './daemon.ts';
import { freePort } from './free-port.ts';
import { temporaryDirectory } from './temporary.ts';

/** A server's response to one line of words, as a person would type them; `undefined` if there is none. */
async function ask(port: number | string, words: readonly string[], auth?: string) {
  const socket = typeof port === 'number' ? connect(port, '127.0.0.1') : connect(port);
  const encode = (parts: readonly string[]): string =>
    `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
  if (auth !== undefined) socket.write(encode(['AUTH', auth]));
  socket.end(encode(words));
  return new Promise<string | undefined>((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(auth === undefined ? text : text.replace(/^\+OK\r\n/, '')));
  });
}

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly directory: string;
  readonly socketPath: string;
  readonly process: () => ChildProcess;
  /** The server's response to a command. */
  ask(...words: string[]): Promise<string>;
  /** Sends SIGTERM, or another signal that ends it; resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the server again on the same port, without data. */
  start(): Promise<void>;
}

/** A real redis-server for one test: in a separate directory, nothing on disk, gone after the test. */
export async function aRedisServer(
  options: {
    readonly words?: readonly string[];
    readonly admin?: string;
    readonly tls?: boolean;
    /** The words that start it, without options. */
    readonly program?: readonly string[];
    /** A free address and port where the program runs. */
    readonly at?: { readonly host: string; readonly port: number };
  } = {},
): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'hookbus-redis-'));
  const socketPath = join(directory, 'redis.sock');
  const { host, port } = options.at ?? { host: '127.0.0.1', port: await freePort() };
  const [program = '', ...before] = options.program ?? ['redis-server'];
  let child: ChildProcess | undefined;
  const tell = (...words: string[]) => ask(socketPath, words, options.admin);
  const start = async (): Promise<void> => {
    child = spawn(
      program,
      [
        ...before,
        ...['--bind', host, '--dir', directory, '--unixsocket', socketPath],
        ...(options.tls === true ? ['--port', '0', '--tls-port'] : ['--port']),
        String(port),
        ...['--save', '', '--appendonly', 'no', '--loglevel', 'warning'],
        ...(options.words ?? []),
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    child.on('error', () => undefined);
    if (child.pid === undefined) throw new Error('redis-server is missing; run make test-setup');
    await until('redis-server to answer', async () => (await tell('PING'))?.startsWith('+PONG'));
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  onTestFinished(async () => {
    await stop('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  await start();
  return {
    port,
    url: `redis://${host}:${port}`,
    directory,
    socketPath,
    process: () => {
      if (child === undefined) throw new Error('expected a server');
      return child;
    },
    ask: async (...words) => (await tell(...words)) ?? '',
    stop,
    start,
  };
}

/** A server on the loopback interface that is not Redis: calls this for each connection. Gone after the test. */
export async function aServer(
  serve: (socket: Socket) => void,
  port = 0,
): Promise<{ readonly port: number; readonly url: string; readonly connections: () => number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return {
    port: address.port,
    url: `redis://127.0.0.1:${address.port}`,
    connections: () => connections,
  };
}

/** A self-signed certificate for a name, and the options that make redis-server use it. */
export function aCertificate(name: string): { readonly path: string; readonly words: string[] } {
  const directory = temporaryDirectory();
  const [path, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  const made = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...[...subject, '-days', '2', '-keyout', key, '-out', path],
    ],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`expected a certificate: ${made.stderr}`);
  const files = ['--tls-cert-file', path, '--tls-key-file', key, '--tls-ca-cert-file', path];
  return { path, words: [...files, '--tls-auth-clients', 'no'] };
}
