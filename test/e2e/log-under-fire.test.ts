import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statePaths } from '../../src/config/home/paths.ts';
import { aState, CLI, hasLauncher, inPool, LAUNCHER, start, until } from '../support/daemon.ts';
import { processesOf } from '../support/daemons-left.ts';
import { createRandom } from '../support/random.ts';
import { recordsIn } from '../support/spooled.ts';
import { startKiller } from './support/daemon-killer.ts';

/** Long enough for the log to rotate many times. */
const PAYLOAD = `${JSON.stringify({ hook_event_name: 'PostToolUse', session_id: 's', tool_response: 'x'.repeat(30_000) })}\n`;

/** What the daemons of a state directory are doing, for a failure that is seen once in a hundred runs. */
function stateOfDaemons(home: string): string {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      return String(error);
    }
  };
  const paths = statePaths(home);
  const processes = processesOf(home).map((pid) =>
    ['cmdline', 'wchan', 'stat', 'stack'].map((name) => read(`/proc/${pid}/${name}`)).join('\n'),
  );
  const left = recordsIn(paths.spool).map(({ name }) => name);
  return [left.join(' '), ...processes, read(paths.log).split('\n').slice(-40).join('\n')].join(
    '\n',
  );
}

const WHY = hasLauncher ? '' : ' (skipped: no launcher was built, there being no C compiler)';

describe.skipIf(!hasLauncher)(`the log under fire${WHY}`, () => {
  it('has every finished run exactly once, and no other, while launchers, commands and the daemon are killed', async () => {
    const random = createRandom(17);
    const state = aState();
    const ended = new Set<string>();
    const killed = new Set<string>();
    const logs = new Set<string>();
    const startDaemon = () => start([process.execPath, CLI, 'daemon', 'start'], state.env).ended;
    let isOver = false;
    const killer = startKiller(state, () => 20 + random(80));
    const drainer = (async () => {
      while (!isOver) {
        const { child, ended: over } = start([process.execPath, CLI, 'status'], state.env);
        const timer = setTimeout(() => child.kill('SIGKILL'), 100 + random(400));
        await over;
        clearTimeout(timer);
      }
    })();
    const isUnderFire = (): boolean =>
      killer.kills() > 3 && killed.size > 20 && [...logs].some((name) => name.startsWith('log.'));
    const run = async (index: number): Promise<void> => {
      const name = `hook-${index}`;
      const line = random(3) === 0 ? 'cat; sleep 0.03' : 'cat >/dev/null; exit 1';
      const words = [LAUNCHER, 'run', '--store-raw', '--name', name, '--', 'sh', '-c', line];
      const { child, ended: over } = start(words, state.env, PAYLOAD);
      const timer = random(4) === 0 && setTimeout(() => child.kill('SIGKILL'), random(40));
      const { signal } = await over;
      if (timer !== false) clearTimeout(timer);
      for (const one of readdirSync(state.paths.spool)) logs.add(one);
      (signal === null ? ended : killed).add(name);
    };
    // A fast machine finishes the first 420 before the daemon has been killed four times, a busy one starts it late.
    const deadline = performance.now() + 120_000;
    try {
      for (
        let batch = 0;
        batch === 0 || (!isUnderFire() && performance.now() < deadline);
        batch += 1
      ) {
        await inPool(420, 6, (index) => run(batch * 420 + index));
        // Whatever waits at the end has to be stored within the time limits below, however long this took.
        while (recordsIn(state.paths.spool).length > 400 && performance.now() < deadline)
          await startDaemon();
      }
    } finally {
      isOver = true;
      await Promise.all([killer.stop(), drainer]);
    }
    await startDaemon();
    await until('all recorded', () => recordsIn(state.paths.spool).length === 0, 90_000).catch(
      (error: Error) => {
        throw new Error(`${error.message}:\n${stateOfDaemons(state.home)}`);
      },
    );
    expect(await state.stop()).toBe(true);
    const rows = state.rows<{ hook_name: string; error: string | null; bytes: number }>(
      `SELECT hook_name, error, (SELECT sum(length(body)) FROM hook_payloads WHERE log_id = hook_logs.id) bytes
       FROM hook_logs`,
    );
    const names = rows.map((row) => row.hook_name);
    expect(new Set(names).size).toBe(names.length);
    expect([...ended].filter((name) => !names.includes(name))).toEqual([]);
    for (const { hook_name: name, error } of rows) {
      expect(ended.has(name) || killed.has(name), name).toBe(true);
      if (ended.has(name)) expect(error ?? '').not.toMatch(/^cut off/);
    }
    expect(rows.some((row) => row.error?.startsWith('cut off') === true)).toBe(true);
    expect({
      kills: killer.kills(),
      killed: killed.size,
      logs: [...logs],
      isUnderFire: isUnderFire(),
    }).toMatchObject({
      isUnderFire: true,
    });
    const left = readdirSync(state.paths.spool).filter((name) => name !== 'unreadable');
    for (const name of left) expect(readFileSync(join(state.paths.spool, name))).toHaveLength(0);
  }, 300_000);
});
