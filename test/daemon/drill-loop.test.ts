import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createStoreHandle } from '../../src/app/store/store-handle.ts';
import { parseConfig } from '../../src/config/file/config-file.ts';
import { createDrillLoop } from '../../src/daemon/loops/drill-loop.ts';
import { isRunning } from '../../src/os/process.ts';
import { takeLock } from '../../src/store/database.ts';
import { listPassedDrills } from '../../src/store/queries/guards/refusals.ts';
import { until } from '../support/daemon.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const HOUR_MS = 3_600_000;

/** A guard that refused one call, and the loop of a daemon, whose clock the test sets. */
function aDaemon(drill: object = { hours: 24, hooks: ['guard'] }) {
  const { paths } = freshState();
  const work = temporaryDirectory();
  const script = join(work, 'guard.sh');
  const refuse = (hookName: string, command: string): void => {
    const body = Buffer.from('{"tool_input":{"command":"rm"}}');
    const what = { hookName, command, cwd: work, status: 'blocked', exitCode: 2 } as const;
    const refused = anExecution({ ...what, decision: 'deny', stdinBytes: body.length });
    const stdin = { stream: 'stdin', encoding: 'identity', truncated: false, body } as const;
    writeExecutions(paths.database, [recordedOf(refused, [stdin])]);
  };
  refuse('guard', './guard.sh');
  const store = createStoreHandle(paths.database, 1000, Date.now);
  onTestFinished(store.close);
  const settings = { drill, nowMs: Date.now() };
  const logged: string[] = [];
  const rows = (sql: string): unknown[] => store.use(({ db }) => db.prepare(sql).pluck().all());
  return {
    ...{ paths, work, settings, logged, refuse, rows },
    hook(text: string): void {
      writeFileSync(script, `#!/bin/sh\n${text}\n`);
      chmodSync(script, 0o755);
    },
    drills: () => rows('SELECT decision FROM replays ORDER BY id'),
    passed: () => store.use(({ db }) => listPassedDrills(db)),
    log: () => logged.map((line) => line.replace(/ .*/, '')),
    /** Starts the loop, as a daemon does. */
    start() {
      const loop = createDrillLoop({
        ...{ paths, store, quietMs: 1 },
        now: () => settings.nowMs,
        config() {
          const reading = parseConfig(JSON.stringify({ drill: settings.drill }));
          if (reading.state === 'refused') throw new Error(reading.problem);
          return reading.config;
        },
        log: (event, values) => void logged.push(`${event} ${JSON.stringify(values)}`),
      });
      onTestFinished(loop.stop);
      loop.start();
      return loop;
    },
  };
}

type Daemon = ReturnType<typeof aDaemon>;

/** Starts a daemon, and waits until it has drilled this many times in all, and says so. */
async function drilled(daemon: Daemon, count: number): Promise<void> {
  const loop = daemon.start();
  await until('a drill', () => daemon.drills().length >= count && !loop.isRunning());
  await loop.stop();
}

it('a daemon drills a named guard once in its hours, and finds what it passes now', async () => {
  const daemon = aDaemon();
  daemon.hook('exit 2');
  daemon.refuse('other', 'exit 0');
  await drilled(daemon, 1);
  expect(daemon.drills()).toEqual(['deny']);
  expect(daemon.passed()).toEqual([]);

  daemon.hook('exit 0');
  daemon.settings.nowMs += 23 * HOUR_MS;
  // Not yet: another guard shows that this daemon has looked.
  daemon.settings.drill = { hours: 24, hooks: ['guard', 'late'] };
  daemon.refuse('late', 'exit 2');
  await drilled(daemon, 2);
  expect(daemon.rows('SELECT log_id FROM replays')).toEqual([1, 3]);

  daemon.settings.nowMs += 2 * HOUR_MS;
  await drilled(daemon, 3);
  expect(daemon.passed()).toMatchObject([{ hookName: 'guard', passed: 1, drilled: 1, logId: 1 }]);
  daemon.hook('exit 2');
  daemon.settings.nowMs += 25 * HOUR_MS;
  await drilled(daemon, 5);
  expect(daemon.passed()).toEqual([]);
});

it.each([
  ['names no hook', []],
  ['names another command of that name', ['guard: ./other.sh']],
])('a daemon runs no guard whose entry %s', async (_what, hooks) => {
  const daemon = aDaemon({ hours: 1, hooks: [...hooks, 'sign: exit 2'] });
  daemon.hook('touch ran; exit 2');
  daemon.refuse('sign', 'exit 2');
  await drilled(daemon, 1);
  expect(daemon.rows('SELECT log_id FROM replays')).toEqual([2]);
  expect(existsSync(join(daemon.work, 'ran'))).toBe(false);
});

it('a clock that was set back causes one drill for each daemon, not one after the other', async () => {
  const daemon = aDaemon();
  daemon.hook('exit 2');
  await drilled(daemon, 1);
  daemon.settings.nowMs -= 100 * HOUR_MS;
  daemon.settings.drill = { hours: 24, hooks: ['guard', 'last'] };
  daemon.refuse('last', 'exit 2');
  await drilled(daemon, 3);
  expect(daemon.rows('SELECT log_id FROM replays')).toEqual([1, 1, 2]);
});

it('a daemon waits while another drill runs', async () => {
  const daemon = aDaemon();
  daemon.hook('exit 2');
  const release = takeLock(daemon.paths.drillLock, 0);
  const loop = daemon.start();
  loop.notify();
  expect(daemon.drills()).toEqual([]);
  release();
  await loop.stop();
  await drilled(daemon, 1);
  expect(daemon.drills()).toEqual(['deny']);
});

it('a drill ends with the daemon, with all that the hook started, and proves nothing', async () => {
  const daemon = aDaemon();
  daemon.hook('sleep 100 & echo $! > child; sleep 100');
  const loop = daemon.start();
  const child = join(daemon.work, 'child');
  await until('a drill', () => existsSync(child) && readFileSync(child, 'utf8').endsWith('\n'));
  expect(loop.isRunning()).toBe(true);
  await loop.stop();
  expect(isRunning(Number(readFileSync(child, 'utf8')), 0)).toBe(false);
  expect(daemon.drills()).toEqual([]);
});

it.each([
  ['floods', 'yes', 'passes'],
  ['signals its process group', 'kill -TERM 0', 'passes'],
  ['hangs', 'exec sleep 100', 'passes'],
  ['deletes its directory', 'rm -r "$PWD"; exit 2', 'refuses'],
  ['cannot start', 'exit 127', 'passes'],
])('a daemon outlives a hook that %s', async (_what, text, verdict) => {
  const daemon = aDaemon({ hours: 24, hooks: ['guard'], timeout_seconds: 1 });
  daemon.hook(text);
  await drilled(daemon, 1);
  expect(daemon.logged.join('\n')).toContain(`"verdict":"${verdict}"`);
  // That it cannot start here may be the fault of this PATH.
  expect(daemon.passed()).toHaveLength(verdict === 'refuses' || text === 'exit 127' ? 0 : 1);
});

it('a guard that cannot be drilled costs a line in the log', async () => {
  const daemon = aDaemon();
  daemon.rows('DELETE FROM hook_payloads RETURNING log_id');
  const loop = daemon.start();
  await until('a drill', () => daemon.log().includes('drill_impossible'));
  await loop.stop();
  expect(daemon.drills()).toEqual([]);
});
