import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { askDashboard } from '../../src/daemon/client/client.ts';
import { isNewerVersion, VERSION } from '../../src/domain/version.ts';
import { FRAME_KIND, splitFrames } from '../../src/protocol/frame.ts';
import { decodeNotify, encodeNotify, encodeRequest } from '../../src/protocol/socket.ts';
import { aState, inPool, until } from '../support/daemon.ts';
import { EFFORT, SEED } from '../support/effort.ts';
import { createRandom, mutateFrames } from '../support/random.ts';

const FRAMES = new URL('../../fixtures/frames/', import.meta.url);

const said = [
  ...readdirSync(FRAMES)
    .filter((name) => name.endsWith('.bin'))
    .map((name) => readFileSync(new URL(name, FRAMES))),
  encodeNotify(VERSION),
  Buffer.concat([encodeRequest('askState'), encodeNotify(VERSION), encodeRequest('askState')]),
];

/** Whether a daemon rightly exits when it receives this. */
function endsIt(bytes: Buffer): boolean {
  try {
    return splitFrames(bytes).frames.some(
      (frame) =>
        frame.kind === FRAME_KIND.stop ||
        (frame.kind === FRAME_KIND.notify && isNewerVersion(decodeNotify(frame) ?? '', VERSION)),
    );
  } catch {
    return false;
  }
}

/** Sends it in two pieces and waits for the end of the connection; closes it if the daemon waits for more. */
function say(path: string, bytes: Buffer, cut: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
    socket.resume();
    socket.write(bytes.subarray(0, cut), () => socket.end(bytes.subarray(cut)));
  });
}

describe('a daemon that receives modified frames', () => {
  it(
    'continues, and leaks neither a descriptor nor memory',
    async () => {
      const random = createRandom(SEED);
      const state = aState();
      const daemon = await state.daemon();
      const words = Array.from({ length: 1000 * EFFORT }, () =>
        mutateFrames(said[random(said.length)] ?? Buffer.alloc(0), random),
      ).filter((bytes) => !endsIt(bytes));
      const descriptors = (): number => readdirSync(`/proc/${daemon.pid}/fd`).length;
      await inPool(100, 4, async () => say(state.paths.socket, encodeNotify(VERSION), 3));
      // One of the frames may ask for the dashboard, which stays open then.
      await askDashboard(state.paths.socket);
      const before = { ...(await state.ask()), open: descriptors() };
      await inPool(words.length, 8, (index) => {
        const bytes = words[index] ?? Buffer.alloc(0);
        return say(state.paths.socket, bytes, random(bytes.length + 1));
      });
      const after = await state.ask();
      expect(after?.pid).toBe(daemon.pid);
      // This side's sockets may still be closing.
      await until('all descriptors to be closed', () => descriptors() <= before.open);
      expect(after?.rss_bytes).toBeLessThan((before.rss_bytes ?? 0) + 64 * 1024 * 1024);
    },
    60_000 * EFFORT,
  );
});
