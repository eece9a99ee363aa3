import { zlibSync } from 'fflate';
import type { CreateDashboard } from '../app/reading/dashboard.ts';
import { provideCompression } from '../app/recording/compression.ts';
import type { Drained } from '../app/recording/drain.ts';
import { createStoreHandle, type StoreHandle } from '../app/store/store-handle.ts';
import { createConfigWatch } from '../config/file/config-watch.ts';
import type { StatePaths } from '../config/home/paths.ts';
import { isNewerVersion, VERSION } from '../domain/version.ts';
import { processStart } from '../os/process.ts';
import { createSpool, type Spool } from '../spool/spool.ts';
import { isBusy, takeLock } from '../store/database.ts';
import { type Condition, failingSince } from './alerts/failing.ts';
import { createAlertLoop } from './alerts/loop.ts';
import { Claims, type ClaimsParts } from './claims/claims.ts';
import { createKeyCleanup } from './claims/key-cleanup.ts';
import { SharedClaims } from './claims/shared-claims.ts';
import { createConversation } from './client/conversation.ts';
import { ExportLoop } from './export/export-loop.ts';
import { createFollowers } from './followers.ts';
import { listen } from './listener.ts';
import { createLog, type Log } from './log.ts';
import { createBreakerKeeper } from './loops/breaker-keeper.ts';
import { createDrainLoop } from './loops/drain-loop.ts';
import { createNetworkKeeper, type NetworkKeeper } from './loops/network-keeper.ts';
import { createPageKeeper } from './loops/page-keeper.ts';
import { createRetentionLoop } from './loops/retention-loop.ts';
import { createRollupLoop } from './loops/rollup-loop.ts';
import { createNews } from './news.ts';
import type { DaemonState } from './state.ts';

/** How long a locked database may hold up one turn, in ms: records wait in the spool, but who asks waits for us. */
const BUSY_MS = 200;

/** How long a daemon that is just ending may still hold the lock, in ms. */
const LOCK_MS = 2000;

export interface DaemonParts {
  readonly paths: StatePaths;
  readonly socketPath: string;
  /** Asked again and again; undefined: nothing is deleted now. */
  readonly retentionDays: () => number | undefined;
  /** Without a poke or a record for so long, in ms, the daemon leaves. */
  readonly idleMs: number;
  readonly now: () => number;
  /** Makes the page for people; undefined: there is none. */
  readonly dashboard?: CreateDashboard | undefined;
}

/** Why a daemon ended. */
export type DaemonEnd = 'stopped' | 'idle' | 'replaced' | 'another_runs';

/**
 * Runs the daemon of a state directory until it is stopped, has nothing to do for long, or is replaced by a newer
 * version. Resolves at once where another one runs.
 * @param stop resolves when it is to end
 */
export async function runDaemon(parts: DaemonParts, stop: Promise<void>): Promise<DaemonEnd> {
  const release = takeLockIfFree(parts.paths.daemonLock);
  if (release === undefined) return 'another_runs';
  const log = createLog(parts.paths.log, parts.now);
  provideCompression(zlibSync);
  try {
    return await runLocked(parts, stop, log);
  } finally {
    release();
  }
}

async function runLocked(parts: DaemonParts, stop: Promise<void>, log: Log): Promise<DaemonEnd> {
  const [{ paths, now }, startedAt] = [parts, parts.now()];
  const { isOver, leave } = createEnding();
  const store = createStoreHandle(paths.database, BUSY_MS, now);
  const spool = createSpool(paths.spool, paths.quarantine);
  const breakers = createBreakerKeeper({ paths, store, now, log });
  const followers = createFollowers({ store, log });
  const page = createPageKeeper(parts.dashboard, { paths, store, now }, log);
  // Who follows waits for news of whenever.
  const isAwaited = (): boolean => followers.count() > 0 || page.isWatched();
  const news = createNews(parts.idleMs, isAwaited, () => leave('idle'));
  const network = createNetworkKeeper(paths.config, log);
  const shared = { store, now, log, network: network.current };
  const exports = new ExportLoop({ ...shared, paths, spool, onServed: news.onAsked });
  const onDrained = (drained: Drained): void => {
    news.onDrained(drained);
    followers.lookSoon();
    page.tell();
    exports.poke();
    for (const loop of loops) loop.poke?.();
  };
  const drain = createDrainLoop({ paths, spool, store, now, log, breakers, onDrained });
  const { sharedKeys, claims } = openClaims(paths.config, shared);
  const loops = backgroundLoops(parts, { store, log, spool, sharedKeys, exports, network });
  const onFrame = createConversation({
    onNotify: (version) => {
      news.onNotify();
      drain.poke();
      if (isNewerVersion(version ?? '', VERSION)) leave('replaced');
    },
    onStop: () => leave('stopped'),
    onAskDashboard: (connection) => {
      news.onAsked();
      page.answer(connection);
    },
    state: () => stateOf(startedAt, news.counts, { sharedKeys, exports, network }),
    claims,
    followers,
  });

  const listener = await listen(parts.socketPath, onFrame);
  log('started', { version: VERSION, socket: parts.socketPath });
  for (const part of [exports, drain, ...loops]) part.start();
  void stop.then(() => leave('stopped'));

  const end = await isOver;
  for (const part of [news, ...loops, claims, followers]) part.stop();
  await page.stop();
  // The socket goes first: who comes from now on finds no daemon and starts the next.
  await listener.close();
  drain.stop();
  await exports.stop();
  store.close();
  log('ended', { reason: end, ...news.counts });
  return end;
}

function openClaims(
  configPath: string,
  parts: ClaimsParts & { readonly network: NetworkKeeper['current'] },
) {
  const config = createConfigWatch(configPath, () => undefined);
  const sharedKeys = new SharedClaims({ ...parts, dedupe: () => config.current().dedupe });
  // So that the first run need not wait for the connection.
  sharedKeys.isOn();
  const broker = { pid: process.pid, start: processStart() };
  return { sharedKeys, claims: new Claims({ ...parts, shared: sharedKeys, broker }) };
}

/** What the daemon waits for; the first reason to end counts. */
function createEnding() {
  let leave: (end: DaemonEnd) => void = () => undefined;
  const isOver = new Promise<DaemonEnd>((resolve) => {
    leave = resolve;
  });
  return { isOver, leave };
}

/** What is done in the background, and told where executions were stored. */
interface Loop {
  readonly start: () => void;
  readonly stop: () => void;
  readonly poke?: () => void;
}

interface BackgroundParts {
  readonly store: StoreHandle;
  readonly log: Log;
  readonly spool: Spool;
  readonly sharedKeys: SharedClaims;
  readonly exports: ExportLoop;
  readonly network: NetworkKeeper;
}

/** What is done beside the draining, each in small steps of its own. */
function backgroundLoops(
  { paths, retentionDays, now }: DaemonParts,
  { store, log, spool, sharedKeys, exports, network }: BackgroundParts,
): readonly Loop[] {
  // What else may fail beside executions is a line here.
  const failing = [
    failingSince(now, () => sharedConditions(sharedKeys)),
    failingSince(now, () => exports.conditions()),
    failingSince(now, () => network.conditions()),
  ];
  return [
    createAlertLoop({ paths, store, spool, now, log, failing, network: network.current }),
    createRollupLoop({ store, now, log }),
    createKeyCleanup({ store, now, log }),
    createRetentionLoop({ paths, store, now, log, retentionDays }),
  ];
}

function stateOf(
  startedAtMs: number,
  counts: Pick<DaemonState, 'drained' | 'unreadable' | 'pokes'>,
  { sharedKeys, exports, network }: Pick<BackgroundParts, 'sharedKeys' | 'exports' | 'network'>,
): DaemonState {
  return {
    pid: process.pid,
    version: VERSION,
    started_at: new Date(startedAtMs).toISOString(),
    ...counts,
    shared_keys: sharedOf(sharedKeys),
    exporters: exports.states(),
    certificates: network.state(),
    rss_bytes: process.memoryUsage.rss(),
  };
}

function sharedOf(keys: SharedClaims): DaemonState['shared_keys'] {
  const state = keys.state();
  if (state === undefined) return [];
  const { url, isConnected, lastError, failures } = state;
  return [{ url, connected: isConnected, last_error: lastError ?? null, failures }];
}

function sharedConditions(keys: SharedClaims): Condition[] {
  return sharedOf(keys).map(({ url, connected, last_error }) => ({
    name: `dedupe keys at ${url}`,
    failure: connected ? undefined : (last_error ?? 'no connection'),
  }));
}

function takeLockIfFree(path: string): (() => void) | undefined {
  try {
    return takeLock(path, LOCK_MS);
  } catch (error) {
    if (isBusy(error)) return undefined;
    throw error;
  }
}
