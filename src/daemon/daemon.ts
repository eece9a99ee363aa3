import { zlibSync } from 'fflate';
import { provideCompression } from '../bus/compression.ts';
import type { Drained } from '../bus/drain.ts';
import { createStoreHandle, type StoreHandle } from '../bus/store-handle.ts';
import type { StatePaths } from '../config/paths.ts';
import { isNewerVersion, VERSION } from '../domain/version.ts';
import { createSpool } from '../spool/spool.ts';
import { isBusy, takeLock } from '../store/database.ts';
import { createBreakerKeeper } from './breaker-keeper.ts';
import { Claims } from './claims.ts';
import { createConversation } from './conversation.ts';
import { createDrainLoop } from './drain-loop.ts';
import { createFollowers } from './followers.ts';
import { listen } from './listener.ts';
import { createLog, type Log } from './log.ts';
import { createRetentionLoop } from './retention-loop.ts';
import { createRollupLoop } from './rollup-loop.ts';
import type { DaemonState } from './state.ts';

/** How long a locked database may hold up one turn, in ms: records wait in the spool, but who asks waits for us. */
const BUSY_MS = 200;

/** How long a daemon that is just ending may still hold the lock, in ms. */
const LOCK_MS = 2000;

/** How often the time for leaving is looked at, at the most, in ms. */
const IDLE_LOOK_MS = 10_000;

export interface DaemonParts {
  readonly paths: StatePaths;
  readonly socketPath: string;
  /** Undefined: nothing is deleted. */
  readonly retentionDays: number | undefined;
  /** Where machines share dedupe keys, as the daemon's own environment has it; runs bring theirs. */
  readonly dedupeUrl: string | undefined;
  /** Without a poke or a record for so long, in ms, the daemon leaves. */
  readonly idleMs: number;
  readonly now: () => number;
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
  try {
    return await runLocked(parts, stop, log);
  } finally {
    release();
  }
}

async function runLocked(parts: DaemonParts, stop: Promise<void>, log: Log): Promise<DaemonEnd> {
  const { paths, now } = parts;
  const startedAt = now();
  provideCompression(zlibSync);
  const counts = { drained: 0, unreadable: 0, pokes: 0 };
  let lastNews = performance.now();
  const { isOver, leave } = createEnding();
  const store = createStoreHandle(paths.database, BUSY_MS, now);
  const spool = createSpool(paths.spool, paths.setAside);
  const breakers = createBreakerKeeper({ paths, store, now, log });
  const followers = createFollowers({ store, log });
  const onDrained = ({ stored, unreadable }: Drained): void => {
    lastNews = performance.now();
    followers.lookSoon();
    counts.drained += stored;
    counts.unreadable += unreadable;
  };
  const drain = createDrainLoop({ spool, store, now, log, breakers, onDrained });
  const loops = backgroundLoops(parts, store, log);

  const claims = new Claims({ store, now, log }, parts.dedupeUrl);
  const onFrame = createConversation({
    onPoke: (version) => {
      counts.pokes += 1;
      lastNews = performance.now();
      drain.poke();
      if (isNewerVersion(version ?? '', VERSION)) leave('replaced');
    },
    onStop: () => leave('stopped'),
    state: () => ({ ...stateOf(startedAt, counts), shared_keys: sharedOf(claims) }),
    claims,
    followers,
  });

  const listener = await listen(parts.socketPath, paths.home, onFrame);
  log('started', { version: VERSION, socket: parts.socketPath });
  drain.start();
  for (const loop of loops) loop.start();
  // Who follows waits for news of whenever.
  const quietSince = (): number => (followers.count() > 0 ? performance.now() : lastNews);
  const idle = watchIdle(parts.idleMs, quietSince, () => leave('idle'));
  void stop.then(() => leave('stopped'));

  const end = await isOver;
  clearInterval(idle);
  for (const loop of loops) loop.stop();
  claims.stop();
  followers.stop();
  // The socket goes first: who comes from now on finds no daemon and starts the next.
  await listener.close();
  drain.stop();
  store.close();
  log('ended', { reason: end, ...counts });
  return end;
}

/** What the daemon waits for; the first reason to end counts. */
function createEnding() {
  let leave: (end: DaemonEnd) => void = () => undefined;
  const isOver = new Promise<DaemonEnd>((resolve) => {
    leave = resolve;
  });
  return { isOver, leave };
}

/** What is done beside the draining, each in small steps of its own. */
function backgroundLoops({ retentionDays, now }: DaemonParts, store: StoreHandle, log: Log) {
  return [
    createRollupLoop({ store, now, log }),
    ...(retentionDays === undefined
      ? []
      : [createRetentionLoop({ store, now, log, retentionDays })]),
  ];
}

function watchIdle(idleMs: number, lastNews: () => number, leave: () => void): NodeJS.Timeout {
  const look = (): void => {
    if (performance.now() - lastNews() >= idleMs) leave();
  };
  return setInterval(look, Math.min(IDLE_LOOK_MS, idleMs / 4));
}

function stateOf(
  startedAtMs: number,
  counts: Pick<DaemonState, 'drained' | 'unreadable' | 'pokes'>,
): Omit<DaemonState, 'shared_keys'> {
  return {
    pid: process.pid,
    version: VERSION,
    started_at: new Date(startedAtMs).toISOString(),
    ...counts,
    rss_bytes: process.memoryUsage.rss(),
  };
}

function sharedOf(claims: Claims): DaemonState['shared_keys'] {
  return claims.sharedState().map(({ url, isConnected, lastError, failures }) => ({
    url,
    connected: isConnected,
    last_error: lastError ?? null,
    failures,
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
