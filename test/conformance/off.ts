import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { startCounter } from './support/counter.ts';
import type { Engine } from './support/engine.ts';
import { sessionMembers } from './support/processes.ts';
import { brief } from './support/running.ts';
import { type Topic, topic, WITHOUT_HOME } from './support/topic.ts';
import { inPool, until } from './support/until.ts';

const OFF = [undefined, '', '0', 'false', 'no', 'off', 'nonsense'];
const ON = ['1', 'true', 'yes', 'on', 'TRUE', 'On'];

export function off(engine: Engine): void {
  const register = ({ test, testIf }: Topic): void => {
    for (const value of OFF) {
      const what = value === undefined ? 'HOOKBUS_ENABLED not set' : `HOOKBUS_ENABLED=${value}`;
      test(`${what}: the command runs as if alone, and no file is made`, async (stage) => {
        const set = { HOOKBUS_ENABLED: value };
        const outcome = await stage.same(['sh', '-c', 'cat; echo err >&2; exit 2'], {
          set,
          input: randomBytes(100_000),
        });
        expect(outcome).toMatchObject({ code: 2 });
        expect(existsSync(stage.home)).toBe(false);
        expect(readdirSync(stage.directory)).toEqual([]);
      });
    }

    for (const value of ON) {
      test(`HOOKBUS_ENABLED=${value}: the execution is recorded`, async (stage) => {
        await stage.same(['sh', '-c', 'exit 3'], { set: { HOOKBUS_ENABLED: value } });
        expect(await stage.onlyRow()).toMatchObject({ exit_code: 3 });
      });
    }

    test('off: exit codes are passed on', async (stage) => {
      const codes = [0, 1, 2, 3, 124, 125, 126, 127, 128, 129, 137, 143, 255];
      const outcomes = await inPool(codes, 4, (code) =>
        stage.wrapped(['sh', '-c', `exit ${code}`], { set: { HOOKBUS_ENABLED: '0' } }),
      );
      expect(outcomes.map(({ code }) => code)).toEqual(codes);
    });

    for (const signal of ['HUP', 'INT', 'KILL', 'SEGV', 'PIPE', 'TERM'] as const) {
      test(`off: death of the hook by SIG${signal} is death by SIG${signal}`, async (stage) => {
        const outcome = await stage.same(['sh', '-c', `ulimit -c 0; kill -${signal} $$`], {
          set: { HOOKBUS_ENABLED: '0' },
        });
        expect(outcome).toMatchObject({ code: null, signal: `SIG${signal}` });
      });
    }

    for (const target of ['hookbus', 'its group'] as const) {
      for (const signal of ['SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGTERM'] as const) {
        test(`off: ${signal} to ${target} reaches the hook exactly once`, async (stage) => {
          const { run, seen } = await startCounter(stage, { HOOKBUS_ENABLED: '0' });
          if (target === 'hookbus') run.kill(signal);
          else run.killGroup(signal);
          await until(`${signal} at the hook`, () => seen().length > 0);
          run.stdin.write('question\n');
          await run.stdout.sees('answer\n');
          run.stdin.end();
          expect(await run.finish()).toMatchObject({ code: 0, signal: null });
          expect(seen()).toEqual([signal]);
        });
      }
    }

    test('off: the environment is the same to the last variable', async (stage) => {
      const set = {
        HOOKBUS_ENABLED: '0',
        TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      };
      const sorted = async (way: 'bare' | 'wrapped'): Promise<string[]> =>
        (await stage[way](['cat', '/proc/self/environ'], { set })).stdout
          .toString()
          .split('\0')
          .sort();
      expect(await sorted('wrapped')).toEqual(await sorted('bare'));
    });

    test('off: a command that cannot run gives 127 or 126, with one line', async (stage) => {
      const set = { HOOKBUS_ENABLED: '0' };
      for (const [words, code] of [
        [['no-such-hook'], 127],
        [['/'], 126],
      ] as const) {
        const outcome = await stage.wrapped(words, { set });
        expect(outcome).toMatchObject({ code, signal: null, stdout: Buffer.from('') });
        expect(outcome.stderr.toString()).toMatch(/^[^\n]+\n$/);
      }
    });

    test('off: --shell and the command line work, and the other options do nothing', async (stage) => {
      const run = await stage.startBare(
        [...engine.command, 'run', '--fail-open', '--timeout', '0.001', '--shell', 'cat; exit 1'],
        {
          set: { HOOKBUS_ENABLED: '0' },
        },
      );
      run.stdin.end('payload');
      expect(brief(await run.finish())).toEqual({
        code: 1,
        signal: null,
        stdout: 'payload',
        stderr: '',
      });
    });

    test('off: no process is left', async (stage) => {
      const run = await stage.startWrapped(['true'], { set: { HOOKBUS_ENABLED: '0' } });
      run.stdin.end();
      await run.finish();
      await until('the end of all processes', () => sessionMembers(run.pid).length === 0);
    });

    testIf(
      engine.capabilities.replacesItself,
      'off: hookbus becomes the command',
      async (stage) => {
        const run = await stage.startWrapped(['sh', '-c', 'echo $$'], {
          set: { HOOKBUS_ENABLED: '0' },
        });
        run.stdin.end();
        expect((await run.finish()).stdout.toString()).toBe(`${run.pid}\n`);
      },
    );
  };
  topic(engine, 'the switch', 'concurrent', register, WITHOUT_HOME);
}
