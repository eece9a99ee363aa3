import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { commandLine, hookText } from '../../src/domain/hook/hook-id.ts';
import type { Begin, End } from '../../src/domain/record.ts';
import { gateFiles, gatePath, readGate } from '../../src/gates/gate-file.ts';
import { aState, CLI, hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';
import { spoolMany } from '../support/spool-many.ts';

type State = ReturnType<typeof aState>;

/** What runs hooks: the launcher, or the Node engine if none was built. */
const PROGRAM = hasLauncher ? [LAUNCHER] : [process.execPath, CLI];

/** A hook of that state directory that does what its file says. */
const hookIn = (state: State): string[] => ['sh', join(state.home, 'hook.sh')];

/** Runs the hook with this content of its file. */
function run(state: State, name: string, work: string, event = 'PostToolUse') {
  writeFileSync(join(state.home, 'hook.sh'), work);
  const words = ['run', '--name', name, '--event', event, '--', ...hookIn(state)];
  return start([...PROGRAM, ...words], state.env).ended;
}

async function cli(state: State, ...words: string[]): Promise<string> {
  const { stdout, code } = await start([process.execPath, CLI, ...words], state.env).ended;
  expect({ words, code }).toEqual({ words, code: 0 });
  return stdout;
}

const idIn = (state: State, hookName: string) => ({
  hookName,
  command: commandLine(hookIn(state)),
});

const gateIn = (state: State, name: string) => gatePath(state.paths.gates, idIn(state, name));

const status = async (state: State) => JSON.parse(await cli(state, 'status', '--json'));

/** @param breaker names in `hooks` mean the hook of this state directory */
function configure(
  state: State,
  { hooks, ...breaker }: Record<string, unknown> & { hooks?: string[] },
): void {
  const named = hooks?.map((name) => hookText(idIn(state, name)));
  writeFileSync(state.paths.config, JSON.stringify({ breaker: { ...breaker, hooks: named } }));
}

const gateOf = (state: State, name: string) => readGate(gateIn(state, name));

const log = (state: State): string => readFileSync(state.paths.log, 'utf8');

/** Executions of the hook of this state directory. */
const spoolRuns = (state: State, count: number, begin: Partial<Begin>, end: Partial<End>): void =>
  spoolMany(state, count, { argv: hookIn(state), eventType: 'PostToolUse', ...begin }, end);

/** Changes the database as the docs tell users to. */
function change(state: State, sql: string): void {
  const db = new Sqlite(state.paths.database, { timeout: 2000 });
  db.exec(sql);
  db.close();
}

const stored = (state: State): number => state.rows('SELECT 1 FROM hook_logs').length;

describe('a breaker', () => {
  it('opens after 20 failing runs, and closes when one succeeds after its cooldown', async () => {
    const state = aState();
    configure(state, { enabled: true, cooldown_seconds: 2 });
    await state.daemon();
    for (let index = 0; index < 19; index += 1) {
      expect((await run(state, 'lint', 'exit 1')).code).toBe(1);
    }
    await until('19 rows', () => stored(state) === 19);
    expect(gateOf(state, 'lint')).toBeUndefined();
    await run(state, 'lint', 'exit 1');
    const gate = await until('the gate', () => gateOf(state, 'lint'));
    expect(gate.kind).toBe('breaker');
    expect(statSync(gateIn(state, 'lint')).mode & 0o777).toBe(0o600);
    expect(statSync(state.paths.gates).mode & 0o777).toBe(0o700);
    // The row can be seen a moment after the gate.
    await until('the row', () => state.rows('SELECT 1 FROM breakers').length > 0);
    expect(state.rows('SELECT hook_name, state, runs, failures FROM breakers')).toEqual([
      { hook_name: 'lint', state: 'open', runs: 20, failures: 20 },
    ]);
    await wait(Math.max(0, gate.untilMs - Date.now()) + 1);
    expect(await run(state, 'lint', 'echo well')).toMatchObject({ code: 0, stdout: 'well\n' });
    await until('the breaker to close', () => gateOf(state, 'lint') === undefined);
    const closed = "SELECT 1 FROM breakers WHERE state = 'closed'";
    await until('the row of the closed breaker', () => state.rows(closed).length > 0);
    // What failed before is forgiven.
    await run(state, 'lint', 'exit 1');
    await until('22 rows', () => stored(state) === 22);
    await until('the log of the closed breaker', () => log(state).includes('breaker_closed'));
    expect(log(state)).toMatch(
      /breaker_open pid=\d+ hook="lint" why="too_many_failures" runs=20 failures=20/,
    );
    expect(log(state)).toMatch(/breaker_closed pid=\d+ hook="lint" why="retry"/);
    expect(gateOf(state, 'lint')).toBeUndefined();
  });

  it('opens again when the next run fails, and survives a restart of the daemon', async () => {
    const state = aState();
    configure(state, { hooks: ['lint'], window: 3, cooldown_seconds: 1 });
    await state.daemon();
    spoolRuns(state, 3, { hookName: 'lint' }, { exitCode: 1 });
    const first = await until('the gate', () => gateOf(state, 'lint'));
    expect(await state.stop()).toBe(true);
    await state.daemon();
    expect(gateOf(state, 'lint')).toEqual(first);
    await wait(Math.max(0, first.untilMs - Date.now()) + 1);
    configure(state, { hooks: ['lint'], window: 3, cooldown_seconds: 600 });
    await until('the changed config.json', () => log(state).match(/config_read/g)?.length === 3);
    expect((await run(state, 'lint', 'exit 7')).code).toBe(7);
    const again = await until('the breaker to open again', () => {
      const gate = gateOf(state, 'lint');
      return gate !== undefined && gate.untilMs > Date.now() + 300_000 ? gate : undefined;
    });
    expect(again.kind).toBe('breaker');
    expect((await run(state, 'lint', 'exit 7')).code).toBe(0);
    expect(await status(state)).toMatchObject({
      gates: [{ hook_name: 'lint', state: 'open', runs: 3, failures: 3 }],
    });
    expect(await cli(state, 'on', 'lint')).toContain('its breaker is closed');
    expect((await run(state, 'lint', 'exit 7')).code).toBe(7);
    expect(state.rows('SELECT state FROM breakers')).toEqual([{ state: 'closed' }]);
  });

  it('never opens for exit 2, skips or too few failures, and closes if the next run blocks', async () => {
    const state = aState();
    configure(state, { hooks: ['guard', 'few', 'half'], window: 4, cooldown_seconds: 1 });
    spoolRuns(state, 8, { hookName: 'guard' }, { exitCode: 2 });
    spoolRuns(state, 3, { hookName: 'few' }, { exitCode: 1 });
    spoolRuns(state, 9, { hookName: 'few' }, { kind: 'breaker_skip', reason: 'off' });
    spoolRuns(state, 3, { hookName: 'half' }, { exitCode: 0 });
    spoolRuns(state, 2, { hookName: 'half' }, { kind: 'timeout', exitCode: 124 });
    await state.daemon();
    const gate = await until('the gate at 50 %', () => gateOf(state, 'half'));
    expect(gateOf(state, 'guard')).toBeUndefined();
    expect(gateOf(state, 'few')).toBeUndefined();
    await wait(Math.max(0, gate.untilMs - Date.now()) + 1);
    expect((await run(state, 'half', 'exit 2')).code).toBe(2);
    await until('the breaker to close', () => gateOf(state, 'half') === undefined);
  });

  it('is off by default, and status recommends it', async () => {
    const state = aState();
    spoolRuns(state, 20, { hookName: 'lint', eventType: 'PostToolUse' }, { exitCode: 1 });
    spoolRuns(state, 20, { hookName: 'guard', eventType: 'PreToolUse' }, { exitCode: 1 });
    await state.daemon();
    await until('the rows', () => stored(state) === 40);
    const { gates, breaker, config } = await status(state);
    expect({ gates, config: config.state }).toEqual({ gates: [], config: 'absent' });
    expect(breaker.recommended).toEqual([
      {
        hook_name: 'lint',
        command: commandLine(hookIn(state)),
        runs: 20,
        failures: 20,
      },
    ]);
    expect(await cli(state, 'status')).toContain('hookbus config set breaker.enabled true');
    expect(state.rows('SELECT 1 FROM breakers')).toEqual([]);
    // Enabled for all hooks that cannot block, it includes this one.
    await cli(state, 'config', 'set', 'breaker.enabled', 'true');
    spoolRuns(state, 1, { hookName: 'lint', eventType: 'PostToolUse' }, { exitCode: 1 });
    spoolRuns(state, 1, { hookName: 'guard', eventType: 'PreToolUse' }, { exitCode: 1 });
    await until('the gate', () => gateOf(state, 'lint'));
    await until('the rows', () => stored(state) === 42);
    expect(gateOf(state, 'guard')).toBeUndefined();
    // After it is disabled, nothing is skipped any more.
    await cli(state, 'config', 'set', 'breaker.enabled', 'false');
    expect(gateOf(state, 'lint')).toBeUndefined();
  });

  it('never skips a hook that runs on an event that it can block, and on others', async () => {
    const state = aState();
    configure(state, { enabled: true, window: 3 });
    await state.daemon();
    spoolRuns(state, 1, { hookName: 'both', eventType: 'Stop' }, { exitCode: 0 });
    spoolRuns(state, 9, { hookName: 'both', eventType: 'PostToolUse' }, { exitCode: 1 });
    spoolRuns(state, 3, { hookName: 'one', eventType: 'PostToolUse' }, { exitCode: 1 });
    await until('the gate of the other', () => gateOf(state, 'one'));
    await until('the rows', () => stored(state) === 13);
    expect(gateOf(state, 'both')).toBeUndefined();
    // Nor does it open if the hook is named.
    const named = hookText(idIn(state, 'both'));
    await cli(state, 'config', 'set', 'breaker.hooks', JSON.stringify([named]));
    spoolRuns(state, 1, { hookName: 'both' }, { exitCode: 1 });
    spoolRuns(state, 1, { hookName: 'one' }, { exitCode: 1 });
    await until('the rows', () => stored(state) === 15);
    expect(gateOf(state, 'both')).toBeUndefined();
  });

  it.each([
    ['printed a JSON object once', { stdoutKind: 'json' }, {}],
    ['refused once by exit code', { exitCode: 2 }, {}],
    ['refused a duplicate', { kind: 'dedupe_skip', exitCode: 2 }, {}],
    ['was called where a hook can block', { exitCode: 0 }, { eventType: 'PreToolUse' }],
  ] as const)('never opens for a hook that %s, however long ago', async (_, end, begin) => {
    const state = aState();
    configure(state, { enabled: true, hooks: ['scan', 'lint'], window: 3 });
    const createdAtMs = Date.now() - 6 * 86_400_000;
    spoolRuns(state, 1, { hookName: 'scan', createdAtMs, ...begin }, end);
    spoolRuns(state, 30, { hookName: 'scan' }, { exitCode: 1 });
    spoolRuns(state, 3, { hookName: 'lint' }, { exitCode: 1 });
    await state.daemon();
    await until('the gate of another', () => gateOf(state, 'lint'));
    await until('the rows', () => stored(state) === 34);
    expect(gateOf(state, 'scan')).toBeUndefined();
    const { breaker } = await status(state);
    expect(breaker.recommended).toEqual([]);
  });

  it('closes once its hook answers in JSON', async () => {
    const state = aState();
    configure(state, { enabled: true, window: 3, cooldown_seconds: 600 });
    await state.daemon();
    spoolRuns(state, 3, { hookName: 'scan' }, { exitCode: 1 });
    await until('the gate', () => gateOf(state, 'scan'));
    // Another process may have started it before the gate existed.
    spoolRuns(state, 1, { hookName: 'scan', createdAtMs: Date.now() }, { stdoutKind: 'json' });
    await until('the breaker to close', () => gateOf(state, 'scan') === undefined);
  });

  it('also skips a run without --name if that is the name of the hook, and is listed once', async () => {
    const state = aState();
    configure(state, { enabled: true, window: 3, cooldown_seconds: 600 });
    await state.daemon();
    spoolRuns(state, 3, { hookName: 'hook' }, { exitCode: 1 });
    const written = (file: string) => existsSync(join(state.paths.gates, file));
    await until('all files of the gate', () => gateFiles(idIn(state, 'hook')).every(written));
    for (const name of ['', 'hook']) expect((await run(state, name, 'exit 7')).code).toBe(0);
    expect((await run(state, 'other', 'exit 7')).code).toBe(7);
    const { gates } = await status(state);
    expect(gates).toMatchObject([{ hook_name: 'hook', state: 'open', runs: 3, failures: 3 }]);
    // A missing gate file is written again.
    expect(await state.stop()).toBe(true);
    const files = readdirSync(state.paths.gates);
    for (const file of files) {
      rmSync(join(state.paths.gates, file));
      await status(state);
      expect(readdirSync(state.paths.gates)).toEqual(files);
    }
    await cli(state, 'on', 'hook');
    expect(readdirSync(state.paths.gates)).toEqual([]);
    for (const name of ['', 'hook']) expect((await run(state, name, 'exit 7')).code).toBe(7);
  });

  it('of a hook does not affect another hook with the same name', async () => {
    const state = aState();
    configure(state, { enabled: true, window: 3 });
    await state.daemon();
    spoolRuns(state, 9, { hookName: 'check', argv: ['ruff', 'check'] }, { exitCode: 0 });
    spoolRuns(state, 3, { hookName: 'check' }, { exitCode: 1 });
    // Its gate is written before the row can be seen.
    await until('the breaker', () => state.rows('SELECT 1 FROM breakers').length > 0);
    const other = { hookName: 'check', command: 'ruff check' };
    expect(readGate(gatePath(state.paths.gates, other))).toBeUndefined();
    expect(state.rows('SELECT command, state FROM breakers')).toEqual([
      { command: commandLine(hookIn(state)), state: 'open' },
    ]);
  });

  it('of a name without a command applies to no hook, which status and doctor report', async () => {
    const state = aState();
    writeFileSync(state.paths.config, '{"breaker": {"hooks": ["lint"], "window": 3}}');
    spoolRuns(state, 9, { hookName: 'lint' }, { exitCode: 1 });
    const { breaker } = await status(state);
    expect(breaker).toMatchObject({ hooks: ['lint'], unused: ['lint'] });
    expect(state.rows('SELECT 1 FROM breakers')).toEqual([]);
    const text =
      'breaker.hooks in config.json has "lint" without a command, so it applies to no hook';
    expect((await cli(state, 'status')).replace(/\s+/g, ' ')).toContain(text);
    const { stdout } = await start([process.execPath, CLI, 'doctor'], state.env).ended;
    expect(stdout.replace(/\s+/g, ' ')).toContain('has "lint" without a command');
  });

  it('closes once its hook is called where it can block', async () => {
    const state = aState();
    configure(state, { enabled: true, window: 3 });
    await state.daemon();
    spoolRuns(state, 3, { hookName: 'guard', eventType: 'PostToolUse' }, { exitCode: 1 });
    await until('the gate', () => gateOf(state, 'guard'));
    // What the hook blocks is not let through even once.
    expect((await run(state, 'guard', 'exit 2', 'PreToolUse')).code).toBe(2);
    await until('the breaker to close', () => gateOf(state, 'guard') === undefined);
    // The gate goes a moment before the log knows.
    await until('the log', () => log(state).includes('breaker_closed'));
    expect(log(state)).toMatch(/breaker_closed pid=\d+ hook="guard" why="switched_off"/);
    // Nor does it open again, however often it fails.
    spoolRuns(state, 9, { hookName: 'guard', eventType: 'PreToolUse' }, { exitCode: 1 });
    spoolRuns(state, 9, { hookName: 'guard', eventType: 'PostToolUse' }, { exitCode: 1 });
    spoolRuns(state, 3, { hookName: 'other', eventType: 'PostToolUse' }, { exitCode: 1 });
    await until('the gate of another', () => gateOf(state, 'other'));
    await until('the rows', () => stored(state) === 25);
    expect(gateOf(state, 'guard')).toBeUndefined();
    // A call that an older engine skipped counts, too.
    const skip = { kind: 'breaker_skip', reason: 'breaker open' } as const;
    spoolRuns(state, 1, { hookName: 'other', eventType: 'PreToolUse' }, skip);
    await until('the other to close', () => gateOf(state, 'other') === undefined);
  });

  it('removes its gate when its row is deleted', async () => {
    const state = aState();
    configure(state, { hooks: ['lint'], window: 3 });
    await state.daemon();
    spoolRuns(state, 3, { hookName: 'lint' }, { exitCode: 1 });
    await until('the gate', () => gateOf(state, 'lint'));
    change(state, 'DELETE FROM breakers; DELETE FROM hook_logs;');
    expect((await run(state, 'lint', 'exit 7')).code).toBe(0);
    await until('the gate to go', () => gateOf(state, 'lint') === undefined);
    expect((await run(state, 'lint', 'exit 7')).code).toBe(7);
  });

  it('opens even if the gate of another hook cannot be written, which the log says once', async () => {
    const state = aState();
    configure(state, { hooks: ['aaa', 'bbb'], window: 3 });
    mkdirSync(join(gateIn(state, 'aaa'), 'x'), { recursive: true });
    await state.daemon();
    for (const times of [1, 2]) {
      spoolRuns(state, 3, { hookName: 'aaa' }, { exitCode: 1 });
      spoolRuns(state, 3, { hookName: 'bbb' }, { exitCode: 1 });
      await until('the rows', () => stored(state) === 6 * times);
      await until('the gate of the other', () => gateOf(state, 'bbb'));
    }
    expect(await state.stop()).toBe(true);
    expect(log(state).match(/breaker_failed pid=\d+ hook="aaa" reason=".*EISDIR/g)).toHaveLength(1);
    expect(log(state).match(/ breaker_open pid/g)).toHaveLength(1);
    expect(state.rows('SELECT hook_name, state FROM breakers')).toEqual([
      { hook_name: 'bbb', state: 'open' },
    ]);
  });

  it('does not replace the gate of a hook that the user switched off', async () => {
    const state = aState();
    configure(state, { hooks: ['lint'], window: 3 });
    await state.daemon();
    await cli(state, 'off', 'lint', '--yes', '--command', commandLine(hookIn(state)));
    const off = gateOf(state, 'lint');
    spoolRuns(state, 3, { hookName: 'lint' }, { exitCode: 1 });
    await until(
      'the breaker',
      () => state.rows("SELECT 1 FROM breakers WHERE state = 'open'").length,
    );
    expect(gateOf(state, 'lint')).toEqual(off);
    await cli(state, 'on', 'lint');
    expect(gateOf(state, 'lint')).toBeUndefined();
    expect(state.rows('SELECT state FROM breakers')).toEqual([{ state: 'closed' }]);
  });

  it('restores a missing gate, and removes one that belongs to no breaker', async () => {
    const state = aState();
    configure(state, { hooks: ['lint'], window: 3 });
    mkdirSync(state.paths.gates);
    writeFileSync(gateIn(state, 'stray'), `breaker ${Date.now() + 60_000}\n`);
    // A gate of an older version.
    writeFileSync(join(state.paths.gates, 'old'), `breaker ${Date.now() + 60_000} nonblocking\n`);
    writeFileSync(join(state.paths.gates, 'old~1700000000000.0'), '');
    spoolRuns(state, 3, { hookName: 'lint' }, { exitCode: 1 });
    await state.daemon();
    await until('the end of the stray gate', () => gateOf(state, 'stray') === undefined);
    const gate = await until('the gate', () => gateOf(state, 'lint'));
    expect(readdirSync(state.paths.gates)).toEqual([basename(gateIn(state, 'lint'))]);
    writeFileSync(gateIn(state, 'lint'), '');
    await cli(state, 'logs');
    expect(gateOf(state, 'lint')).toEqual(gate);
  });
});

describe('config.json', () => {
  it('that cannot be used is refused, the last valid one stays, and status and log report it', async () => {
    const state = aState();
    configure(state, { hooks: ['lint'], window: 3 });
    await state.daemon();
    await until('the first reading', () => log(state).includes('config_read'));
    // The daemon would also refuse a file that is not complete yet.
    const next = `${state.paths.config}.new`;
    writeFileSync(next, '{\n  "breaker": {"window": "many"}\n}\n');
    renameSync(next, state.paths.config);
    await until(
      'the refusal',
      () =>
        log(state).includes('config_refused') &&
        log(state).includes('line 2, column 25: breaker.window: expected a whole number'),
    );
    spoolRuns(state, 3, { hookName: 'lint' }, { exitCode: 1 });
    await until('the gate by the last valid config.json', () => gateOf(state, 'lint'));
    const { config, gates } = await status(state);
    expect(config).toEqual({
      path: state.paths.config,
      state: 'refused',
      problem: expect.stringContaining('line 2, column 25'),
    });
    // Nor does a command remove what it cannot assess.
    expect(gates).toMatchObject([{ hook_name: 'lint', state: 'open' }]);
    expect(log(state).match(/config_refused/g)).toHaveLength(1);
  });

  it('that cannot be used when the daemon starts leaves the defaults in force', async () => {
    const state = aState();
    writeFileSync(state.paths.config, '{"breaker": {"hooks": ["lint"],}}');
    await state.daemon();
    spoolRuns(state, 30, { hookName: 'lint' }, { exitCode: 1 });
    await until('the rows', () => stored(state) === 30);
    await until('the refusal', () => log(state).includes('config_refused'));
    expect(gateOf(state, 'lint')).toBeUndefined();
  });
});
