import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { databaseIn, readRows } from './support/rows.ts';
import { python } from './support/running.ts';
import type { Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';

/** From the hook's write to the caller's read. */
const STREAMING_MS = 50;

/** What a locked database may cost: the busy timeout of an execution, plus what a busy machine adds. */
const LOCKED_MS = 200;
const NOISE_MS = 150;

export function timing(engine: Engine): void {
  topic(engine, 'time', 'sequential', ({ test }) => {
    for (const kind of ['socket', 'pipe'] as const) {
      test(`a line reaches the caller, through a ${kind}, within ${STREAMING_MS} ms of being written`, async (stage) => {
        const run = await stage.startWrapped(python('timestamps.py', '20'), { stdout: kind });
        const delays: number[] = [];
        run.stdout.onData((chunk) => {
          const now = performance.timeOrigin + performance.now();
          for (const line of chunk.toString().trim().split('\n')) delays.push(now - Number(line));
        });
        run.stdin.end();
        expect(await run.finish()).toMatchObject({ code: 0 });
        expect(delays).toHaveLength(20);
        expect(median(delays)).toBeLessThan(STREAMING_MS);
      });
    }

    test(`a locked database delays a run by at most ${LOCKED_MS} ms, and nothing is lost`, async (stage) => {
      const unlocked = await milliseconds(stage, 5);
      const db = new Database(databaseIn(stage.home));
      try {
        db.exec('BEGIN EXCLUSIVE');
        const locked = await milliseconds(stage, 5);
        expect(locked - unlocked).toBeLessThan(LOCKED_MS + NOISE_MS);
        db.exec('ROLLBACK');
      } finally {
        db.close();
      }
      await stage.drain();
      const rows = readRows(stage.home);
      expect(rows).toHaveLength(10);
      expect(new Set(rows.map((row) => row.execution_id)).size).toBe(10);
      expect(rows.every((row) => row.status === 'success' && row.stdout_bytes === 5)).toBe(true);
    });

    test('the ids behind 1.5 MB of content are found as the caller writes it', async (stage) => {
      const content = 'x'.repeat(1_500_000);
      const input = `{"session_id":"s","tool_input":{"content":"${content}"},"tool_use_id":"toolu_1"}\n`;
      // A caller on a busy machine may pause for longer than hookbus listens, but not each time.
      for (let round = 1; round <= 20; round += 1) {
        await stage.wrapped(['true'], { flags: ['--name', `round-${round}`], input });
        const found = (await stage.rows()).map((row) => `${row.session_id} ${row.tool_use_id}`);
        if (found.includes('s toolu_1')) return;
      }
      expect.unreachable('the id was found in no round');
    });

    test('input in many pieces does not wait for the record', async (stage) => {
      const run = await stage.startWrapped(['cat']);
      const times: number[] = [];
      for (let round = 1; round <= 20; round += 1) {
        const line = `${randomBytes(8).toString('hex')}\n`;
        const begin = performance.now();
        run.stdin.write(line);
        await run.stdout.sees(line);
        times.push(performance.now() - begin);
      }
      run.stdin.end();
      await run.finish();
      // The first round includes the start of the engine.
      expect(median(times.slice(1))).toBeLessThan(STREAMING_MS);
    });

    test("the duration on record is the hook's own, and the overhead is apart from it", async (stage) => {
      expect(await stage.wrapped(['sleep', '0.3'])).toMatchObject({ code: 0 });
      const { duration_ms, overhead_ms } = await stage.onlyRow();
      expect(duration_ms).toBeGreaterThanOrEqual(299);
      expect(duration_ms).toBeLessThan(800);
      expect(overhead_ms).toBeGreaterThanOrEqual(0);
      expect(overhead_ms).toBeLessThan(300);
    });
  });
}

/** The median time of a run of `echo`, in milliseconds. */
async function milliseconds(stage: Stage, times: number): Promise<number> {
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const begin = performance.now();
    const outcome = await stage.wrapped(['echo', 'word'], { input: '{}\n' });
    taken.push(performance.now() - begin);
    expect(outcome).toMatchObject({
      code: 0,
      stdout: Buffer.from('word\n'),
      stderr: Buffer.from(''),
    });
  }
  return median(taken);
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
