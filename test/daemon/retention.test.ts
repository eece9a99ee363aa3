import { expect, it } from 'vitest';
import { hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';
import { aStateWith, configure, type State } from '../support/exporting.ts';
import { hookbusProcess } from '../support/hookbus.ts';
import { spoolMany } from '../support/spool-many.ts';

const DAY_MS = 86_400_000;

/** Executions that started this many days ago, each by a hook with this name. */
function spoolAges(state: State, days: readonly number[]): void {
  for (const age of days)
    spoolMany(state, 1, { hookName: `d${age}`, createdAtMs: Date.now() - age * DAY_MS });
}

const kept = (state: State): string[] =>
  state
    .rows<{ name: string }>("SELECT hook_name AS name FROM hook_logs WHERE hook_name LIKE 'd%'")
    .map(({ name }) => name)
    .toSorted();

/** A daemon started by a hook, with this in the hook's environment. */
async function startedByHook(state: State, days: string): Promise<void> {
  const env = { ...state.env, HOOKBUS_DAEMON: 'auto', HOOKBUS_RETENTION_DAYS: days };
  const { code } = await start([LAUNCHER, 'run', '--name', 'lint', '--', 'true'], env).ended;
  expect(code).toBe(0);
  await until('the daemon', async () => (await state.ask()) !== undefined);
}

// A daemon runs retention a minute after its start, so all of them wait for that at the same time.
it.skipIf(!hasLauncher)(
  'a daemon deletes by config.json, unless the user who starts it keeps rows longer, and never by a refused file or the environment of a hook',
  async () => {
    const refused = aStateWith({ retention_days: 1 });
    spoolAges(refused, [5, 40]);
    configure(refused, { retention_days: -1 });
    await startedByHook(refused, '0');
    const [none, more] = [aStateWith({ retention_days: 3 }), aStateWith({ retention_days: 3 })];
    for (const state of [none, more]) spoolAges(state, [2, 5, 40]);
    await startedByHook(none, '0');
    await startedByHook(more, '30');
    const person = aStateWith({ retention_days: 3 });
    spoolAges(person, [2, 5, 40]);
    const env = { HOOKBUS_HOME: person.home, HOOKBUS_RETENTION_DAYS: '30' };
    hookbusProcess(['daemon', 'start'], env);
    for (const state of [none, more, person])
      await until('all rows', () => kept(state).length === 3);
    const gone = (state: State, left: readonly string[]) =>
      until(`${left} to be left`, () => kept(state).join() === left.join(), 120_000);
    await gone(none, ['d2']);
    await gone(more, ['d2']);
    // It was started last, so all others have had their turn.
    await gone(person, ['d2', 'd5']);
    expect(kept(none)).toEqual(['d2']);
    expect(kept(refused)).toEqual(['d40', 'd5']);
  },
  200_000,
);
