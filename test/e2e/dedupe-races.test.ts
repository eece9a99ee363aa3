import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { aState, CLI, hasLauncher, LAUNCHER, start } from '../support/daemon.ts';

/** Processes that race on one key, and how often in a row. */
const RACERS = 40;
const ROUNDS = 20;

type State = ReturnType<typeof aState>;

const LAUNCHERS = [[LAUNCHER]];
const NODES = [[execPath, CLI]];

/** A payload with a tool use of its own: a key of its own. */
const payload = (round: number, event: string): string =>
  JSON.stringify({
    session_id: 'races',
    hook_event_name: event,
    tool_name: 'Bash',
    tool_input: { command: 'true' },
    tool_use_id: `toolu_${round}`,
  });

async function race(state: State, engines: readonly (readonly string[])[], round: number) {
  const count = join(state.home, 'count');
  const hook = ['sh', '-c', 'echo run >>"$0"; cat >/dev/null; echo "{}"; exit 2', count];
  rmSync(count, { force: true });
  const ends = Array.from({ length: RACERS }, (_, index) => {
    const engine = engines[index % engines.length] ?? [];
    const words = [...engine, 'run', '--name', 'race', '--dedupe', '--', ...hook];
    return start(words, state.env, payload(round, 'PreToolUse')).ended;
  });
  for (const end of await Promise.all(ends)) {
    expect(end).toEqual({ code: 2, signal: null, stdout: '{}\n' });
  }
  return readFileSync(count, 'utf8');
}

async function races(engines: readonly (readonly string[])[], withDaemon: boolean) {
  const state = aState();
  if (withDaemon) await state.daemon();
  else Object.assign(state.env, { HOOKBUS_DAEMON: 'off' });
  for (let round = 0; round < ROUNDS; round += 1) {
    expect(await race(state, engines, round), `round ${round}`).toBe('run\n');
  }
  await start([execPath, CLI, 'logs', '--json'], state.env).ended;
  const statuses = state.rows<{ status: string; n: number }>(
    'SELECT status, count(*) AS n FROM hook_logs GROUP BY status ORDER BY status',
  );
  expect(statuses).toEqual([
    { status: 'blocked', n: ROUNDS },
    { status: 'dedupe_skip', n: ROUNDS * (RACERS - 1) },
  ]);
}

describe(`${RACERS} processes that race on one key run the hook once, ${ROUNDS} times in a row`, () => {
  const why = hasLauncher ? '' : ' (skipped: no launcher was built, there being no C compiler)';

  it.skipIf(!hasLauncher)(`launchers that ask the daemon${why}`, { timeout: 120_000 }, () =>
    races(LAUNCHERS, true),
  );

  it('Node engines that ask the database', { timeout: 300_000 }, () => races(NODES, false));

  it.skipIf(!hasLauncher)(`both, mixed, with a daemon${why}`, { timeout: 300_000 }, () =>
    races([...LAUNCHERS, ...NODES], true),
  );

  it.skipIf(!hasLauncher)(
    `launchers that find no daemon, of which the first starts one${why}`,
    { timeout: 120_000 },
    async () => {
      const state = aState();
      writeFileSync(join(state.home, 'x'), '');
      expect(await race(state, LAUNCHERS, 0)).toBe('run\n');
    },
  );

  it.skipIf(!hasLauncher)(
    `the daemon is killed while they race${why}`,
    { timeout: 120_000 },
    async () => {
      const state = aState();
      for (let round = 0; round < 5; round += 1) {
        const daemon = await state.daemon();
        const killed = new Promise((resolve) => daemon.once('exit', resolve));
        const racing = race(state, LAUNCHERS, round);
        setTimeout(() => daemon.kill('SIGKILL'), 20 * round);
        await killed;
        // A result that no daemon was there to take is lost with its owner, and one that waited runs in its stead.
        expect(await racing).toMatch(/^(?:run\n){1,2}$/);
      }
    },
  );
});
