import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeGate } from '../../src/gates/gate-writer.ts';
import { decodeClaim, decodeResult, encodeVerdict } from '../../src/protocol/claim.ts';
import { FRAME_KIND, type Frame, splitFrames } from '../../src/protocol/frame.ts';
import { until } from '../conformance/support/until.ts';
import {
  hasLauncher,
  LAUNCHER,
  makeHome,
  openPlace,
  type Place,
  titleOf,
} from './support/launcher.ts';

const PAYLOAD = '{"session_id":"s","hook_event_name":"PostToolUse","tool_use_id":"t"}\n';

const GRANT = encodeVerdict({ kind: 'run', key: 'k', wantsOutputs: false });

/** A daemon that grants every claim, or answers a claim as `says` does; it keeps the frames that it receives. */
async function fakeDaemon(place: Place, says = (to: Socket): void => void to.write(GRANT)) {
  const sockets: Socket[] = [];
  const frames: Frame[] = [];
  let closed = 0;
  const server = createServer((socket) => {
    let unread = Buffer.alloc(0);
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed += 1;
    });
    socket.on('data', (bytes) => {
      const split = splitFrames(Buffer.concat([unread, bytes]));
      unread = Buffer.from(split.rest);
      for (const frame of split.frames) {
        frames.push(frame);
        if (frame.kind !== FRAME_KIND.claim) continue;
        says(socket);
      }
    });
  });
  makeHome(place);
  server.listen(join(place.home, 'bus.sock'));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  return {
    frames,
    connections: () => sockets.length,
    closed: () => closed,
    framesOf: (kind: number) => frames.filter((frame) => frame.kind === kind),
  };
}

function start(place: Place, words: readonly string[], program = LAUNCHER, env = {}) {
  const [file = '', ...parameters] = words[0] === 'sh' ? words : [program, ...words];
  const child = spawn(file, parameters, {
    cwd: place.directory,
    env: place.env(env),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined);
  return child;
}

describe.skipIf(hasLauncher !== true)(
  titleOf('a launcher that claims a dedupe key', hasLauncher),
  () => {
    it('connects to the daemon before the payload arrives, and claims the key once it has', async () => {
      const place = openPlace();
      const daemon = await fakeDaemon(place);
      const child = start(place, ['run', '--name', 'n', '--dedupe', '--', 'cat']);
      const output = once(child.stdout, 'data');
      await until('a connection', () => daemon.connections() === 1);
      expect(daemon.frames).toEqual([]);
      child.stdin.end(PAYLOAD);
      expect(String(await output)).toBe(PAYLOAD);
      expect(await once(child, 'exit')).toEqual([0, null]);
      await until('the result', () => daemon.framesOf(FRAME_KIND.result).length === 1);
      const kinds = daemon.frames.map(({ kind }) => kind);
      const { begin, claim, result, notify } = FRAME_KIND;
      expect(kinds).toEqual([begin, claim, result, notify]);
      expect(decodeClaim(daemon.frames[1] as Frame).ttlSeconds).toBe(3600);
      // A JSON object may be a refusal: the daemon decides.
      const outputs = { stdout: Buffer.from(PAYLOAD), stderr: Buffer.alloc(0) };
      expect(decodeResult(daemon.frames[2] as Frame).end).toEqual({ exitCode: 0, outputs });
      expect(daemon.connections()).toBe(1);
    });

    it('disconnects from the daemon if the payload does not arrive in time', async () => {
      const place = openPlace();
      const daemon = await fakeDaemon(place);
      const hook = ['sh', '-c', 'read start; echo; read end'];
      const child = start(place, ['run', '--name', 'n', '--dedupe', '--', ...hook]);
      const running = once(child.stdout, 'data');
      child.stdin.write('{"session_id":\n');
      await running;
      // The hook runs already, so the launcher needs no verdict any more.
      await until(
        'the end of the connection',
        () => daemon.connections() === 1 && daemon.closed() === 1,
      );
      expect(daemon.frames).toEqual([]);
      child.stdin.end('"s"}\n');
      expect(await once(child, 'exit')).toEqual([0, null]);
    });

    it('claims nothing if a gate skips the hook', async () => {
      const place = openPlace();
      const daemon = await fakeDaemon(place);
      mkdirSync(join(place.home, 'gates'));
      const hook = { hookName: 'n', command: 'cat' };
      writeGate(join(place.home, 'gates'), hook, { kind: 'off', untilMs: Date.now() + 60_000 });
      const child = start(place, ['run', '--name', 'n', '--dedupe', '--', 'cat']);
      child.stdin.end(PAYLOAD);
      expect(await text(child.stdout)).toBe('');
      await until('the notification', () => daemon.frames.length === 1);
      expect(daemon.frames[0]?.kind).toBe(FRAME_KIND.notify);
      await until('the end of each connection', () => daemon.closed() === daemon.connections());
    });

    it.each(['<&-', '>&-', '2>&-', '<&- 2>&-', '<&- >&- 2>&-'])(
      'gives the hook no descriptor that the caller closed: %s',
      async (closing) => {
        const place = openPlace();
        const daemon = await fakeDaemon(place);
        const descriptorsWith = async (...options: string[]): Promise<string[]> => {
          // `$$` is the hook's own shell, not the subshell that reads the links.
          const look = 'for one in 0 1 2 3 4 5 6 7 8 9; do readlink /proc/$$/fd/$one; done';
          const hook = `(${look}) >${place.path('descriptors')}; true`;
          const words = ['run', '--name', 'n', ...options, '--', 'sh', '-c', hook];
          const child = start(place, [
            'sh',
            '-c',
            `exec "$@" ${closing}`,
            'sh',
            LAUNCHER,
            ...words,
          ]);
          child.stdin.end(PAYLOAD);
          child.stdout.resume();
          expect(await once(child, 'exit')).toEqual([0, null]);
          const found = readFileSync(place.path('descriptors'), 'utf8');
          return found.replace(/\d/g, '').trim().split('\n');
        };
        const without = await descriptorsWith();
        expect(await descriptorsWith('--dedupe-key', 'k')).toEqual(without);
        await until('the claim', () => daemon.framesOf(FRAME_KIND.claim).length === 1);
      },
    );

    it('starts the daemon in the first run, before the state directory exists', async () => {
      const place = openPlace();
      const program = place.path('hookbus');
      copyFileSync(LAUNCHER, program);
      writeFileSync(
        place.path('hookbus.js'),
        `if (process.argv[2] === 'daemon') require('node:fs').writeFileSync(process.env.HOOKBUS_HOME + '/started', '');`,
      );
      const env = { HOOKBUS_DAEMON: 'auto' };
      const child = start(
        place,
        ['run', '--name', 'n', '--dedupe-key', 'k', '--', 'cat'],
        program,
        env,
      );
      child.stdin.end(PAYLOAD);
      expect(await once(child, 'exit')).toEqual([0, null]);
      await until('a daemon', () => existsSync(join(place.home, 'started')));
    });
  },
);

describe.skipIf(hasLauncher !== true)(titleOf('a daemon that lies', hasLauncher), () => {
  const run = async (place: Place, event: string, ...options: string[]) => {
    const hook = ['sh', '-c', 'cat >/dev/null; echo ran >&2; exit 2'];
    const child = spawn(LAUNCHER, ['run', '--name', 'n', '--dedupe', ...options, '--', ...hook], {
      cwd: place.directory,
      env: place.env(),
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const startedAtMs = performance.now();
    child.stdin.end(JSON.stringify({ hook_event_name: event, tool_use_id: 't' }));
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    return { code, stdout, ran: stderr === 'ran\n', ms: performance.now() - startedAtMs };
  };
  const reply = (exitCode: number, stdout: string, more: { refuses?: true } = {}) =>
    encodeVerdict({
      ...{ kind: 'replay', key: 'k', of: 'x', wantsOutputs: false },
      ...more,
      result: { exitCode, stdout: Buffer.from(stdout), stderr: Buffer.alloc(0) },
    });
  const specific = (event: string, permissionDecision: string): string =>
    JSON.stringify({ hookSpecificOutput: { hookEventName: event, permissionDecision } });

  it.each([
    ['answers with skip', encodeVerdict({ kind: 'skip', key: 'k', of: 'x' })],
    ['answers with skip, and without a key', encodeVerdict({ kind: 'skip' })],
    ['answers with wait', encodeVerdict({ kind: 'wait', key: 'k' })],
    ['replays an empty allow', reply(0, '')],
    ['replays an allow in JSON', reply(0, specific('PreToolUse', 'allow'))],
    ['replays a denial of another event', reply(0, specific('Stop', 'deny'))],
    ['replays exit code 1', reply(1, specific('PreToolUse', 'deny'))],
    ['replays exit code 255', reply(255, '')],
    ['replays exit code 2 without marking it as a refusal', reply(2, '')],
    ['marks an empty output as a refusal', reply(0, '', { refuses: true })],
    ['marks plain text as a refusal', reply(0, 'no', { refuses: true })],
  ])('that %s keeps no guard from running', async (_, frame) => {
    const place = openPlace();
    await fakeDaemon(place, (socket) => void socket.write(frame));
    for (const options of [[], ['--on-duplicate', 'skip']]) {
      expect(await run(place, 'PreToolUse', ...options)).toMatchObject({ code: 2, ran: true });
    }
  });

  it.each([
    [2, ''],
    [0, specific('PreToolUse', 'deny')],
  ])('can refuse, by exit code %i and stdout %j', async (code, stdout) => {
    const place = openPlace();
    await fakeDaemon(place, (socket) => void socket.write(reply(code, stdout, { refuses: true })));
    expect(await run(place, 'PreToolUse')).toMatchObject({ code, stdout, ran: false });
  });

  it.each([
    ...[1, 3, 77, 255, 256, 2 ** 32 + 2].map((code) => reply(code, '')),
    encodeVerdict({ kind: 'replay', key: 'k', of: 'x', wantsOutputs: false }),
  ])(
    'that replays an exit code other than 0 and 2, or none, is ignored on any event',
    async (frame) => {
      const place = openPlace();
      await fakeDaemon(place, (socket) => void socket.write(frame));
      expect(await run(place, 'PostToolUse')).toMatchObject({ code: 2, ran: true });
    },
  );

  it.each([
    ['answers with wait forever', encodeVerdict({ kind: 'wait', key: 'k' })],
    ['sends one byte at a time', Buffer.from([1])],
  ])(
    'that %s delays a hook by a few seconds at most',
    async (_, says) => {
      const place = openPlace();
      await fakeDaemon(place, (socket) => {
        const timer = setInterval(() => {
          if (socket.destroyed) clearInterval(timer);
          else socket.write(says);
        }, 20);
      });
      const { ms, ...outcome } = await run(place, 'Stop', '--on-duplicate', 'replay');
      expect(outcome).toMatchObject({ code: 2, ran: true });
      // Five seconds, with room for a busy machine.
      expect(ms).toBeLessThan(10_000);
    },
    30_000,
  );
});
