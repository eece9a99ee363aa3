import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { isAlive, sessionMembers } from './support/processes.ts';
import { brief, python } from './support/running.ts';
import type { Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';
import { until } from './support/until.ts';

const MIB = 1024 * 1024;
const TIMEOUT = ['--name', 'probe', '--timeout', '1'];
const canMount = spawnSync('sh', ['-c', 'unshare -m mount -t tmpfs none /mnt']).status === 0;
const GUARD = ['--name', 'probe', '--guard'];

export function limits(engine: Engine): void {
  topic(engine, '--timeout', 'concurrent', ({ test, testIf }) => {
    test('a hook that takes too long ends with 124, and its output so far has been passed on', async (stage) => {
      const run = await stage.startWrapped(['sh', '-c', 'echo out; echo err >&2; exec sleep 60'], {
        flags: TIMEOUT,
      });
      await run.stdout.sees('out\n');
      await run.stderr.sees('err\n');
      expect(run.hasExited()).toBe(false);
      expect(brief(await run.finish())).toEqual({
        code: 124,
        signal: null,
        stdout: 'out\n',
        stderr: 'err\n',
      });
      expect(await stage.onlyRow()).toMatchObject({
        status: 'timeout',
        stdout_bytes: 4,
        stderr_bytes: 4,
      });
      await until('nobody to be left', () => sessionMembers(run.pid).length === 0);
    });

    test('a hook that takes too long is asked to end first', async (stage) => {
      const hook = "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.02; done";
      const outcome = await stage.wrapped(['sh', '-c', hook], { flags: TIMEOUT });
      expect(brief(outcome)).toMatchObject({ code: 124, signal: null, stdout: 'ready\nasked\n' });
      expect(await stage.onlyRow()).toMatchObject({ status: 'timeout' });
    });

    test('a hook that ignores SIGTERM is gone after the grace, and so are its children', async (stage) => {
      const hook = "trap '' TERM; sleep 60 & echo $$ $!; while :; do sleep 60; done";
      const run = await stage.startWrapped(['sh', '-c', hook], { flags: TIMEOUT });
      expect(await run.finish(6000)).toMatchObject({ code: 124, signal: null });
      const [self, child] = run.stdout.text.trim().split(' ').map(Number);
      expect([self, child].map((pid) => isAlive(pid ?? 0))).toEqual([false, false]);
      await until('nobody to be left', () => sessionMembers(run.pid).length === 0);
      expect(await stage.onlyRow()).toMatchObject({ status: 'timeout' });
    });

    test('the children of a hook that takes too long are asked to end too', async (stage) => {
      const child = "trap 'echo child asked; exit 0' TERM; while :; do sleep 0.02; done";
      const outcome = await stage.wrapped(['sh', '-c', `(${child}) & wait`], { flags: TIMEOUT });
      expect(brief(outcome)).toMatchObject({ code: 124, stdout: 'child asked\n' });
    });

    for (const [what, words, within] of [
      ['', ['silent'], []],
      [', with an empty environment', ['cleared'], []],
      [', with that and no stream, seen before', ['cleared', 'silent', 'slow'], []],
      [', below a run in the hook', ['silent'], ['run', '--name', 'inner', '--']],
    ] as const) {
      test(`a grandchild in a session of its own, two forks away and deaf to SIGTERM${what}, is gone too`, async (stage) => {
        const report = stage.path('pid');
        const inner = within.length > 0 ? [...engine.command, ...within] : [];
        // Long enough for Python to start on a machine that has much to do.
        const flags = ['--name', 'probe', '--timeout', '4'];
        const hook = [...inner, ...python('daemonise.py', report, ...words)];
        const run = await stage.startWrapped(hook, { flags });
        await until('the grandchild to start', () => existsSync(report));
        const grandchild = Number(readFileSync(report, 'utf8'));
        stage.adopt(grandchild);
        expect(isAlive(grandchild)).toBe(true);
        expect(await run.exit()).toEqual({ code: 124, signal: null });
        await until('the grandchild to be gone', () => !isAlive(grandchild), 3000);
      });
    }

    test('what others started meanwhile, with variables of their own, is left alone', async (stage) => {
      const other = await stage.startBare(['sleep', '60']);
      const run = await stage.startWrapped(['sh', '-c', 'echo ready; exec sleep 60'], {
        flags: TIMEOUT,
      });
      await run.stdout.sees('ready');
      const later = await stage.startWrapped(['sh', '-c', 'echo ready; exec sleep 60']);
      await later.stdout.sees('ready');
      expect(await run.exit()).toEqual({ code: 124, signal: null });
      expect([other.hasExited(), later.hasExited()]).toEqual([false, false]);
    });

    for (const [what, hides] of [
      ['there is no /proc', ['-m', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$0" "$@"']],
      ["/proc is another pid namespace's", ['-pf']],
    ] as const) {
      testIf(
        canMount || 'a namespace takes a privilege',
        `where ${what}, a hook that takes too long is asked to end, and then made to`,
        async (stage) => {
          // Deaf to SIGTERM, though not without a word.
          const hook = "trap 'echo asked' TERM; echo $$; while :; do sleep 0.02; done";
          const own = [...engine.command, 'run', ...TIMEOUT, '--', 'sh', '-c', hook];
          const run = await stage.startBare(['unshare', ...hides, ...own]);
          expect(await run.finish(8000)).toMatchObject({ code: 124, signal: null });
          expect(run.stdout.text).toMatch(/^\d+\nasked\n$/);
          await until('nobody to be left', () => sessionMembers(run.pid).length === 0);
        },
      );
    }

    test('a hook that ends in time is as without the option', async (stage) => {
      const hook = ['sh', '-c', 'cat; echo err >&2; exit 2'];
      const bare = await stage.bare(hook, { input: 'payload' });
      const flags = ['--name', 'probe', '--timeout', '20'];
      expect(brief(await stage.wrapped(hook, { flags, input: 'payload' }))).toEqual(brief(bare));
      expect(await stage.onlyRow()).toMatchObject({ status: 'blocked', exit_code: 2 });
    });

    test('a hook that exits 124 by itself is no timeout', async (stage) => {
      expect(await stage.wrapped(['sh', '-c', 'exit 124'], { flags: TIMEOUT })).toMatchObject({
        code: 124,
      });
      expect(await stage.onlyRow()).toMatchObject({ status: 'error', exit_code: 124 });
    });

    test('a background child that holds the streams is carried on after a hook that ended in time', async (stage) => {
      const run = await stage.startWrapped(
        ['sh', '-c', '(while [ ! -e go ]; do sleep 0.02; done; echo late) & exit 3'],
        {
          flags: TIMEOUT,
        },
      );
      expect(await run.exit()).toEqual({ code: 3, signal: null });
      writeFileSync(stage.path('go'), '');
      await run.stdout.end();
      expect(run.stdout.text).toBe('late\n');
    });
  });

  topic(engine, '--guard', 'concurrent', ({ test }) => {
    for (const [what, hook, row] of [
      ['exits 1', 'exit 1', { status: 'error', exit_code: 1 }],
      ['exits 255', 'exit 255', { status: 'error', exit_code: 255 }],
      ['dies by a signal', 'kill -KILL $$', { status: 'error', signal: 'SIGKILL' }],
    ] as const) {
      test(`a hook that ${what} ends well and silently, and its own end is on record`, async (stage) => {
        const outcome = await stage.wrapped(['sh', '-c', `echo out; echo err >&2; ${hook}`], {
          flags: GUARD,
        });
        expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
        expect(await stage.onlyRow()).toMatchObject({ ...row, stdout_bytes: 4, stderr_bytes: 4 });
      });
    }

    for (const code of [0, 2]) {
      test(`a hook that exits ${code} is passed through with its output`, async (stage) => {
        const hook = ['sh', '-c', `cat; echo err >&2; exit ${code}`];
        const bare = await stage.bare(hook, { input: 'payload' });
        expect(brief(await stage.wrapped(hook, { flags: GUARD, input: 'payload' }))).toEqual(
          brief(bare),
        );
      });
    }

    test('a hook that cannot start ends well and silently', async (stage) => {
      expect(brief(await stage.wrapped(['no-such-hook'], { flags: GUARD }))).toEqual({
        code: 0,
        signal: null,
        stdout: '',
        stderr: '',
      });
      expect(await stage.onlyRow()).toMatchObject({ status: 'error' });
    });

    test('a hook that takes too long ends well and silently', async (stage) => {
      const hook = ['sh', '-c', 'echo out; exec sleep 60'];
      const outcome = await stage.wrapped(hook, { flags: [...GUARD, '--timeout', '0.5'] });
      expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
      expect(await stage.onlyRow()).toMatchObject({ status: 'timeout' });
    });

    for (const kind of ['socket', 'pipe'] as const) {
      test(`what the background child of a failed hook writes later reaches nobody through a ${kind}, and does not end it`, async (stage) => {
        const child =
          'trap "" TERM; until [ -e go ]; do sleep 0.02; done; echo late && echo late >&2 && echo >survived';
        const run = await stage.startWrapped(['sh', '-c', `(${child}) & echo early; exit 1`], {
          flags: GUARD,
          stdout: kind,
          stderr: kind,
        });
        // Even a caller that waits for the end of output does not wait for the child.
        const outcome = await run.finish();
        expect(existsSync(stage.path('go'))).toBe(false);
        writeFileSync(stage.path('go'), '');
        await until('the child to have written', () => existsSync(stage.path('survived')));
        expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
        await until('nobody to be left', () => sessionMembers(run.pid).length === 0);
      });
    }

    test('the background child of a hook that streamed over 8 MiB and failed reaches nobody either', async (stage) => {
      const child = 'until [ -e go ]; do sleep 0.02; done; echo late && echo >survived';
      const hook = `yes | head -c ${9 * MIB}; (${child}) & exit 1`;
      const run = await stage.startWrapped(['sh', '-c', hook], { flags: GUARD });
      const outcome = await run.finish();
      writeFileSync(stage.path('go'), '');
      await until('the child to have written', () => existsSync(stage.path('survived')));
      expect(outcome).toMatchObject({ code: 0, signal: null });
      expect(outcome.stdout.equals(Buffer.alloc(9 * MIB, 'y\n'))).toBe(true);
    });

    test('the background child of a hook that ended well is carried on', async (stage) => {
      const hook = '(until [ -e go ]; do sleep 0.02; done; echo late) & echo early';
      const run = await stage.startWrapped(['sh', '-c', hook], { flags: GUARD });
      expect(await run.exit()).toEqual({ code: 0, signal: null });
      writeFileSync(stage.path('go'), '');
      await run.stdout.end();
      expect(run.stdout.text).toBe('early\nlate\n');
    });

    test('nothing is passed on before the end of a hook with little output', async (stage) => {
      const run = await stage.startWrapped(
        ['sh', '-c', 'echo out; echo err >&2; echo >wrote; read line'],
        { flags: GUARD },
      );
      await until('the hook to write', () => existsSync(stage.path('wrote')));
      expect(run.stdout.length + run.stderr.length).toBe(0);
      run.stdin.end('go on\n');
      expect(brief(await run.finish())).toEqual({
        code: 0,
        signal: null,
        stdout: 'out\n',
        stderr: 'err\n',
      });
    });

    test('7 MiB of output are held back and dropped when the hook fails', async (stage) => {
      const outcome = await stage.wrapped(['sh', '-c', `yes | head -c ${7 * MIB}; exit 1`], {
        flags: GUARD,
      });
      expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
      expect(await stage.onlyRow()).toMatchObject({ status: 'error', stdout_bytes: 7 * MIB });
    });

    test('output over 8 MiB is streamed after all, and the exit code alone is mended', async (stage) => {
      const run = await stage.startWrapped(
        ['sh', '-c', `yes | head -c ${9 * MIB}; read line; exit 1`],
        {
          flags: GUARD,
        },
      );
      await until('the output to be streamed', () => run.stdout.length === 9 * MIB);
      run.stdin.end('go on\n');
      const outcome = await run.finish();
      expect(outcome).toMatchObject({ code: 0, signal: null });
      expect(outcome.stdout.equals(Buffer.alloc(9 * MIB, 'y\n'))).toBe(true);
      expect(await stage.onlyRow()).toMatchObject({ status: 'error', exit_code: 1 });
    });

    test('a signal from the caller still ends the hook', async (stage: Stage) => {
      const run = await stage.startWrapped(['sh', '-c', 'echo $$ >pid; exec sleep 60'], {
        flags: GUARD,
      });
      await until(
        'the hook to start',
        () => existsSync(stage.path('pid')) && readFileSync(stage.path('pid'), 'utf8') !== '',
      );
      run.killGroup('SIGTERM');
      await run.finish();
      await until('nobody to be left', () => sessionMembers(run.pid).length === 0);
      expect(await stage.onlyRow()).toMatchObject({ status: 'error', signal: 'SIGTERM' });
    });
  });
}
