import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zlibSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { provideCompression } from '../../src/app/recording/compression.ts';
import { ingestSpool } from '../../src/app/recording/ingest.ts';
import { decodeClaim, decodeResult, decodeVerdict } from '../../src/protocol/claim.ts';
import { decodeExecutions, decodeFollow } from '../../src/protocol/follow.ts';
import { FRAME_KIND, FrameError, readFields, splitFrames } from '../../src/protocol/frame.ts';
import { decodeRecord } from '../../src/protocol/record.ts';
import { decodeNotify, decodeState } from '../../src/protocol/socket.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createExecutionWriter } from '../../src/store/executions.ts';
import { EFFORT, SEED } from '../support/effort.ts';
import { createRandom, mutateFrames } from '../support/random.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const FRAMES = new URL('../../fixtures/frames/', import.meta.url);

const goldens = readdirSync(FRAMES)
  .filter((name) => name.endsWith('.bin'))
  .map((name) => ({ name, bytes: readFileSync(new URL(name, FRAMES)) }));
const records = goldens.filter(({ name }) => /^(?:begin|record)-/.test(name));

/** Everything that reads bytes from outside. @throws FrameError, and nothing else */
function readAll(bytes: Buffer): void {
  const { frames, rest } = splitFrames(bytes);
  const inFrames = frames.reduce((sum, { body }) => sum + body.length + 6, 0);
  expect(inFrames + rest.length).toBe(bytes.length);
  for (const frame of frames) {
    for (const read of [
      () => readFields(frame.body),
      () => decodeNotify(frame),
      () => decodeState(frame),
      () => decodeClaim(frame),
      () => decodeFollow(frame),
      () => decodeExecutions(frame),
      () => decodeVerdict(frame),
      () => decodeResult(frame),
    ])
      onlyFrameErrors(read);
  }
  if (frames[0]?.kind === FRAME_KIND.begin) decodeRecord(bytes);
}

/** Whether it was accepted. */
function onlyFrameErrors(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return false;
  }
}

describe('changed frames', () => {
  it.each(goldens)('$name: reading throws FrameErrors and nothing else', ({ name, bytes }) => {
    const random = createRandom(SEED);
    let readable = 0;
    for (let round = 0; round < 4000 * EFFORT; round += 1) {
      const changed = mutateFrames(bytes, random);
      try {
        if (onlyFrameErrors(() => readAll(changed))) readable += 1;
      } catch (error) {
        throw new Error(`${name}, round ${round}: ${changed.toString('hex')}`, { cause: error });
      }
    }
    // Otherwise the changes are so coarse that only the first checks see them.
    if (name !== 'notify.bin') expect(readable).toBeGreaterThan(100);
  });

  it('noise: reading throws FrameErrors and nothing else', () => {
    const random = createRandom(SEED);
    for (let round = 0; round < 4000 * EFFORT; round += 1) {
      const noise = Buffer.from(Array.from({ length: random(80) }, () => random(256)));
      // Half of them pass the first check.
      if (random(2) === 0 && noise.length > 6) noise.set([1, 1 + random(7), random(80), 0, 0, 0]);
      onlyFrameErrors(() => readAll(noise));
    }
  });
});

describe('changed records', () => {
  beforeAll(() => provideCompression(zlibSync));

  it('become rows or are quarantined, and delay no others', () => {
    const random = createRandom(SEED);
    const home = temporaryDirectory();
    const directory = join(home, 'spool');
    const spool = createSpool(directory, join(directory, 'unreadable'));
    const db = openDatabase(join(home, 'hook_bus.db'), 100);
    const writer = createExecutionWriter(db);
    mkdirSync(directory);
    for (let batch = 0; batch < 5 * EFFORT; batch += 1) {
      for (let index = 0; index < 200; index += 1) {
        const { bytes } = records[random(records.length)] ?? { bytes: Buffer.alloc(0) };
        writeFileSync(join(directory, `${batch}-${index}.rec`), mutateFrames(bytes, random));
      }
      const { stored, unreadable } = ingestSpool(spool, writer, Date.now);
      expect(stored + unreadable).toBe(200);
      expect(stored).toBeGreaterThan(20);
      expect(readdirSync(directory)).toEqual(['unreadable']);
    }
    const rows = db.prepare('SELECT execution_id, created_at FROM hook_logs').all();
    expect(rows.length).toBeGreaterThan(5);
    db.close();
  });
});
