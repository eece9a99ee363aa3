import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface SlowCollectorOptions {
  /** How long it takes to answer, in ms. */
  readonly answerMs: number;
  /** It refuses every such request, for later; 0: none. */
  readonly failEvery: number;
}

/** What came to one path. */
export interface Arrived {
  requests: number;
  bytes: number;
}

/** A collector on the loopback that keeps nothing but the count of what arrived, by path. */
export async function startSlowCollector({ answerMs, failEvery }: SlowCollectorOptions) {
  const arrived = new Map<string, Arrived>();
  let requests = 0;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const here = arrived.get(path) ?? { requests: 0, bytes: 0 };
    arrived.set(path, here);
    here.requests += 1;
    requests += 1;
    const isRefused = failEvery > 0 && requests % failEvery === 0;
    request.on('data', (chunk: Buffer) => {
      here.bytes += chunk.length;
    });
    request.on('end', () => {
      void wait(answerMs).then(() => response.writeHead(isRefused ? 503 : 200).end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
