import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, readFileSync, readSync } from 'node:fs';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { makePipe } from './support/pipes.ts';
import { isAlive } from './support/processes.ts';
import type { Running } from './support/running.ts';
import type { Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';
import { until } from './support/until.ts';

const WAYS = ['bare', 'wrapped'] as const;
type Way = (typeof WAYS)[number];

/** More than a pipe holds, but little enough that the hook finishes while HookBus holds the rest. */
const OUTPUT_BYTES = 100_000;

/** How long, in ms, the tests check that a caller sees no exit that it would not see without HookBus. */
const UNREAD_MS = 300;

const canUnshare: true | string =
  spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0 || 'a namespace needs a privilege';

export function exit(engine: Engine): void {
  topic(engine, 'the exit and what the hook wrote', 'concurrent', ({ test, testIf }) => {
    test('a caller that has not read everything sees no exit, bare and wrapped', async (stage) => {
      for (const way of WAYS) {
        const { run, read } = await startUnread(stage, way, [
          'head',
          '-c',
          `${OUTPUT_BYTES}`,
          '/dev/zero',
        ]);
        await expectNoExit(run);
        const length = read();
        expect(await run.exit(), way).toEqual({ code: 0, signal: null });
        expect(length, way).toBe(OUTPUT_BYTES);
      }
      const { duration_ms, stdout_bytes } = await stage.onlyRow();
      expect(stdout_bytes).toBe(OUTPUT_BYTES);
      // As without HookBus, if its write had taken that long.
      expect(duration_ms).toBeGreaterThanOrEqual(UNREAD_MS);
    });

    for (const whom of ['hookbus', 'its group'] as const) {
      test(`SIGTERM to ${whom} ends it while the caller has not read everything, bare and wrapped`, async (stage) => {
        for (const way of WAYS) {
          const hook = ['head', '-c', `${OUTPUT_BYTES}`, '/dev/zero'];
          const { run, read } = await startUnread(stage, way, hook);
          await expectNoExit(run);
          if (whom === 'hookbus') run.kill('SIGTERM');
          else run.killGroup('SIGTERM');
          expect(await run.exit(), way).toEqual({ code: null, signal: 'SIGTERM' });
          read();
        }
        await stage.drain();
        expect(await stage.onlyRow()).toMatchObject({ status: 'error', signal: 'SIGTERM' });
      });
    }

    test('output that fits into the pipe of a caller that reads nothing does not delay the exit', async (stage) => {
      for (const way of WAYS) {
        const pipe = await makePipe();
        const run = await startAs(stage, way)(['head', '-c', '65536', '/dev/zero'], {
          stdin: 'null',
          stdout: pipe.write,
        });
        closeSync(pipe.write);
        expect(await run.exit(), way).toEqual({ code: 0, signal: null });
        expect(readAll(pipe.read), way).toBe(65_536);
      }
    });

    testIf(
      canUnshare,
      'a hook that is the only process of its pid namespace loses nothing, bare and wrapped',
      async (stage) => {
        for (const way of WAYS) {
          const words = way === 'bare' ? [] : [...engine.command, 'run', '--name', 'probe', '--'];
          const hook = [...words, 'head', '-c', `${OUTPUT_BYTES}`, '/dev/zero'];
          const inside = ['unshare', '--pid', '--fork', ...hook];
          const pipe = await makePipe();
          const run = await stage.startBare(inside, { stdin: 'null', stdout: pipe.write });
          closeSync(pipe.write);
          await expectNoExit(run);
          expect(readAll(pipe.read), way).toBe(OUTPUT_BYTES);
          expect(await run.exit(), way).toEqual({ code: 0, signal: null });
        }
      },
    );

    test('a caller that kills the group once it has seen the exit loses nothing, bare and wrapped', async (stage) => {
      for (const way of WAYS) {
        const hook = ['sh', '-c', `head -c ${OUTPUT_BYTES} /dev/zero; exit 3`];
        const { run, read } = await startUnread(stage, way, hook);
        await expectNoExit(run);
        const length = read();
        expect(await run.exit(), way).toEqual({ code: 3, signal: null });
        expect(length, way).toBe(OUTPUT_BYTES);
      }
    });
  });
}

const startAs = (stage: Stage, way: Way) => (way === 'bare' ? stage.startBare : stage.startWrapped);

/** A hook whose stdout is a pipe that nobody reads until `read`, which reads to its end. Under HookBus it has ended by then. */
async function startUnread(stage: Stage, way: Way, hook: readonly string[]) {
  const pipe = await makePipe();
  const pid = `pid-${way}`;
  const words = ['sh', '-c', `echo $$ >${pid}; exec "$@"`, 'sh', ...hook];
  const run = await startAs(stage, way)(words, { stdin: 'null', stdout: pipe.write });
  closeSync(pipe.write);
  const hookPid = await until('the hook', () => Number(read(stage.path(pid))) || undefined);
  await until('the end of the hook', () => way === 'bare' || run.hasExited() || !isAlive(hookPid));
  return { run, read: () => readAll(pipe.read) };
}

/** Watches for UNREAD_MS, starting once the hook runs. */
async function expectNoExit(run: Running): Promise<void> {
  const end = performance.now() + UNREAD_MS;
  await until('the time to pass', () => run.hasExited() || performance.now() > end);
  expect(run.hasExited()).toBe(false);
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Reads to the end and closes; returns the number of bytes. */
function readAll(descriptor: number): number {
  const piece = Buffer.alloc(65_536);
  let length = 0;
  for (let got = 1; got > 0; length += got) got = readSync(descriptor, piece);
  closeSync(descriptor);
  return length;
}
