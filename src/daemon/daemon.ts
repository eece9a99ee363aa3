import { zlibSync } from 'fflate';
import { provideCompression } from '../app/recording/compression.ts';
import type { Ingested } from '../app/recording/ingest.ts';
import { createSpoolCount } from '../app/recording/spool-count.ts';
import { createStoreHandle } from '../app/store/store-handle.ts';
import type { Config } from '../config/file/config-file.ts';
import { createConfigWatch } from '../config/file/config-watch.ts';
import type { StatePaths } from '../config/home/paths.ts';
import type { CreateDashboard } from '../dashboard/dashboard.ts';
import { isNewerVersion, VERSION } from '../domain/version.ts';
import { processStart } from '../os/process.ts';
import { createSpool } from '../spool/spool.ts';
import { isBusy, takeLock } from '../store/database.ts';
import { createActivity } from './activity.ts';
import { type Condition, failingSince } from './alerts/failing.ts';
import { createAlertLoop } from './alerts/loop.ts';
import { Claims, type ClaimsParts } from './claims/claims.ts';
import { createKeyCleanup } from './claims/key-cleanup.ts';
import { SharedClaims } from './claims/shared-claims.ts';
import { createConversation } from './client/conversation.ts';
import type { CommonParts } from './common-parts.ts';
import { ExportLoop } from './export/export-loop.ts';
import { createFollowers } from './followers.ts';
import { listen } from './listener.ts';
import { createLog, type Log } from './log.ts';
import { createBreakerKeeper } from './loops/breaker-keeper.ts';
import { createDrillLoop } from './loops/drill-loop.ts';
import { createIngestLoop } from './loops/ingest-loop.ts';
import { createNetworkKeeper, type NetworkKeeper } from './loops/network-keeper.ts';
import { createPageKeeper } from './loops/page-keeper.ts';
import { createRetentionLoop } from './loops/retention-loop.ts';
import { createRollupLoop } from './loops/rollup-loop.ts';
import type { DaemonState } from './state.ts';

/**
 * How long to wait for the database lock in one turn: records can wait in the spool, but clients wait for the daemon.
 */
const BUSY_MS = 200;

/** How long a daemon that is exiting may still hold the lock. */
const LOCK_MS = 2000;

export interface DaemonParts {
  readonly paths: StatePaths;
  readonly socketPath: string;
  /** Called before each cleanup; undefined: delete nothing for now. */
  readonly retentionDays: () => number | undefined;
  /** The daemon exits after this time without notifications or records. */
  readonly idleMs: number;
  readonly now: () => number;
  /** Creates the dashboard; undefined: this daemon has none. */
  readonly dashboard?: CreateDashboard | undefined;
}

/** Why a daemon exited. */
export type DaemonEnd = 'stopped' | 'idle' | 'replaced' | 'another_runs';

/**
 * Runs the daemon of a state directory until it is stopped, is idle for long, or a newer version replaces it.
 * Resolves at once if another daemon runs.
 * @param stop resolves when the daemon should exit
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
  const config = followConfig(paths.config, log);
  const breakers = createBreakerKeeper({ paths, config, store, now, log });
  const followers = createFollowers({ store, log });
  const page = createPageKeeper(parts.dashboard, { paths, store, now }, log);
  const drills = createDrillLoop({ paths, config, store, now, log });
  const isNeeded = () => followers.count() > 0 || page.isWatched() || drills.isRunning();
  const activity = createActivity(parts.idleMs, isNeeded, () => leave('idle'));
  const [network, countWaiting] = [createNetworkKeeper(config, log), createSpoolCount(spool)];
  const shared = { store, now, log, config, countWaiting, network: network.current };
  const exports = new ExportLoop({ ...shared, onServed: activity.onAsked });
  const onIngested = (ingested: Ingested): void => {
    activity.onIngested(ingested);
    followers.sendSoon();
    page.notify();
    exports.notify();
    for (const loop of loops) loop.notify?.();
  };
  const ingest = createIngestLoop({ paths, spool, store, now, log, breakers, onIngested });
  const { sharedKeys, claims } = openClaims(config, shared);
  const loops = [drills, ...backgroundLoops(parts, { ...shared, sharedKeys, exports, network })];
  const onFrame = createConversation({
    onNotify: (version) => {
      activity.onNotify();
      ingest.notify();
      if (isNewerVersion(version ?? '', VERSION)) leave('replaced');
    },
    onStop: () => leave('stopped'),
    onAskDashboard: (connection) => {
      activity.onAsked();
      page.answer(connection);
    },
    state: () => stateOf(startedAt, activity.counts, { sharedKeys, exports, network }),
    claims,
    followers,
  });

  const listener = await listen(parts.socketPath, onFrame);
  log('started', { version: VERSION, socket: parts.socketPath });
  for (const part of [exports, ingest, ...loops]) part.start();
  void stop.then(() => leave('stopped'));

  const end = await isOver;
  await Promise.all([activity, ...loops, claims, followers, page].map((part) => part.stop()));
  // The socket goes first: later clients find no daemon and start the next one.
  await listener.close();
  ingest.stop();
  await exports.stop();
  store.close();
  log('ended', { reason: end, ...activity.counts });
  return end;
}

/**
 * Returns the configuration in force, for everything in the daemon. While config.json is invalid, that is the last valid
 * one. Logs each reading.
 */
function followConfig(path: string, log: Log): () => Config {
  const watch = createConfigWatch(path, (reading) => {
    if (reading.state === 'refused') log('config_refused', { reason: reading.problem });
    else log('config_read', { state: reading.state });
  });
  return watch.current;
}

function openClaims(
  config: () => Config,
  parts: ClaimsParts & { readonly network: NetworkKeeper['current'] },
) {
  const sharedKeys = new SharedClaims({ ...parts, dedupe: () => config().dedupe });
  // Connect now, so that the first claim need not wait for the connection.
  sharedKeys.isOn();
  const broker = { pid: process.pid, start: processStart() };
  return { sharedKeys, claims: new Claims({ ...parts, shared: sharedKeys, broker }) };
}

/** A promise for the first reason to exit, and the function that resolves it. */
function createEnding() {
  let leave: (end: DaemonEnd) => void = () => undefined;
  const isOver = new Promise<DaemonEnd>((resolve) => {
    leave = resolve;
  });
  return { isOver, leave };
}

/** A background task. `notify` is called when executions were stored. */
interface Loop {
  readonly start: () => void;
  readonly stop: () => void | Promise<void>;
  readonly notify?: () => void;
}

interface BackgroundParts extends CommonParts {
  readonly config: () => Config;
  readonly countWaiting: () => number;
  readonly sharedKeys: SharedClaims;
  readonly exports: ExportLoop;
  readonly network: NetworkKeeper;
}

/** The background tasks other than ingest and export; each works in small steps. */
function backgroundLoops(
  { paths, retentionDays }: DaemonParts,
  { config, countWaiting, sharedKeys, exports, network, ...common }: BackgroundParts,
): readonly Loop[] {
  // Everything other than hooks that can fail has a line here.
  const failing = [
    failingSince(common.now, () => sharedConditions(sharedKeys)),
    failingSince(common.now, () => exports.conditions()),
    failingSince(common.now, () => network.conditions()),
  ];
  return [
    createAlertLoop({ ...common, config, countWaiting, failing, network: network.current }),
    createRollupLoop(common),
    createKeyCleanup(common),
    createRetentionLoop({ ...common, paths, retentionDays }),
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
