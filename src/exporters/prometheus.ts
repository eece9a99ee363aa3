import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { reasonOf } from '../domain/errors.ts';
import { createTally, type Exporter, type ExporterParts, type Tally } from './exporter.ts';
import { CONTENT_TYPE, prometheusText } from './prometheus-text.ts';

export { prometheusJson, prometheusText } from './prometheus-text.ts';

export interface PrometheusOptions {
  /** An address of the loopback interface. */
  readonly address: string;
  readonly port: number;
}

/** Limits for requests: a slower one, in ms, is not a scrape, nor are more than this many at once. */
const REQUEST_MS = 5000;
const MAX_CONNECTIONS = 16;

/** Serves `/metrics`. @throws if the port is in use */
export async function openPrometheus(
  { address, port }: PrometheusOptions,
  parts: ExporterParts,
): Promise<Exporter> {
  const host = address.includes(':') ? `[${address}]` : address;
  const tally = createTally(`http://${host}:${port}/metrics`);
  const server = createServer((request, response) => {
    void answer(request, response, parts, tally);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  server.timeout = 2 * REQUEST_MS;
  await listen(server, address, port);
  server.on('error', (error) => tally.failed(reasonOf(error)));
  return {
    // Each request reads everything from the database.
    take: () => undefined,
    room: () => Number.POSITIVE_INFINITY,
    state: tally.state,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { snapshot, onServed }: ExporterParts,
  tally: Tally,
): Promise<void> {
  const say = (status: number, text: string, headers: Record<string, string> = {}): void => {
    response.writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  if (!isLoopbackHost(request.headers.host)) return say(403, 'unknown host\n');
  const [path] = (request.url ?? '').split('?', 1);
  if (path !== '/metrics') return say(404, 'not found; try /metrics\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return say(405, 'use GET or HEAD\n', { allow: 'GET, HEAD', connection: 'close' });
  }
  try {
    const text = await prometheusText(await snapshot());
    onServed();
    say(200, text, { 'content-type': CONTENT_TYPE });
    tally.sent(1);
  } catch (error) {
    tally.failed(reasonOf(error));
    say(503, 'the database cannot be read now\n');
  }
}

/**
 * Whether the request used a name that only this machine can have. A page in a browser may come from a domain name that
 * was pointed at 127.0.0.1, and could otherwise read the metrics.
 */
function isLoopbackHost(host: string | undefined): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host ?? '');
}
