import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encodeNotify } from '../../src/protocol/socket.ts';
import { endGroup } from '../conformance/support/processes.ts';
import { aState, CLI, hasLauncher, inPool, LAUNCHER, start, until } from '../support/daemon.ts';
import { daemonsOf } from '../support/daemons-left.ts';
import { recordsIn } from '../support/spooled.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { startKiller } from './support/daemon-killer.ts';

const PAYLOAD = readFileSync(
  new URL('../../fixtures/payloads/PreToolUse.Bash.json', import.meta.url),
  'utf8',
);

type State = ReturnType<typeof aState>;

const names = (state: State): string[] =>
  state.rows<{ hook_name: string }>('SELECT hook_name FROM hook_logs').map((row) => row.hook_name);

const run = (state: State, name: string, hook: readonly string[], env = {}) =>
  start([LAUNCHER, 'run', '--name', name, '--', ...hook], { ...state.env, ...env }, PAYLOAD);

const WHY = hasLauncher ? '' : ' (skipped: no launcher was built, there being no C compiler)';

describe.skipIf(!hasLauncher)(`under fire${WHY}`, () => {
  it('400 runs, 8 at a time, are exact and recorded once while the daemon is killed repeatedly', async () => {
    const state = aState();
    const killer = startKiller(state, () => 60);
    let runs = 0;
    try {
      // On a busy machine a daemon takes time to start and to be killed.
      while (runs < 400 || killer.kills() < 4) {
        const before = runs;
        runs += 100;
        await inPool(100, 8, async (index) => {
          const line = `cat; exit ${index % 3}`;
          const { ended } = run(state, `hook-${before + index}`, ['sh', '-c', line]);
          expect(await ended).toEqual({ code: index % 3, signal: null, stdout: PAYLOAD });
        });
      }
    } finally {
      await killer.stop();
    }
    await start([process.execPath, CLI, 'daemon', 'start'], state.env).ended;
    await until('all rows', () => names(state).length >= runs);
    expect(new Set(names(state)).size).toBe(runs);
    expect(names(state)).toHaveLength(runs);
  });

  it('200 launchers at the same instant without a daemon leave one daemon and 200 rows', async () => {
    const state = aState();
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => run(state, `hook-${index}`, ['true']).ended),
    );
    await until('all rows', () => new Set(names(state)).size === 200, 30_000);
    expect(names(state)).toHaveLength(200);
    await until('one daemon', () => daemonsOf(state.home).length === 1);
    expect(await state.stop()).toBe(true);
    expect(daemonsOf(state.home)).toEqual([]);
  });

  it('a launcher that is killed at any moment leaves one row or none, and no hook', async () => {
    const state = aState();
    await state.daemon();
    await run(state, 'whole', ['sh', '-c', 'exit 1']).ended;
    for (let round = 0; round < 40; round += 1) {
      const { child, ended } = run(state, `hook-${round}`, ['sleep', '30']);
      await wait(round / 4);
      child.kill('SIGKILL');
      await ended;
    }
    await until('an empty spool', () => recordsIn(state.paths.spool).length === 0);
    const seen = names(state);
    expect(seen.length).toBeGreaterThan(10);
    expect(new Set(seen).size).toBe(seen.length);
    const rows = state.rows<{ status: string; error: string }>(
      "SELECT status, error FROM hook_logs WHERE hook_name <> 'whole'",
    );
    for (const row of rows)
      expect(row).toMatchObject({ status: 'error', error: expect.stringContaining('cut off') });
    const sleepers = readdirSync('/proc').filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`HOOKBUS_HOME=${state.home}`) &&
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sleep')
        );
      } catch {
        return false;
      }
    });
    expect(sleepers).toEqual([]);
  });

  it('a silent, a full and a broken socket delay no run', async () => {
    const state = aState();
    const talkers = [
      createServer((socket) => socket.pause()),
      createServer((socket) =>
        socket.on('error', () => undefined).end(Buffer.alloc(1024 * 1024, 255)),
      ),
      createServer((socket) => socket.destroy()),
    ];
    for (const server of talkers) {
      await new Promise<void>((resolve) => void server.listen(state.paths.socket, resolve));
      const before = performance.now();
      await Promise.all(
        Array.from({ length: 30 }, (_, index) => run(state, `hook-${index}`, ['true']).ended),
      );
      expect(performance.now() - before).toBeLessThan(5000);
      await new Promise((resolve) => {
        server.close(resolve);
        server.unref();
        resolve(undefined);
      });
    }
    expect(recordsIn(state.paths.spool).filter(({ name }) => name.endsWith('.rec'))).toHaveLength(
      90,
    );
  });

  it('nothing is started in the background if HOOKBUS_DAEMON is off', async () => {
    const state = aState();
    await run(state, 'hook', ['true'], { HOOKBUS_DAEMON: 'off' }).ended;
    expect(daemonsOf(state.home)).toEqual([]);
    expect(recordsIn(state.paths.spool)).toHaveLength(1);
  });

  it('a row is stored within 50 ms of the end of its hook while the daemon runs', async () => {
    const state = aState();
    await state.daemon();
    const latencies: number[] = [];
    for (let round = 1; round <= 15; round += 1) {
      await run(state, 'hook', ['true']).ended;
      const before = performance.now();
      await until('the row', () => names(state).length === round);
      latencies.push(performance.now() - before);
    }
    latencies.sort((a, b) => a - b);
    expect(latencies[7]).toBeLessThan(50);
    expect(encodeNotify('0.1.0').length).toBeLessThan(64);
  });

  it('a state directory with a path of 150 characters works like any other', async () => {
    const parent = temporaryDirectory();
    const home = join(parent, 'x'.repeat(149 - parent.length));
    expect(home).toHaveLength(150);
    const state = aState(home);
    // The launcher finds no daemon, starts one, and notifies it the next time: both find the same place for the socket.
    await run(state, 'first', ['true']).ended;
    const daemon = await until('the daemon', () => state.ask());
    await run(state, 'second', ['true']).ended;
    await until('both rows', () => names(state).length === 2);
    const isNotified = async () => ((await state.ask())?.pokes ?? 0) > 0;
    await until('the notification', isNotified);
    expect((await state.ask())?.pid).toBe(daemon.pid);
    expect(readdirSync(home)).toContain('bus.sock');
  });

  it('killing a whole process group leaves one interrupted row, and no process', async () => {
    const state = aState();
    await state.daemon();
    const line = [LAUNCHER, 'run', '--name', 'group', '--', 'sh', '-c', 'echo $$; sleep 60 & wait'];
    const child = spawn('setsid', ['--wait', ...line], {
      env: state.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const hook = Number(`${said}`);
    const fields = readFileSync(`/proc/${hook}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    const group = Number(fields[2]);
    expect(group).toBeGreaterThan(1);
    endGroup(group);
    await until('the row', () => names(state).length === 1);
    expect(state.rows('SELECT status, error FROM hook_logs')).toEqual([
      { status: 'error', error: expect.stringContaining('cut off') },
    ]);
    expect(readdirSync('/proc')).not.toContain(`${hook}`);
  });
});
