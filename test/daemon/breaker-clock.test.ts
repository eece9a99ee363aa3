import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ingestSpool } from '../../src/app/recording/ingest.ts';
import { createStoreHandle } from '../../src/app/store/store-handle.ts';
import { createConfigWatch } from '../../src/config/file/config-watch.ts';
import { createBreakerKeeper } from '../../src/daemon/loops/breaker-keeper.ts';
import { hookText } from '../../src/domain/hook/hook-id.ts';
import { gatePath, readGate } from '../../src/gates/gate-file.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { createBreakerStore } from '../../src/store/breakers.ts';
import { aState, CLI, start } from '../support/daemon.ts';
import { spoolWhole } from '../support/state.ts';

const COOLDOWN_MS = 600_000;
const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-20T10:00:00.000Z');

/** Like `spoolWhole`. */
const LINT = { hookName: 'lint', command: 'python3 .claude/hooks/guard_rm.py' };

/** The breaker of the hook `lint`, with a clock that can be set. */
function aKeeper() {
  const state = aState();
  const { paths } = state;
  const clock = { ms: NOW };
  const now = () => clock.ms;
  const store = createStoreHandle(paths.database, 1000, now);
  onTestFinished(() => store.close());
  const breaker = { hooks: [hookText(LINT)], window: 3, cooldown_seconds: COOLDOWN_MS / 1000 };
  writeFileSync(paths.config, JSON.stringify({ breaker }));
  const events: string[] = [];
  const keeper = createBreakerKeeper({
    paths,
    config: createConfigWatch(paths.config, () => undefined).current,
    store,
    now,
    log: (event, { why } = {}) => void events.push(why === undefined ? event : `${event} ${why}`),
  });
  const spool = createSpool(paths.spool, paths.quarantine);
  return {
    ...state,
    clock,
    events,
    /** Ingests executions that ended like this, one second apart and the last one now. */
    comesIn(...exitCodes: readonly number[]): void {
      for (const [index, exitCode] of exitCodes.entries()) {
        const createdAtMs = clock.ms - 1000 * (exitCodes.length - 1 - index);
        spoolWhole(
          paths,
          { hookName: 'lint', eventType: 'PostToolUse', createdAtMs },
          { exitCode },
        );
      }
      const { hooks } = store.use(({ writer }) => ingestSpool(spool, writer, now));
      keeper.follow(hooks);
    },
    looks: () => keeper.follow([]),
    untilMs: () => readGate(gatePath(paths.gates, LINT))?.untilMs,
  };
}

describe('a breaker whose clock is set back', () => {
  it('is open no longer than its cooldown', () => {
    const { clock, comesIn, looks, untilMs, events } = aKeeper();
    clock.ms = NOW + DAY_MS;
    comesIn(1, 1, 1);
    expect(untilMs()).toBe(NOW + DAY_MS + COOLDOWN_MS);
    clock.ms = NOW;
    looks();
    expect(untilMs()).toBe(NOW + COOLDOWN_MS);
    expect(events.at(-1)).toBe('breaker_open clock');
  });

  it('depends on the next run, and not on executions that start in the future', () => {
    const { clock, comesIn, untilMs, events } = aKeeper();
    clock.ms = NOW + DAY_MS;
    comesIn(1, 1, 1);
    clock.ms = NOW;
    comesIn(1);
    expect(untilMs()).toBe(NOW + COOLDOWN_MS);
    clock.ms = NOW + 1000;
    comesIn(1);
    expect(untilMs()).toBe(NOW + COOLDOWN_MS);
    clock.ms = NOW + COOLDOWN_MS;
    comesIn(0);
    expect(untilMs()).toBeUndefined();
    clock.ms += 5000;
    comesIn(1, 1);
    expect(untilMs()).toBeUndefined();
    expect(events.at(-1)).toBe('breaker_closed retry');
  });

  it('or whose cooldown becomes shorter, gets a new end from any command', async () => {
    const { paths, env, comesIn } = aKeeper();
    comesIn(1, 1, 1);
    const store = createStoreHandle(paths.database, 1000, Date.now);
    onTestFinished(() => store.close());
    const at = new Date(Date.now() + DAY_MS).toISOString();
    store.use(({ db }) => {
      const breakers = createBreakerStore(db);
      const row = breakers.find(LINT);
      if (row !== undefined) breakers.save({ ...row, opened_at: at, until: at });
    });
    mkdirSync(paths.gates, { recursive: true });
    writeFileSync(gatePath(paths.gates, LINT), `breaker ${Date.parse(at)}\n`);
    const words = [process.execPath, CLI, 'status'];
    expect((await start(words, { ...env, HOOKBUS_DAEMON: 'off' }).ended).code).toBe(0);
    const left = (readGate(gatePath(paths.gates, LINT))?.untilMs ?? 0) - Date.now();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(COOLDOWN_MS);
  });
});
