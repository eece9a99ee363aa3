import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CreateDashboard, DashboardParts } from '../bus/dashboard.ts';
import { DEFAULT_CONFIG, readConfigFile } from '../config/config-file.ts';
import { createAccess } from './access.ts';
import { createFeed } from './feed.ts';
import { createRequestListener } from './requests.ts';

/** The only address it listens on: other machines cannot reach it. */
const LOOPBACK = '127.0.0.1';

/** Nobody else's slowness or number may cost the daemon more than that. */
const LIMITS = {
  headersTimeout: 3000,
  requestTimeout: 5000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16 * 1024,
};
const MOST_CONNECTIONS = 64;
const SILENCE_MS = 30_000;

export const createDashboard: CreateDashboard = (parts) => {
  const feed = createFeed(parts.store);
  let opening: Promise<{ server: Server; url: string }> | undefined;

  return {
    async open() {
      opening ??= start(parts, feed);
      try {
        return (await opening).url;
      } catch (error) {
        // The port may be free the next time, or another one in config.json.
        opening = undefined;
        throw error;
      }
    },
    isWatched: () => feed.count() > 0,
    tell: feed.tell,
    async stop() {
      feed.stop();
      const open = await opening?.catch(() => undefined);
      if (open === undefined) return;
      const isClosed = new Promise((resolve) => open.server.close(resolve));
      open.server.closeAllConnections();
      await isClosed;
    },
  };
};

async function start(parts: DashboardParts, feed: ReturnType<typeof createFeed>) {
  const reading = readConfigFile(parts.paths.config);
  const { dashboard } = reading.state === 'refused' ? DEFAULT_CONFIG : reading.config;
  const server = createServer(LIMITS);
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(SILENCE_MS, (socket) => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(dashboard.port, LOOPBACK, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const access = createAccess(port);
  server.on('request', createRequestListener(parts, access, feed));
  return { server, url: `http://${LOOPBACK}:${port}/?token=${access.token}` };
}
