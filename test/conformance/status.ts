import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { brief, python } from './support/running.ts';
import { topic } from './support/topic.ts';
import { inPool, until } from './support/until.ts';

const ALL_CODES = Array.from({ length: 256 }, (_, code) => code);
/** For engines that take long to start: those with a meaning, and both ends. */
const SOME_CODES = [...[0, 1, 2, 3, 64, 99], ...ALL_CODES.slice(124, 160), ...[192, 254, 255]];

const DEADLY_SIGNALS = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGUSR1',
  'SIGSEGV',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGSTKFLT',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
] as const;

/** Names of real-time signals differ, so their numbers are compared. */
const REAL_TIME_SIGNAL = 36;

const statusOf = (code: number): string =>
  code === 0 ? 'success' : code === 2 ? 'blocked' : 'error';

export function status(engine: Engine): void {
  topic(engine, 'the status', 'concurrent', ({ test, testIf }) => {
    const codes = engine.capabilities.startsAtOnce === true ? ALL_CODES : SOME_CODES;
    test(`each of ${codes.length} exit codes is passed on and recorded`, async (stage) => {
      const outcomes = await inPool(codes, 4, (code) =>
        stage.wrapped(['sh', '-c', `exit ${code}`], { flags: ['--name', `exit-${code}`] }),
      );
      expect(outcomes.map(brief)).toEqual(
        codes.map((code) => ({ code, signal: null, stdout: '', stderr: '' })),
      );
      const rows = await stage.rows();
      const seen = rows.map(
        (row) => `${row.hook_name} ${row.exit_code} ${row.signal} ${row.status}`,
      );
      expect(seen.sort()).toEqual(
        codes.map((code) => `exit-${code} ${code} null ${statusOf(code)}`).sort(),
      );
    }, 300_000);

    for (const signal of DEADLY_SIGNALS) {
      test(`death of the hook by ${signal} is death by ${signal}`, async (stage) => {
        const number = constants.signals[signal];
        // Sets a limit, so that neither run leaves a core file here.
        const outcome = await stage.same([
          'sh',
          '-c',
          `ulimit -c 0; echo out; echo err >&2; kill -${number} $$`,
        ]);
        expect(outcome).toMatchObject({ code: null, signal });
        expect(await stage.onlyRow()).toMatchObject({ status: 'error', exit_code: null, signal });
      });
    }

    testIf(
      engine.capabilities.seesRealTimeSignals,
      'death by a real-time signal is death by that signal',
      async (stage) => {
        const report = stage.path('report');
        const witness = python(
          'witness.py',
          report,
          ...engine.command,
          'run',
          '--',
          '/bin/sh',
          '-c',
        );
        await stage.bare([...witness, `kill -${REAL_TIME_SIGNAL} $$`]);
        expect(readFileSync(report, 'utf8')).toBe(
          `code None, signal ${REAL_TIME_SIGNAL}, core False`,
        );
        expect(await stage.onlyRow()).toMatchObject({ status: 'error', exit_code: null });
      },
    );

    test('an exit code of 128 and a signal number stays an exit code', async (stage) => {
      const outcome = await stage.same(['sh', '-c', 'exit 143']);
      expect(outcome).toMatchObject({ code: 143, signal: null });
      expect(await stage.onlyRow()).toMatchObject({
        status: 'error',
        exit_code: 143,
        signal: null,
      });
    });

    for (const signal of ['SIGSEGV', 'SIGABRT', 'SIGQUIT'] as const) {
      test(`a hook that dies by ${signal} without a core leaves none, whatever the limit`, async (stage) => {
        const unlimited = { conditions: { limits: { CORE: [null, null] as const } } };
        const command = ['sh', '-c', `ulimit -c 0; kill -${constants.signals[signal]} $$`];
        expect(await stage.bare(command, unlimited)).toMatchObject({ signal });
        expect(existsSync(stage.path('core'))).toBe(false);
        expect(await stage.wrapped(command, unlimited)).toMatchObject({ signal });
        expect(existsSync(stage.path('core'))).toBe(false);
      });
    }

    test('a hook that dumps core does so once: hookbus dies of the signal without a core', async (stage) => {
      const report = stage.path('report');
      const unlimited = { conditions: { limits: { CORE: [null, null] as const } } };
      const hook = ['/bin/sh', '-c', 'kill -11 $$'];
      await stage.bare([...python('witness.py', report), ...hook], unlimited);
      expect(readFileSync(report, 'utf8')).toBe('code None, signal 11, core True');
      await stage.bare(
        [...python('witness.py', report), ...engine.command, 'run', '--', ...hook],
        unlimited,
      );
      expect(readFileSync(report, 'utf8')).toBe('code None, signal 11, core False');
    });

    test('a shell line around hookbus has the same status as without it', async (stage) => {
      const hookbus = engine.command.map((word) => `'${word}'`).join(' ');
      const line = (prefix: string): string[] => [
        '/bin/sh',
        '-c',
        `${prefix} sh -c 'kill -TERM $$'; echo $?; ${prefix} sh -c 'exit 2'; echo $?; ${prefix} true && echo yes`,
      ];
      const expected = await stage.bare(line(''));
      expect(expected.stdout.toString()).toBe('143\n2\nyes\n');
      const actual = await stage.bare(line(`${hookbus} run --`));
      expect({ code: actual.code, stdout: `${actual.stdout}` }).toEqual({
        code: 0,
        stdout: '143\n2\nyes\n',
      });
    });

    test('a hook that is stopped and continued ends as usual', async (stage) => {
      writeFileSync(stage.path('hook'), 'kill -STOP $$\necho went on\nexit 7\n');
      const run = await stage.startWrapped(['sh', stage.path('hook')]);
      // More than once, since a stop and a continue may cross.
      await until('the hook to continue', () => {
        if (run.stdout.text.includes('went on')) return true;
        if (!run.hasExited()) run.killGroup('SIGCONT');
        return false;
      });
      expect(brief(await run.finish())).toEqual({
        code: 7,
        signal: null,
        stdout: 'went on\n',
        stderr: '',
      });
    });
  });
}
