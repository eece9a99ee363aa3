import { readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gatePath, readGate } from '../../src/gates/gate-file.ts';
import { CLI, hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';
import { hookbus } from '../support/hookbus.ts';
import { makeState } from '../support/state.ts';
import { aHookState, LIBRARY } from './support.ts';

/** What the prefix may be. */
const ENGINES: Record<string, readonly string[]> = {
  'the Node engine': [process.execPath, CLI],
  ...(hasLauncher ? { 'the launcher': [LAUNCHER] } : {}),
};

type State = ReturnType<typeof aHookState>;

const HOOK = 'shaky';

/** A state directory whose config.json switches the breaker of the hook on. */
function aBreakerState(breaker: Record<string, unknown> = {}): State {
  const state = aHookState();
  makeState(state.home);
  configure(state, breaker);
  return state;
}

function configure(state: State, breaker: Record<string, unknown>): void {
  const whole = { hooks: [HOOK], window: 2, cooldown_seconds: 600, ...breaker };
  writeFileSync(state.paths.config, JSON.stringify({ breaker: whole }));
}

const gateOf = (state: State) => readGate(gatePath(state.paths.gates, HOOK));

const FAIL = `await guardedExecution('${HOOK}', 'PreToolUse', {}, () => { throw new Error('no'); });`;
const GO = `say((await guardedExecution('${HOOK}', 'PreToolUse', {}, () => 'ran')).output ?? 'skipped');`;

/** Until the breaker's time has come. */
async function cooledDown(state: State): Promise<void> {
  const { untilMs } = gateOf(state) ?? { untilMs: 0 };
  await until('the breaker to cool down', () => Date.now() >= untilMs);
}

describe('the breaker of a hook', () => {
  it('opens where its bodies keep failing, and anew by a probe that fails', async () => {
    const state = aBreakerState({ cooldown_seconds: 1 });
    await state.run(FAIL);
    expect(gateOf(state)).toBeUndefined();
    await state.run(FAIL);
    expect(gateOf(state)).toMatchObject({ kind: 'breaker' });
    expect(state.rows('SELECT state, runs, failures FROM breakers')).toEqual([
      { state: 'open', runs: 2, failures: 2 },
    ]);

    await cooledDown(state);
    configure(state, { cooldown_seconds: 600 });
    await state.run(FAIL);
    expect(gateOf(state)?.untilMs).toBeGreaterThan(Date.now() + 500_000);
    expect((await state.run(GO)).said).toEqual(['skipped']);
  });

  it('closes by a probe that does not fail, which begins when its time has come and no earlier', async () => {
    const state = aBreakerState({ cooldown_seconds: 1 });
    await state.run(FAIL + FAIL);
    await cooledDown(state);
    // Its time comes between the begin of this one and the look at the gate.
    const tooEarly = `
      const now = Date.now;
      const begin = ${(gateOf(state)?.untilMs ?? 0) - 1};
      Date.now = () => { Date.now = now; return begin; };`;
    expect((await state.run(tooEarly + GO + GO)).said).toEqual(['skipped', 'ran']);
    expect(readdirSync(state.paths.gates)).toEqual([]);
    expect(state.rows('SELECT state FROM breakers')).toEqual([{ state: 'closed' }]);
  });

  it('leaves its probe to another where this one is a duplicate', async () => {
    const state = aBreakerState({ cooldown_seconds: 1 });
    const keyed = `say((await guardedExecution('${HOOK}', 'Notification', { onDuplicate: 'replay', dedupeKey: 'k' }, () => 'first')).output);`;
    await state.run(keyed + FAIL + FAIL);
    await cooledDown(state);
    expect((await state.run(keyed + GO)).said).toEqual(['first', 'ran']);
    expect(state.rows('SELECT state FROM breakers')).toEqual([{ state: 'closed' }]);
  });

  it('leaves out no body that can block where it is on for all that cannot', async () => {
    const state = aBreakerState({ hooks: [], enabled: true });
    const onPost = (code: string) => code.replace('PreToolUse', 'PostToolUse');
    await state.run(onPost(FAIL) + onPost(FAIL));
    expect(gateOf(state)).toMatchObject({ kind: 'breaker', sparesBlocking: true });
    expect((await state.run(onPost(GO) + GO)).said).toEqual(['skipped', 'ran']);
    expect(gateOf(state)).toBeUndefined();
  });

  it('follows config.json as it changes under a process that is up', async () => {
    const state = aBreakerState({ hooks: [] });
    const { said } = await state.run(`
      const { writeFileSync, rmSync } = await import('node:fs');
      const go = async () => (await guardedExecution('${HOOK}', 'PreToolUse', {}, () => { throw new Error('no'); })).skipped;
      const times = async () => [await go(), await go(), await go()];
      const config = ${JSON.stringify(state.paths.config)};
      say(await times());
      writeFileSync(config, 'no JSON'); say(await times());
      rmSync(config); say(await times());
      writeFileSync(config, '{"breaker":{"hooks":["${HOOK}"],"window":10}}'); say(await times());`);
    expect(said).toEqual([
      [false, false, false],
      [false, false, false],
      [false, false, false],
      [false, true, true],
    ]);
  });

  it('is not opened where config.json names other hooks, and is not looked for where there is none', async () => {
    const state = aBreakerState({ hooks: ['other'] });
    await state.run(FAIL.repeat(3));
    expect(state.rows('SELECT * FROM breakers')).toEqual([]);
    const plain = aHookState();
    expect((await plain.run(FAIL.repeat(30) + GO)).said).toEqual(['ran']);
  });
});

describe('a breaker whose time has come', () => {
  /** Opens it, and waits for its time. */
  async function aHalfOpenState(): Promise<State> {
    const state = aBreakerState({ cooldown_seconds: 1 });
    await state.run(FAIL + FAIL);
    await cooledDown(state);
    return state;
  }

  /** A hook that uses the library, under the prefix. */
  const wrapped = (state: State, program: readonly string[], name: string, script: string) =>
    start(
      [
        ...[...program, 'run', '--name', name, '--', process.execPath],
        ...[
          '--input-type=module',
          '-e',
          `import { guardedExecution } from '${LIBRARY}'; ${script}`,
        ],
      ],
      state.env,
    ).ended;

  const PRINT = `console.log((await guardedExecution('${HOOK}', 'PreToolUse', {}, () => 'ran')).output ?? 'skipped');`;

  it.each(Object.entries(ENGINES))(
    'lets the body of its probe through where the prefix is %s',
    async (_, program) => {
      const state = await aHalfOpenState();
      expect(await wrapped(state, program, HOOK, PRINT)).toMatchObject({ stdout: 'ran\n' });
      expect(gateOf(state)).toBeUndefined();
      expect(state.rows('SELECT state FROM breakers')).toEqual([{ state: 'closed' }]);
    },
  );

  it.each(Object.entries(ENGINES))(
    'stays open where the prefix is %s and the body of its probe fails, though the hook exits 0',
    async (_, program) => {
      const state = await aHalfOpenState();
      configure(state, { cooldown_seconds: 600 });
      await wrapped(state, program, HOOK, FAIL);
      expect(hookbus(['status'], { HOOKBUS_HOME: state.home }).exitCode).toBe(0);
      expect(gateOf(state)?.untilMs).toBeGreaterThan(Date.now() + 500_000);
    },
  );

  it('lets none through inside of another hook, while a probe runs', async () => {
    const state = await aHalfOpenState();
    const { untilMs } = gateOf(state) ?? { untilMs: 0 };
    writeFileSync(`${gatePath(state.paths.gates, HOOK)}~${untilMs}.0`, '');
    for (const program of Object.values(ENGINES)) {
      expect(await wrapped(state, program, 'other', PRINT)).toMatchObject({ stdout: 'skipped\n' });
    }
  });

  it('lets through what its probe calls, and nobody beside it', async () => {
    const state = await aHalfOpenState();
    const { said } = await state.run(`
      const go = (body, name = '${HOOK}') => guardedExecution(name, 'PreToolUse', {}, body);
      const word = async () => (await go(() => 'ran')).output ?? 'skipped';
      let begun;
      const probe = new Promise((resolve) => { begun = resolve; });
      let end;
      const outer = go(async () => { begun(); await new Promise((resolve) => { end = resolve; }); say(await word()); });
      await probe;
      say(await word());
      end();
      await outer;`);
    expect(said).toEqual(['skipped', 'ran']);
    expect(state.rows('SELECT state FROM breakers')).toEqual([{ state: 'closed' }]);
  });

  it.each(Object.entries(ENGINES))(
    'is no way past `hookbus off`, also where the prefix is %s',
    async (_, program) => {
      const state = aHookState();
      const off = `
        const { mkdirSync, writeFileSync } = await import('node:fs');
        mkdirSync('${state.paths.gates}', { recursive: true });
        writeFileSync('${gatePath(state.paths.gates, HOOK)}', 'off 0\\n');`;
      expect(await wrapped(state, program, HOOK, off + PRINT)).toMatchObject({
        stdout: 'skipped\n',
      });
    },
  );
});
