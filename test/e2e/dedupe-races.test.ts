import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { aState, CLI, hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';
import { EFFORT } from '../support/effort.ts';

/** How many processes race for one key, and how often. */
const RACERS = 40;
const ROUNDS = 10 * EFFORT;
/** Node engines take ten times as long as launchers to start. */
const NODE_ROUNDS = 2 * EFFORT;

type State = ReturnType<typeof aState>;

const LAUNCHERS = [[LAUNCHER]];
const NODES = [[execPath, CLI]];

/** A payload with its own tool use, so with its own key. */
const payload = (round: number, event: string): string =>
  JSON.stringify({
    session_id: 'races',
    hook_event_name: event,
    tool_name: 'Bash',
    tool_input: { command: 'true' },
    tool_use_id: `toolu_${round}`,
  });

/** What duplicates do on the event: wait for the result, be skipped, or run until one has refused. */
const MODES = {
  replay: { event: 'Stop', options: ['--on-duplicate', 'replay'] },
  skip: { event: 'PostToolUse', options: [] },
  deny: { event: 'PreToolUse', options: [] },
} as const;

const REFUSED = { code: 2, signal: null, stdout: '{}\n' };
const SKIPPED = { code: 0, signal: null, stdout: '' };

async function race(
  state: State,
  engines: readonly (readonly string[])[],
  round: number,
  mode: keyof typeof MODES,
) {
  const count = join(state.home, 'count');
  const { event, options } = MODES[mode];
  const hook = ['sh', '-c', 'echo run >>"$0"; cat >/dev/null; echo "{}"; exit 2', count];
  rmSync(count, { force: true });
  const run = (index: number) => {
    const engine = engines[index % engines.length] ?? [];
    const words = [...engine, 'run', '--name', 'race', '--dedupe', ...options, '--', ...hook];
    return start(words, state.env, payload(round, event)).ended;
  };
  const ends = await Promise.all(Array.from({ length: RACERS }, (_, index) => run(index)));
  const refused = ends.filter(({ code }) => code === 2);
  expect(refused).toEqual(refused.map(() => REFUSED));
  if (mode === 'skip') {
    expect(ends.filter(({ code }) => code !== 2)).toEqual(Array(RACERS - 1).fill(SKIPPED));
  } else {
    expect(refused).toHaveLength(RACERS);
  }
  const runs = readFileSync(count, 'utf8');
  if (mode === 'deny') {
    // Nobody waited. From now on no hook runs.
    await until('the refusal to be recorded', async () => {
      const before = readFileSync(count, 'utf8');
      expect(await run(0)).toEqual(REFUSED);
      return readFileSync(count, 'utf8') === before;
    });
  }
  return runs;
}

async function races(
  engines: readonly (readonly string[])[],
  withDaemon: boolean,
  mode: keyof typeof MODES,
) {
  const state = aState();
  if (withDaemon) await state.daemon();
  else Object.assign(state.env, { HOOKBUS_DAEMON: 'off' });
  const all = engines === LAUNCHERS ? ROUNDS : NODE_ROUNDS;
  const rounds = mode === 'deny' ? Math.ceil(all / 4) : all;
  for (let round = 0; round < rounds; round += 1) {
    const runs = await race(state, engines, round, mode);
    if (mode !== 'deny') expect(runs, `round ${round}`).toBe('run\n');
  }
  if (mode === 'deny') return;
  await start([execPath, CLI, 'logs', '--json'], state.env).ended;
  const statuses = state.rows<{ status: string; n: number }>(
    'SELECT status, count(*) AS n FROM hook_logs GROUP BY status ORDER BY status',
  );
  expect(statuses).toEqual([
    { status: 'blocked', n: rounds },
    { status: 'dedupe_skip', n: rounds * (RACERS - 1) },
  ]);
}

const why = hasLauncher ? '' : ' (skipped: no launcher was built, there being no C compiler)';

describe.each([
  ['replay', 'run the hook once, and all give its result'],
  ['skip', 'run the hook once, and the others are skipped'],
  ['deny', 'all refuse, and no hook runs once a refusal is stored'],
] as const)(`${RACERS} processes that race on one key, with %s, %s`, (mode, _) => {
  it.skipIf(!hasLauncher)(
    `launchers that ask the daemon${why}`,
    { timeout: 120_000 * EFFORT },
    () => races(LAUNCHERS, true, mode),
  );

  it('Node engines that ask the database', { timeout: 300_000 * EFFORT }, () =>
    races(NODES, false, mode),
  );

  it.skipIf(!hasLauncher)(`both, mixed, with a daemon${why}`, { timeout: 300_000 }, () =>
    races([...LAUNCHERS, ...NODES], true, mode),
  );
});

describe.skipIf(!hasLauncher)(`${RACERS} launchers that race for one key${why}`, () => {
  it('without a daemon, each with a helper, all refuse', { timeout: 300_000 }, async () => {
    const state = aState();
    Object.assign(state.env, { HOOKBUS_DAEMON: 'off' });
    await race(state, LAUNCHERS, 0, 'deny');
  });

  it('without a daemon, of whom the first starts one, lose no refusal', {
    timeout: 120_000,
  }, async () => {
    const state = aState();
    writeFileSync(join(state.home, 'x'), '');
    await race(state, LAUNCHERS, 0, 'deny');
  });

  it('while the daemon is killed lose no refusal', { timeout: 120_000 }, async () => {
    const state = aState();
    // No launcher may start the next daemon before this test does.
    Object.assign(state.env, { HOOKBUS_DAEMON: 'off' });
    for (let round = 0; round < 5; round += 1) {
      const daemon = await state.daemon();
      const killed = new Promise((resolve) => daemon.once('exit', resolve));
      const racing = race(state, LAUNCHERS, round, 'deny');
      setTimeout(() => daemon.kill('SIGKILL'), 20 * round);
      await killed;
      await racing;
    }
  });
});
