import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { isAlive, sessionMembers } from './support/processes.ts';
import type { Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';
import { until } from './support/until.ts';

/** Stays until the test makes the file `go` in its directory. */
const UNTIL_GO = 'while [ ! -e go ]; do sleep 0.02; done';

const WAYS = ['bare', 'wrapped'] as const;
const startAs = (stage: Stage, way: (typeof WAYS)[number]) =>
  way === 'bare' ? stage.startBare : stage.startWrapped;

export function output(engine: Engine): void {
  topic(engine, 'a caller that closes its end', 'concurrent', ({ test }) => {
    for (const stream of ['stdout', 'stderr'] as const) {
      const hook = stream === 'stdout' ? ['yes'] : ['sh', '-c', 'exec yes >&2'];

      test(`closing ${stream}, a pipe, ends an endless hook by SIGPIPE, bare and wrapped`, async (stage) => {
        for (const way of WAYS) {
          const run = await startAs(stage, way)(hook, { stdout: 'pipe', stderr: 'pipe' });
          await run[stream].sees('y\n');
          run[stream].close();
          expect(await run.exit(), way).toEqual({ code: null, signal: 'SIGPIPE' });
        }
        expect(await stage.onlyRow()).toMatchObject({ status: 'error', signal: 'SIGPIPE' });
      });

      // A socket that is closed before everything was read gives ECONNRESET: then `yes` exits with 1, and with EPIPE afterwards.
      test(`closing ${stream}, a socket, ends an endless hook, bare and wrapped`, async (stage) => {
        for (const way of WAYS) {
          const run = await startAs(stage, way)(hook);
          await run[stream].sees('y\n');
          run[stream].close();
          const { code, signal } = await run.exit();
          expect([1, 'SIGPIPE'], way).toContain(code ?? signal);
        }
        expect(await stage.onlyRow()).toMatchObject({ status: 'error' });
      });
    }

    test('closing stdout gives a hook that ignores SIGPIPE a write error, bare and wrapped', async (stage) => {
      const hook = "trap '' PIPE; while echo line 2>/dev/null; do :; done; exit 9";
      for (const way of WAYS) {
        const run = await startAs(stage, way)(['sh', '-c', hook]);
        await run.stdout.sees('line\n');
        run.stdout.close();
        expect(await run.exit(), way).toEqual({ code: 9, signal: null });
      }
    });

    test('closing both streams does not affect a hook that has stopped writing, bare and wrapped', async (stage) => {
      for (const way of WAYS) {
        const go = `go-${way}`;
        const run = await startAs(
          stage,
          way,
        )(['sh', '-c', `echo line; while [ ! -e ${go} ]; do sleep 0.02; done; exit 4`]);
        await run.stdout.sees('line\n');
        run.stdout.close();
        run.stderr.close();
        writeFileSync(stage.path(go), '');
        expect(await run.exit(), way).toEqual({ code: 4, signal: null });
      }
      expect(await stage.onlyRow()).toMatchObject({ exit_code: 4, stdout_bytes: 5 });
    });

    test('closing stdout leaves stderr working', async (stage) => {
      const run = await stage.startWrapped([
        'sh',
        '-c',
        `echo line; ${UNTIL_GO}; echo still here >&2`,
      ]);
      await run.stdout.sees('line\n');
      run.stdout.close();
      writeFileSync(stage.path('go'), '');
      expect(await run.exit()).toEqual({ code: 0, signal: null });
      await run.stderr.sees('still here\n');
    });
  });

  topic(engine, 'a background child of the hook', 'concurrent', ({ test }) => {
    const cases = [
      { holds: 'both streams', late: 'echo late', redirect: '', at: 'stdout', ended: [] },
      {
        holds: 'stdout alone',
        late: 'echo late',
        redirect: '2>/dev/null',
        at: 'stdout',
        ended: ['stderr'],
      },
      {
        holds: 'stderr alone',
        late: 'echo late >&2',
        redirect: '>/dev/null',
        at: 'stderr',
        ended: ['stdout'],
      },
    ] as const;

    for (const kind of ['socket', 'pipe'] as const) {
      for (const { holds, late, redirect, at, ended } of cases) {
        test(`that holds ${holds}, ${kind}s, delays the end of output but not the exit`, async (stage) => {
          const hook = `(${UNTIL_GO}; ${late}) ${redirect} & exit 3`;
          const run = await stage.startWrapped(['sh', '-c', hook], { stdout: kind, stderr: kind });
          expect(await run.exit()).toEqual({ code: 3, signal: null });
          for (const stream of ended) await run[stream].end();
          writeFileSync(stage.path('go'), '');
          await Promise.all([run.stdout.end(), run.stderr.end()]);
          // Its arrival shows that the end of output had not come before it.
          expect(run[at].text).toBe('late\n');
          await until('the session to be empty', () => sessionMembers(run.pid).length === 0);
          expect(await stage.onlyRow()).toMatchObject({ exit_code: 3 });
        });
      }
    }

    test('that holds a copy of stdout as descriptor 3 delays the end of stdout but not the exit', async (stage) => {
      const hook = `exec 3>&1; (${UNTIL_GO}; echo late >&3) >/dev/null 2>&1 & echo early; exit 3`;
      const run = await stage.startWrapped(['sh', '-c', hook]);
      expect(await run.exit()).toEqual({ code: 3, signal: null });
      await run.stderr.end();
      writeFileSync(stage.path('go'), '');
      await run.stdout.end();
      expect(run.stdout.text).toBe('early\nlate\n');
    });

    test('that holds none of the streams delays nothing', async (stage) => {
      const hook = `(${UNTIL_GO}) </dev/null >/dev/null 2>&1 & echo $!; exit 3`;
      const run = await stage.startWrapped(['sh', '-c', hook]);
      const outcome = await run.finish();
      expect(outcome).toMatchObject({ code: 3, signal: null });
      expect(isAlive(Number(outcome.stdout))).toBe(true);
      writeFileSync(stage.path('go'), '');
    });

    test('that writes 1 MiB after the exit loses nothing', async (stage) => {
      const hook = `(${UNTIL_GO}; yes late | head -c 1048576) & echo early`;
      const run = await stage.startWrapped(['sh', '-c', hook]);
      expect(await run.exit()).toEqual({ code: 0, signal: null });
      writeFileSync(stage.path('go'), '');
      await run.stdout.end();
      expect(
        run.stdout.bytes.equals(
          Buffer.from(`early\n${'late\n'.repeat(209_716).slice(0, 1_048_576)}`),
        ),
      ).toBe(true);
    });

    for (const way of WAYS) {
      for (const kind of ['pipe', 'socket'] as const) {
        test(`cannot write once the caller has closed its end, a ${kind}, after the exit, ${way}`, async (stage) => {
          // Its parent is gone, so another shell reports how it ended.
          const child = `${UNTIL_GO}; (exec yes late); echo $? >status.new; mv status.new status`;
          const hook = ['sh', '-c', `(${child}) & echo early`];
          const run = await startAs(stage, way)(hook, { stdout: kind, stderr: kind });
          expect(await run.exit()).toEqual({ code: 0, signal: null });
          await run.stdout.sees('early\n');
          run.stdout.close();
          run.stderr.close();
          writeFileSync(stage.path('go'), '');
          const status = await until('the end of the child', () => read(stage.path('status')));
          // 141 is SIGPIPE; 1 is the error for a socket that was closed before everything was read.
          expect(kind === 'pipe' ? ['141\n'] : ['141\n', '1\n']).toContain(status);
        });
      }
    }
  });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not written yet.
    return undefined;
  }
}
