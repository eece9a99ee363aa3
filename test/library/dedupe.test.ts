import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hookbusProcess } from '../support/hookbus.ts';
import { aHookState, runNode } from './support.ts';

const CLI = join(import.meta.dirname, '..', '..', 'bin', 'hookbus.js');

/** An execution that found the database locked is in the spool; a command ingests it. */
function ingest(home: string): void {
  expect(hookbusProcess(['status'], { HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off' }).exitCode).toBe(
    0,
  );
}

const KEYED = `{ onDuplicate: 'replay', dedupeKey: 'k' }`;

describe('a duplicate', () => {
  it('gets the first output as JSON if a hook can block, and its body does not run', async () => {
    const state = aHookState();
    const { said } = await state.run(`
      const outputs = [{ at: new Date(0), none: undefined }, [1], 'text', '5', '{"decision":"block"}', '', ' \\t\\n',
        '5 \\t\\n', 'null', null, undefined, 0, false, 'ü😀', '\\ud800', 'line\\n'];
      for (const [index, value] of outputs.entries()) {
        const options = { onDuplicate: 'replay', dedupeKey: 'k' + index };
        const first = await guardedExecution('same', 'Notification', options, () => value);
        const second = await guardedExecution('same', 'Notification', options, () => { say('ran'); });
        const want = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
        const { success, skipped, output } = second;
        say([first.skipped, success, skipped, JSON.stringify(output) === JSON.stringify(want) || [output, want]]);
      }`);
    expect(said).toEqual(Array.from({ length: 16 }, () => [false, true, true, true]));
    const statuses = state.rows().map((row) => `${row['status']} ${row['dedupe_key']}`);
    expect(statuses.slice(0, 2)).toEqual(['success k0', 'dedupe_skip k0']);
    expect(statuses.filter((status) => status.startsWith('dedupe_skip'))).toHaveLength(16);
  });

  it('is skipped without an output if a hook cannot block, or with onDuplicate skip', async () => {
    const state = aHookState();
    const { said } = await state.run(`
      const options = [['PostToolUse', {}], ['Notification', { onDuplicate: 'skip' }], ['PostToolUse', { onDuplicate: 'replay' }]];
      for (const [index, [event, more]] of options.entries()) {
        const go = () => guardedExecution('h' + index, event, { dedupeKey: 'k', ...more }, () => 'out');
        await go();
        const { skipped, output } = await go();
        say([skipped, output ?? null]);
      }`);
    expect(said).toEqual([
      [true, null],
      [true, null],
      [true, 'out'],
    ]);
  });

  it('runs once the first one has failed, or its TTL is over', async () => {
    const state = aHookState();
    const { said } = await state.run(`
      const go = (body, more) => guardedExecution('h', 'Notification', { onDuplicate: 'replay', dedupeKey: 'k', ...more }, body);
      await go(() => { throw new Error('no'); });
      say((await go(() => 'second', { dedupeTtlSeconds: 1 })).skipped);
      say((await go(() => 'third')).output);
      const until = Date.now() + 1100;
      while (Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      say((await go(() => 'fourth')).output);`);
    expect(said).toEqual([false, 'second', 'fourth']);
  });

  it('belongs to one hook alone, and does not exist if the key is empty', async () => {
    const state = aHookState();
    const { said } = await state.run(`
      for (const [name, dedupeKey] of [['a', 'k'], ['b', 'k'], ['b', 'K'], ['c', ''], ['c', ''], ['c', generateDedupeKey('x', undefined)]]) {
        say((await guardedExecution(name, 'Stop', { dedupeKey }, () => 1)).skipped);
      }`);
    expect(said).toEqual(Array(6).fill(false));
  });

  it('in the same process waits for the first one, and runs if that fails', async () => {
    const state = aHookState();
    const { said } = await state.run(`
      let runs = 0;
      const go = (key) => guardedExecution('h', 'Notification', { onDuplicate: 'replay', dedupeKey: key }, async () => {
        runs += 1;
        const mine = runs;
        await new Promise((resolve) => setTimeout(resolve, 100));
        if (key === 'fails' && mine < 3) throw new Error('no');
        return mine;
      });
      say((await Promise.all(Array.from({ length: 10 }, () => go('k')))).map((result) => result.output));
      say(runs);
      runs = 0;
      const results = await Promise.all(Array.from({ length: 5 }, () => go('fails')));
      say(results.map((result) => result.success));
      say(results.map((result) => result.output ?? 0));
      runs = 0;
      const skips = await Promise.all(Array.from({ length: 5 }, () =>
        guardedExecution('s', 'PostToolUse', { dedupeKey: 'k' }, async () => { runs += 1; })));
      say([runs, skips.filter((result) => result.skipped).length]);`);
    expect(said).toEqual([
      Array(10).fill(1),
      1,
      [false, false, true, true, true],
      [0, 0, 3, 3, 3],
      [1, 4],
    ]);
  });

  it('never waits for itself: inside the first one it runs', async () => {
    const state = aHookState();
    const { said } = await state.run(`
      const go = (body) => guardedExecution('h', 'Notification', ${KEYED}, body);
      say((await go(async () => 'outer ' + (await go(() => 'inner')).output)).output);
      const outer = await startGuardedExecution('u', 'Notification', ${KEYED});
      const inner = await startGuardedExecution('u', 'Notification', ${KEYED});
      say([outer.skipped, inner.skipped]);
      inner.setOutput('inner'); await inner[Symbol.asyncDispose]();
      outer.setOutput('outer'); await outer[Symbol.asyncDispose]();
      const third = await startGuardedExecution('u', 'Notification', ${KEYED});
      say([third.skipped, third.output]);`);
    expect(said).toEqual(['outer inner', [false, false], [true, 'outer']]);
  });

  it('runs when it has waited for waitSeconds', async () => {
    const state = aHookState();
    const { said } = await state.run(`
      let release;
      const gate = new Promise((resolve) => { release = resolve; });
      const first = guardedExecution('h', 'Notification', ${KEYED}, () => gate);
      const second = await guardedExecution('h', 'Notification', { ...${KEYED}, waitSeconds: 0.05 }, () => 'own');
      say([second.output, second.skipped]);
      release('first');
      say((await first).output);`);
    expect(said).toEqual([['own', false], 'first']);
  });
});

it('a call that a body passes to an older queue waits for it no longer than waitSeconds', async () => {
  const state = aHookState();
  const { said } = await state.run(`
    let take;
    const jobs = new Promise((resolve) => { take = resolve; });
    const worker = jobs.then((job) => job());
    const go = (more, body) => guardedExecution('h', 'Notification', { onDuplicate: 'replay', dedupeKey: 'k', ...more }, body);
    const { output } = await go({}, async () => {
      take(() => go({ waitSeconds: 0.05 }, () => 'inner'));
      return 'outer ' + (await worker).output;
    });
    say(output);`);
  expect(said).toEqual(['outer inner']);
});

describe('on an event that a hook can block', () => {
  const BLOCK = `{ decision: 'block', reason: 'no' }`;
  const DENY = `{ hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'deny' } }`;

  it('a duplicate of a refused call is refused, and any other duplicate runs', async () => {
    const state = aHookState();
    const { said } = await state.run(`
      const outputs = [${DENY}, JSON.stringify(${DENY}), ${BLOCK}, undefined, 'denied', { decision: 'approve' }];
      for (const [index, value] of outputs.entries()) {
        for (const onDuplicate of [undefined, 'deny', 'skip']) {
          const go = (body) => guardedExecution('g', 'PreToolUse', { onDuplicate, dedupeKey: index + ' ' + onDuplicate }, body);
          await go(() => value);
          const { skipped, output } = await go(() => 'ran');
          say([skipped, skipped ? JSON.stringify(output) === JSON.stringify(typeof value === 'string' ? JSON.parse(value) : value) || JSON.stringify(output) === JSON.stringify(value) : output]);
        }
      }`);
    expect(said).toEqual([...Array(9).fill([true, true]), ...Array(9).fill([false, 'ran'])]);
  });

  it('nobody waits for a first execution that does not end', async () => {
    const state = aHookState();
    const { said } = await state.run(`
      const go = (body) => guardedExecution('g', 'PreToolUse', { dedupeKey: 'k' }, body);
      let release;
      const first = go(() => new Promise((resolve) => { release = resolve; }));
      say((await go(() => (${DENY}))).skipped);
      say((await go(() => 'never')).output.hookSpecificOutput.permissionDecision);
      release('allowed');
      say((await first).output);
      say((await go(() => 'never')).skipped);`);
    expect(said).toEqual([false, 'deny', 'allowed', true]);
  });

  it('another program in the same place is another hook', async () => {
    const state = aHookState();
    const one = (output: string) =>
      `say((await guardedExecution('g', 'PreToolUse', { dedupeKey: 'k' }, () => (${output}))).skipped);`;
    const run = async (output: string, ...words: string[]) => {
      const { said } = await state.run(one(output), {}, words);
      return said;
    };
    expect(await run(DENY)).toEqual([false]);
    expect(await run(`'allowed'`)).toEqual([true]);
    expect(await run(`'allowed'`, '--secrets')).toEqual([false]);
  });

  it('a replay waits for five seconds and no longer', async () => {
    const state = aHookState();
    const { said } = await state.run(`
      const go = (body) => guardedExecution('t', 'Stop', { dedupeKey: 'k', onDuplicate: 'replay' }, body);
      const first = go(() => new Promise((resolve) => setTimeout(resolve, 7000)));
      const before = performance.now();
      const { output } = await go(() => 'ran');
      const took = performance.now() - before;
      say([output, took > 4500 && took < 6800]);
      await first;`);
    expect(said).toEqual([['ran', true]]);
  });
});

describe('a race on one key', () => {
  const BODY = `
    const result = await guardedExecution('raced', 'Notification', { onDuplicate: 'replay', dedupeKey: 'k' }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return { by: 'the first' };
    });
    say(result.output);`;

  it('of 40 processes runs one body, and all get its output', async () => {
    const state = aHookState();
    const ended = await Promise.all(Array.from({ length: 40 }, () => state.run(BODY)));
    expect(ended.map(({ said }) => said)).toEqual(
      Array.from({ length: 40 }, () => [{ by: 'the first' }]),
    );
    ingest(state.home);
    const count = state.rows(
      'SELECT status, count(*) AS n FROM hook_logs GROUP BY status ORDER BY n',
    );
    expect(count).toEqual([
      { status: 'success', n: 1 },
      { status: 'dedupe_skip', n: 39 },
    ]);
  }, 300_000);

  it('of 40 processes, half of them commands under `hookbus run`, runs one hook, and all print the same', async () => {
    const state = aHookState();
    const run = (): ReturnType<typeof runNode> =>
      runNode(
        [
          CLI,
          'run',
          '--name',
          'raced',
          '--event',
          'Notification',
          '--on-duplicate',
          'replay',
          '--dedupe-key',
          'k',
          '--',
          'sh',
          '-c',
          `sleep 0.15; echo '{"by":"the first"}'`,
        ],
        state.env,
        '{}\n',
      );
    const ended = await Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? state.run(BODY) : run())),
    );
    expect(ended.map(({ said, code }) => ({ said, code }))).toEqual(
      Array.from({ length: 40 }, () => ({ said: [{ by: 'the first' }], code: 0 })),
    );
    ingest(state.home);
    const rows = state.rows(
      'SELECT status, count(*) AS n FROM hook_logs GROUP BY status ORDER BY n',
    );
    expect(rows).toEqual([
      { status: 'success', n: 1 },
      { status: 'dedupe_skip', n: 39 },
    ]);
  }, 300_000);

  it('is over at once if the first one is killed', async () => {
    const state = aHookState();
    const first = state.run(`
      await guardedExecution('h', 'Notification', { onDuplicate: 'replay', dedupeKey: 'k' }, async () => { process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}); });`);
    expect((await first).signal).toBe('SIGKILL');
    const { said } = await state.run(`
      say((await guardedExecution('h', 'Notification', { onDuplicate: 'replay', dedupeKey: 'k' }, () => 'second')).output);`);
    expect(said).toEqual(['second']);
  });
});

describe('with `hookbus run` of the same name and key', () => {
  const words = (...command: string[]): string[] => [
    CLI,
    'run',
    '--name',
    'h',
    '--event',
    'Notification',
    '--on-duplicate',
    'replay',
    '--dedupe-key',
    'k',
    '--',
    ...command,
  ];

  it('a block by exit code is not lost: the body decides again', async () => {
    const state = aHookState();
    const { code } = await runNode(words('sh', '-c', 'echo no >&2; exit 2'), state.env, '{}\n');
    expect(code).toBe(2);
    const { said } = await state.run(
      `say((await guardedExecution('h', 'Notification', { onDuplicate: 'replay', dedupeKey: 'k' }, () => 'decided')).output);`,
    );
    expect(said).toEqual(['decided']);
  });

  it('a string reaches a command unchanged, even if it is JSON', async () => {
    const state = aHookState();
    await state.run(
      `await guardedExecution('h', 'Notification', { onDuplicate: 'replay', dedupeKey: 'k' }, () => '{"decision":"block"}');`,
    );
    const { said } = await runNode(words('echo', 'ran'), state.env, '{}\n');
    expect(said[0]).toEqual({ decision: 'block' });
  });

  it('around this process, the body runs and does not wait for its own command', async () => {
    const state = aHookState();
    for (const event of ['Notification', 'SessionEnd']) {
      const script = `
        import { guardedExecution } from '${new URL('../../dist/index.js', import.meta.url).href}';
        console.log((await guardedExecution('${event}', '${event}', { dedupeKey: 'k' }, () => 'ran')).output);`;
      const { said } = await runNode(
        [
          CLI,
          'run',
          '--name',
          event,
          '--event',
          event,
          '--dedupe-key',
          'k',
          '--',
          process.execPath,
          '--input-type=module',
          '-e',
          script,
        ],
        state.env,
        '{}\n',
      );
      expect(said).toEqual(['ran']);
    }
  });
});
