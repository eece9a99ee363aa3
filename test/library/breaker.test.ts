import { readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hookText } from '../../src/domain/hook/hook-id.ts';
import { gatePath, readGate } from '../../src/gates/gate-file.ts';
import { until } from '../support/daemon.ts';
import { makeState } from '../support/state.ts';
import { aHookState } from './support.ts';

type State = ReturnType<typeof aHookState>;

/** The recorded command of a script that Node gets on its command line. */
const HOOK = { hookName: 'shaky', command: process.execPath };

/** A state directory whose config.json enables the breaker of the hook. */
function aBreakerState(breaker: Record<string, unknown> = {}): State {
  const state = aHookState();
  makeState(state.home);
  configure(state, breaker);
  return state;
}

function configure(state: State, breaker: Record<string, unknown>): void {
  const whole = { hooks: [hookText(HOOK)], window: 2, cooldown_seconds: 600, ...breaker };
  writeFileSync(state.paths.config, JSON.stringify({ breaker: whole }));
}

const gateOf = (state: State) => readGate(gatePath(state.paths.gates, HOOK));

const FAIL = `await guardedExecution('shaky', 'PostToolUse', {}, () => { throw new Error('no'); });`;
const GO = `say((await guardedExecution('shaky', 'PostToolUse', {}, () => 'ran')).output ?? 'skipped');`;

const onPre = (code: string): string => code.replaceAll('PostToolUse', 'PreToolUse');

/** Waits until the cooldown is over. */
async function cooledDown(state: State): Promise<void> {
  const { untilMs } = gateOf(state) ?? { untilMs: 0 };
  await until('the breaker to cool down', () => Date.now() >= untilMs);
}

describe('the breaker of a hook', () => {
  it('opens if its bodies keep failing, and again if the next one fails', async () => {
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

  it('closes if a body succeeds that started after the cooldown', async () => {
    const state = aBreakerState({ cooldown_seconds: 1 });
    await state.run(FAIL + FAIL);
    await cooledDown(state);
    // The cooldown ends between the begin of this one and the check of the gate.
    const tooEarly = `
      const now = Date.now;
      const begin = ${(gateOf(state)?.untilMs ?? 0) - 1};
      Date.now = () => { Date.now = now; return begin; };`;
    expect((await state.run(tooEarly + GO + GO)).said).toEqual(['skipped', 'ran']);
    expect(readdirSync(state.paths.gates)).toEqual([]);
    expect(state.rows('SELECT state FROM breakers')).toEqual([{ state: 'closed' }]);
  });

  it.each([
    ['whose name is in config.json', {}],
    ['where all are switched on', { hooks: [], enabled: true }],
  ])('skips no body that can block, %s', async (_, breaker) => {
    const state = aBreakerState(breaker);
    expect((await state.run(onPre(FAIL + FAIL + FAIL + GO))).said).toEqual(['ran']);
    expect(gateOf(state)).toBeUndefined();
    const other = aBreakerState(breaker);
    await other.run(FAIL + FAIL);
    expect(gateOf(other)).toMatchObject({ kind: 'breaker' });
    expect((await other.run(GO + onPre(GO))).said).toEqual(['skipped', 'ran']);
    expect(gateOf(other)).toBeUndefined();
  });

  it('never opens for a hook whose body once returned an object', async () => {
    const state = aBreakerState();
    const decide = `await guardedExecution('shaky', 'PostToolUse', {}, () => ({ decision: 'block' }));`;
    expect((await state.run(decide + FAIL + FAIL + FAIL + GO)).said).toEqual(['ran']);
    expect(state.rows('SELECT * FROM breakers')).toEqual([]);
  });

  it('follows config.json as it changes under a running process', async () => {
    const state = aBreakerState({ hooks: [] });
    const named = JSON.stringify({ breaker: { hooks: [hookText(HOOK)], window: 10 } });
    const { said } = await state.run(`
      const { writeFileSync, rmSync } = await import('node:fs');
      const go = async () => (await guardedExecution('shaky', 'PostToolUse', {}, () => { throw new Error('no'); })).skipped;
      const times = async () => [await go(), await go(), await go()];
      const config = ${JSON.stringify(state.paths.config)};
      say(await times());
      writeFileSync(config, 'no JSON'); say(await times());
      rmSync(config); say(await times());
      writeFileSync(config, ${JSON.stringify(named)}); say(await times());`);
    expect(said).toEqual([
      [false, false, false],
      [false, false, false],
      [false, false, false],
      [false, true, true],
    ]);
  });

  it('does not open if config.json names other hooks, and is not loaded if there is no config.json', async () => {
    const state = aBreakerState({ hooks: [`other: ${HOOK.command}`, 'shaky', 'shaky: node'] });
    await state.run(FAIL.repeat(3));
    expect(state.rows('SELECT * FROM breakers')).toEqual([]);
    const plain = aHookState();
    expect((await plain.run(FAIL.repeat(30) + GO)).said).toEqual(['ran']);
  });
});
