import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { compiled } from './support/compiled.ts';
import { startCounter } from './support/counter.ts';
import type { Engine } from './support/engine.ts';
import { childrenOf, endProcess, isAlive, sessionMembers } from './support/processes.ts';
import { readRows, spooled } from './support/rows.ts';
import { brief, python, type Running } from './support/running.ts';
import type { Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';
import { until } from './support/until.ts';

const FORWARDED = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
] as const;
const HARMLESS = ['SIGWINCH', 'SIGCONT'] as const;

/** How long Claude Code waits between SIGTERM and SIGKILL (CLAUDE-HOOKS.md section 0b). */
const CLAUDE_CODE_GRACE_MS = 1500;

type Target = 'hookbus' | 'its group';

function send(run: Running, signal: NodeJS.Signals, target: Target): void {
  if (target === 'hookbus') run.kill(signal);
  else run.killGroup(signal);
}

/** Signals a hook that first prints its process id. */
async function hookPid(run: Running): Promise<number> {
  return until(
    'the process id of the hook',
    () => Number(/^(\d+)\n/.exec(run.stdout.text)?.[1]) || undefined,
  );
}

/** A hook that prints its process id and stays. */
const STAYING = ['sh', '-c', 'echo $$; exec sleep 60'];
/** For job.py. A shell would not work: it cannot stop while it is just starting a program. */
const STOPPABLE = [
  'python3',
  '-IS',
  '-c',
  `import os, time
with open('hook', 'w') as file: file.write('%d\\n' % os.getpid())
while not os.path.exists('go'): time.sleep(0.01)
os.remove('go'), os.remove('hook'), os._exit(7)`,
];
const DEAF_TO_TERM = ['sh', '-c', "trap '' TERM; echo $$; while :; do sleep 60; done"];

export function signals(engine: Engine): void {
  topic(engine, 'signals', 'concurrent', ({ test, testIf }) => {
    for (const target of ['hookbus', 'its group'] as const) {
      for (const signal of FORWARDED) {
        test(`${signal} to ${target} reaches the hook exactly once`, async (stage) => {
          expect(await delivered(stage, signal, target)).toEqual([signal]);
        });
      }
      for (const signal of HARMLESS) {
        test(`${signal} to ${target} reaches the hook`, async (stage) => {
          const seen = await delivered(stage, signal, target);
          // It has no default action, so it may arrive again if the group already had it.
          expect(seen.slice(0, target === 'hookbus' ? undefined : 1)).toEqual([signal]);
        });
      }
      for (const signal of FORWARDED) {
        test(`a hook that dies of ${signal} sent to ${target} takes hookbus with it`, async (stage) => {
          const run = await stage.startWrapped(STAYING);
          const hook = await hookPid(run);
          send(run, signal, target);
          expect(await run.finish()).toMatchObject({ code: null, signal });
          expect(isAlive(hook)).toBe(false);
          expect(await stage.onlyRow()).toMatchObject({ status: 'error', exit_code: null, signal });
        });
      }
    }

    const early = compiled('early_signal');
    const sender = typeof early === 'string' ? '' : early.path;
    for (const target of ['self', 'process']) {
      testIf(
        typeof early === 'string'
          ? early
          : target === 'process' || engine.capabilities.passesEverySignal,
        `SIGTERM at the very beginning of the hook (to ${target === 'self' ? 'the group, by the hook' : 'hookbus'}) reaches it exactly once`,
        async (stage) => {
          const own = [...engine.command, 'run', '--name', 'probe', '--'];
          for (let round = 0; round < 5; round += 1) {
            const outcome = await stage.bare([sender, '15', target, '0', ...own]);
            expect(brief(outcome)).toMatchObject({ code: 0, stdout: '1\n' });
          }
        },
      );
    }

    testIf(
      engine.capabilities.passesEverySignal,
      'every signal to hookbus that a bare hook would get reaches the hook once',
      async (stage) => {
        const log = stage.path('signals');
        const run = await stage.startWrapped(python('count_all_signals.py', log));
        await run.stdout.sees('ready\n');
        // Excludes signals that nobody can handle, that mean a child's end, or that C libraries reserve.
        const unhandled = [9, 17, 19, 32, 33];
        const sent = Array.from({ length: 64 }, (_, index) => index + 1).filter(
          (number) => !unhandled.includes(number),
        );
        for (const number of sent) {
          process.kill(run.pid, number);
          await until(`signal ${number}`, () =>
            readFileSync(log, 'utf8').endsWith(`\n${number}\n`),
          );
        }
        run.stdin.end();
        expect(await run.finish()).toMatchObject({ code: 0 });
        expect(readFileSync(log, 'utf8')).toBe(`\n${sent.join('\n')}\n`);
      },
    );

    for (const target of ['group', 'process']) {
      for (const signal of ['SIGTSTP', 'SIGTTIN', 'SIGTTOU']) {
        testIf(
          engine.capabilities.passesEverySignal,
          `${signal} to the ${target} stops hook and hookbus, and SIGCONT continues both`,
          async (stage) => {
            const job = python('job.py', target, signal, '0.05');
            const bare = await stage.bare([...job, ...STOPPABLE], { stdin: 'null' });
            expect(bare.stdout.toString()).toMatch(/hook stopped True\njob stopped by \d+\n/);
            const own = [...engine.command, 'run', '--name', 'probe', '--', ...STOPPABLE];
            expect(brief(await stage.bare([...job, ...own], { stdin: 'null' }))).toEqual(
              brief(bare),
            );
          },
        );
      }
    }

    testIf(
      engine.capabilities.passesEverySignal,
      'the time while hookbus is stopped does not count for --timeout',
      async (stage) => {
        const job = python('job.py', 'group', 'SIGTSTP', '2.5');
        const own = [
          ...engine.command,
          'run',
          '--name',
          'probe',
          '--timeout',
          '2',
          '--',
          ...STOPPABLE,
        ];
        const outcome = await stage.bare([...job, ...own], { stdin: 'null' });
        expect(outcome.stdout.toString()).toMatch(/ended 1792\n$/);
      },
    );

    testIf(
      engine.capabilities.takesHookAlong,
      'a signal before the hook has started ends the hook, and is recorded',
      async (stage) => {
        // With a key, HookBus waits for the end of the payload.
        const run = await stage.startWrapped(['sleep', '60'], {
          flags: ['--name', 'probe', '--dedupe'],
          opening: '{',
        });
        await until('hookbus to wait', () =>
          /^Name:\s+hookbus\nUmask.*\nState:\s+S/m.test(
            readFileSync(`/proc/${run.pid}/status`, 'utf8'),
          ),
        );
        run.kill('SIGTERM');
        expect(await run.finish()).toMatchObject({ code: null, signal: 'SIGTERM' });
        expect(await stage.onlyRow()).toMatchObject({ status: 'error', signal: 'SIGTERM' });
      },
    );

    test('a hook that handles SIGTERM decides its own exit code', async (stage) => {
      const run = await stage.startWrapped([
        'sh',
        '-c',
        "trap 'echo cleaning; exit 5' TERM; echo $$; while :; do sleep 0.02; done",
      ]);
      await hookPid(run);
      run.kill('SIGTERM');
      const outcome = await run.finish();
      expect(outcome).toMatchObject({ code: 5, signal: null });
      expect(outcome.stdout.toString()).toMatch(/cleaning\n$/);
      expect(await stage.onlyRow()).toMatchObject({ status: 'error', exit_code: 5, signal: null });
    });

    test('each of several different signals reaches the hook', async (stage) => {
      const { run, seen } = await startCounter(stage);
      for (const signal of FORWARDED) run.kill(signal);
      await until('all signals', () => seen().length >= FORWARDED.length);
      run.stdin.end();
      expect(await run.finish()).toMatchObject({ code: 0 });
      expect(seen().sort()).toEqual([...FORWARDED].sort());
    });

    test('an execution that SIGTERM ends is recorded before hookbus has ended', async (stage) => {
      const run = await stage.startWrapped(STAYING);
      await hookPid(run);
      run.killGroup('SIGTERM');
      await run.exit();
      const found = { database: readRows(stage.home).length, spool: spooled(stage.home).length };
      expect(found).toEqual({ database: 0, spool: 0, [engine.capabilities.recordsIn]: 1 });
    });

    test('a hook that ignores SIGTERM until its group is killed is recorded as interrupted', async (stage) => {
      const run = await stage.startWrapped(DEAF_TO_TERM);
      await hookPid(run);
      run.killGroup('SIGTERM');
      await delay(CLAUDE_CODE_GRACE_MS);
      expect(run.hasExited()).toBe(false);
      run.killGroup('SIGKILL');
      expect(await run.finish()).toMatchObject({ signal: 'SIGKILL' });
      await isOnRecordAsInterrupted(stage);
    });

    test('an execution whose whole group is killed at once is recorded as interrupted', async (stage) => {
      const run = await stage.startWrapped(STAYING);
      await hookPid(run);
      run.killGroup('SIGKILL');
      expect(await run.finish()).toMatchObject({ signal: 'SIGKILL' });
      await isOnRecordAsInterrupted(stage);
    });

    testIf(
      engine.capabilities.startsSentinel,
      'an execution whose whole group is killed at a time limit has a duration on record',
      async (stage) => {
        const run = await stage.startWrapped(STAYING);
        await hookPid(run);
        await until('the sentinel and the witness', () => childrenOf(run.pid).length === 3);
        const log = join(stage.home, 'spool', 'log');
        const bytes = statSync(log).size;
        run.killGroup('SIGKILL');
        await run.finish();
        await until('the note of the witness', () => statSync(log).size > bytes);
        await isOnRecordAsInterrupted(stage);
        expect(readRows(stage.home)[0]?.duration_ms).toBeGreaterThan(200);
      },
    );

    test('a running execution does not count as interrupted', async (stage) => {
      const run = await stage.startWrapped(STAYING);
      await hookPid(run);
      await stage.drain();
      expect(readRows(stage.home)).toEqual([]);
      run.kill('SIGTERM');
      await run.finish();
      expect(await stage.onlyRow()).toMatchObject({ signal: 'SIGTERM' });
    });

    test('a hook that is killed while hookbus continues is recorded with its signal', async (stage) => {
      const run = await stage.startWrapped(STAYING);
      endProcess(await hookPid(run));
      expect(await run.finish()).toMatchObject({ code: null, signal: 'SIGKILL' });
      expect(await stage.onlyRow()).toMatchObject({ status: 'error', signal: 'SIGKILL' });
    });

    testIf(
      engine.capabilities.takesHookAlong,
      'SIGKILL to hookbus alone ends the hook too',
      async (stage) => {
        const run = await stage.startWrapped(STAYING);
        const hook = await hookPid(run);
        run.kill('SIGKILL');
        await run.exit();
        await until('the hook to end', () => !isAlive(hook));
        await isOnRecordAsInterrupted(stage);
      },
    );

    test('SIGKILL to hookbus alone leaves one row, which is interrupted', async (stage) => {
      const run = await stage.startWrapped(STAYING);
      await hookPid(run);
      run.kill('SIGKILL');
      await run.exit();
      await isOnRecordAsInterrupted(stage);
    });
  });
}

export function signalsAtStart(engine: Engine): void {
  topic(engine, 'signals at the start', 'sequential', ({ test }) => {
    for (const target of ['hookbus', 'its group'] as const) {
      test(`SIGTERM to ${target} at any moment of the start ends it, and leaves no hook behind`, async (stage) => {
        for (let afterMs = 0; afterMs <= 160; afterMs += 8) {
          const run = await stage.startWrapped(STAYING);
          await delay(afterMs);
          send(run, 'SIGTERM', target);
          const ended = await run.finish(5000).catch(String);
          expect(ended, `after ${afterMs} ms`).toMatchObject({ code: null, signal: 'SIGTERM' });
          await until('the session to be empty', () => sessionMembers(run.pid).length === 0);
        }
      });
    }
  });
}

/** Sends one signal and returns what the hook noted. */
async function delivered(stage: Stage, signal: NodeJS.Signals, target: Target): Promise<string[]> {
  const { run, seen } = await startCounter(stage);
  if (target === 'its group' && stage.engine.capabilities.startsSentinel === true) {
    await until('the sentinel and the witness', () => childrenOf(run.pid).length === 3);
  }
  send(run, signal, target);
  await until(`${signal} at the hook`, () => seen().length > 0);
  // Two more rounds through hookbus, each after it handled the signal: a second delivery would show by now.
  for (const round of [1, 2]) {
    run.stdin.write('question\n');
    await run.stdout.sees('answer\n'.repeat(round));
  }
  run.stdin.end();
  expect(await run.finish()).toMatchObject({ code: 0, signal: null });
  expect(await stage.onlyRow()).toMatchObject({ status: 'success', exit_code: 0, signal: null });
  return seen();
}

async function isOnRecordAsInterrupted(stage: Stage): Promise<void> {
  await stage.drain();
  const rows = readRows(stage.home);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({
    hook_name: 'probe',
    event_type: 'PreToolUse',
    status: 'error',
    exit_code: null,
  });
  expect(rows[0]?.error).toMatch('cut off');
  await stage.drain();
  expect(readRows(stage.home)).toHaveLength(1);
}
