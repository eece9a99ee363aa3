import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readConfigFile } from '../config/file/config-file.ts';
import { createAccess } from './access.ts';
import type { DashboardParts } from './answers.ts';
import { createFeed } from './feed.ts';
import { readHostName } from './host-name.ts';
import { createRequestListener } from './requests.ts';

/**
 * The only addresses it listens on: other machines cannot reach them. A browser may resolve our host name to either, so
 * the dashboard takes both; otherwise another user could take the second.
 */
const LOOPBACK = '127.0.0.1';
const LOOPBACK_V6 = '::1';

/** How many free ports to try if the port is taken on the other address. */
const MAX_TRIES = 10;

/** Bounds what slow or many clients can cost the daemon. */
const LIMITS = {
  headersTimeout: 3000,
  requestTimeout: 5000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16 * 1024,
};
const MAX_CONNECTIONS = 64;
const IDLE_TIMEOUT_MS = 30_000;

/** The web page that the daemon serves on this machine, from the first request on. */
export function createDashboard(parts: DashboardParts) {
  const feed = createFeed(parts.store);
  let opening: ReturnType<typeof start> | undefined;

  return {
    /** Returns its URL, with a code that admits one browser once. @throws if the port cannot be opened */
    async open(): Promise<string> {
      opening ??= start(parts, feed);
      try {
        return (await opening).access.newUrl();
      } catch (error) {
        // The port may be free next time, or config.json may have another one.
        opening = undefined;
        throw error;
      }
    },
    /** Whether a browser shows it at the moment. */
    isWatched: (): boolean => feed.count() > 0,
    /** Call this when executions were stored. */
    tell: feed.tell,
    async stop(): Promise<void> {
      feed.stop();
      const open = await opening?.catch(() => undefined);
      await Promise.all(open?.servers.map(close) ?? []);
    },
  };
}

export type CreateDashboard = typeof createDashboard;

async function start(parts: DashboardParts, feed: ReturnType<typeof createFeed>) {
  const { dashboard } = readConfigFile(parts.paths.config).config;
  const { servers, port } = await listenOnBoth(dashboard.port);
  const access = createAccess(port, readHostName(parts.paths.dashboardHost), parts.now);
  const listener = createRequestListener(parts, access, feed);
  for (const server of servers) server.on('request', listener);
  return { servers, access };
}

/** @param wanted 0 means any port that is free on both addresses */
async function listenOnBoth(wanted: number): Promise<{ servers: Server[]; port: number }> {
  for (let tried = 1; ; tried += 1) {
    const first = await listen(wanted, LOOPBACK);
    const { port } = first.address() as AddressInfo;
    try {
      return { servers: [first, await listen(port, LOOPBACK_V6)], port };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // If this machine has no IPv6 loopback, no other user can listen on it.
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return { servers: [first], port };
      await close(first);
      if (wanted !== 0 || tried === MAX_TRIES) throw error;
    }
  }
}

function listen(port: number, host: string): Promise<Server> {
  const server = createServer(LIMITS);
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE_TIMEOUT_MS, (socket) => void socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}

async function close(server: Server): Promise<void> {
  const isClosed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await isClosed;
}
