import { rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { askDaemon } from '../../../src/daemon/client/client.ts';
import type { aState } from '../../support/daemon.ts';
import { daemonsOf } from '../../support/daemons-left.ts';

/** A daemon that takes longer to answer, on a slow disk for example, is killed unasked. */
const PATIENCE_MS = 10_000;

/** How long a daemon may take to start. More of them would take the processor from it, and none would ever answer. */
const START_MS = 3000;

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/**
 * Kills the daemon of a state directory again and again, and lets the launchers start another one.
 * @param pauseMs how long to wait before each look
 */
export function startKiller(state: ReturnType<typeof aState>, pauseMs: () => number) {
  let isOver = false;
  let kills = 0;
  async function victims(): Promise<number[]> {
    const asked = performance.now();
    const daemon = await askDaemon(state.paths.socket, PATIENCE_MS);
    if (daemon !== undefined) return [daemon.pid];
    return performance.now() - asked < PATIENCE_MS ? [] : daemonsOf(state.home);
  }
  const over = (async () => {
    let tried = performance.now();
    while (!isOver) {
      await wait(pauseMs());
      const pids = await victims();
      for (const pid of pids) kill(pid);
      if (pids.length > 0) kills += 1;
      else if (performance.now() < tried + START_MS) continue;
      tried = performance.now();
      rmSync(state.paths.daemonTried, { force: true });
    }
  })();
  return {
    kills: (): number => kills,
    async stop(): Promise<void> {
      isOver = true;
      await over;
    },
  };
}
