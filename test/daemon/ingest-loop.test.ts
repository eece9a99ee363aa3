import { describe, expect, it, onTestFinished } from 'vitest';
import { createStoreHandle } from '../../src/app/store/store-handle.ts';
import { createConfigWatch } from '../../src/config/file/config-watch.ts';
import { createLog } from '../../src/daemon/log.ts';
import { createBreakerKeeper } from '../../src/daemon/loops/breaker-keeper.ts';
import { createIngestLoop } from '../../src/daemon/loops/ingest-loop.ts';
import { encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { until } from '../support/daemon.ts';
import { aBegin, anEnd } from '../support/records.ts';
import { freshState, makeDatabase } from '../support/state.ts';

/** The loop of a daemon, without one. */
function aLoop(onIngested: () => void = () => undefined) {
  const { paths } = freshState();
  makeDatabase(paths);
  const store = createStoreHandle(paths.database, 200, Date.now);
  const log = createLog(paths.log, Date.now);
  const spool = createSpool(paths.spool, paths.quarantine);
  const config = createConfigWatch(paths.config, () => undefined).current;
  const breakers = createBreakerKeeper({ paths, config, store, now: Date.now, log });
  const turns: number[] = [];
  const loop = createIngestLoop({
    ...{ paths, spool, store, log, breakers, now: Date.now },
    onIngested({ stored }) {
      turns.push(stored);
      onIngested();
    },
  });
  onTestFinished(() => {
    loop.stop();
    store.close();
  });
  return {
    loop,
    /** How many records each turn ingested. */
    turns,
    leave(records: number): void {
      for (let index = 0; index < records; index += 1) {
        const begin = aBegin();
        spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(anEnd()));
      }
    },
  };
}

describe('ingest', () => {
  it('follows at once on a notification between two of its turns', async () => {
    const { loop, turns, leave } = aLoop(() => {
      if (turns.length > 1) return;
      setImmediate(() => {
        leave(1);
        loop.notify();
      });
    });
    leave(500);
    loop.start();
    await until('the first turn', () => turns.length > 0);
    const startMs = performance.now();
    await until('all records', () => turns.reduce((sum, stored) => sum + stored, 0) === 501);
    // Without a notification it polls every 2 s.
    expect(performance.now() - startMs).toBeLessThan(1000);
  });

  it('waits while hooks run close together, but not for long', async () => {
    const notified: number[] = [];
    const waits: { readonly sinceFirst: number; readonly sinceLast: number }[] = [];
    const { loop, turns, leave } = aLoop(() => {
      const nowMs = performance.now();
      const [first = nowMs, last = nowMs] = [notified[0], notified.at(-1)];
      waits.push({ sinceFirst: nowMs - first, sinceLast: nowMs - last });
      notified.length = 0;
    });
    loop.start();
    await until('five turns', () => {
      leave(1);
      loop.notify();
      notified.push(performance.now());
      return turns.length >= 5;
    });
    // The first turn needs no notification. A timer may be 1 ms early; on a busy machine it is late.
    for (const { sinceFirst, sinceLast } of waits.slice(1)) {
      expect(sinceLast >= 9 || sinceFirst >= 99, `${sinceFirst} ms, ${sinceLast} ms`).toBe(true);
      expect(sinceFirst).toBeLessThan(1000);
    }
  });
});
