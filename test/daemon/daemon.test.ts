import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askDaemon } from '../../src/daemon/client/client.ts';
import { createLog } from '../../src/daemon/log.ts';
import { encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { encodeNotify } from '../../src/protocol/socket.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { aState, CLI, start, until } from '../support/daemon.ts';
import { aBegin, anEnd } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary.ts';

type State = ReturnType<typeof aState>;

function spoolOne({ paths }: State): void {
  const begin = aBegin();
  const spool = createSpool(paths.spool, paths.quarantine);
  spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(anEnd()));
}

function say(state: State, bytes: Uint8Array) {
  const socket = connect(state.paths.socket);
  socket.on('error', () => undefined);
  socket.write(bytes);
  return socket;
}

const count = (state: State): number => state.rows('SELECT 1 FROM hook_logs').length;

describe('the daemon', () => {
  it('ingests the spool when it starts, and new records within 50 ms of a notification', async () => {
    const state = aState();
    spoolOne(state);
    await state.daemon();
    await until('the first row', () => count(state) === 1);
    const latencies: number[] = [];
    for (let round = 2; round <= 11; round += 1) {
      spoolOne(state);
      const before = performance.now();
      say(state, encodeNotify('0.1.0')).end();
      await until('the next row', () => count(state) === round);
      latencies.push(performance.now() - before);
    }
    latencies.sort((a, b) => a - b);
    expect(latencies[5]).toBeLessThan(50);
  });

  it('finds records without a notification', async () => {
    const state = aState();
    await state.daemon();
    spoolOne(state);
    await until('the row', () => count(state) === 1);
  });

  it('keeps its socket and its files from other users', async () => {
    const state = aState();
    await state.daemon();
    spoolOne(state);
    await until('the row', () => count(state) === 1);
    expect(statSync(state.paths.socket).mode & 0o777).toBe(0o600);
    for (const name of readdirSync(state.home).filter((one) => one !== 'stamp')) {
      expect(statSync(join(state.home, name)).mode & 0o077, name).toBe(0);
    }
  });

  it('runs once: a second one says that another runs, and exits', async () => {
    const state = aState();
    const first = await state.daemon();
    const second = await start([process.execPath, CLI, 'daemon', 'run', '--json'], state.env).ended;
    expect(JSON.parse(second.stdout)).toEqual({ ended: 'another_runs' });
    expect((await state.ask())?.pid).toBe(first.pid);
  });

  it('takes the place of one that was killed, whose socket is still there', async () => {
    const state = aState();
    const first = await state.daemon();
    first.kill('SIGKILL');
    await until('its death', () => first.signalCode !== null);
    spoolOne(state);
    const second = await state.daemon();
    expect(second.pid).not.toBe(first.pid);
    await until('the row', () => count(state) === 1);
  });

  it('ingests the rest on SIGTERM, and removes its socket', async () => {
    const state = aState();
    const daemon = await state.daemon();
    for (let record = 0; record < 300; record += 1) spoolOne(state);
    daemon.kill('SIGTERM');
    await until('the end of the daemon', () => daemon.exitCode !== null);
    expect(daemon.exitCode).toBe(0);
    expect(count(state)).toBe(300);
    expect(readdirSync(state.home)).not.toContain('bus.sock');
  });

  it('exits when it was idle for long', async () => {
    const daemon = await aState().daemon('--idle-seconds', '0.4');
    await until('the end of the daemon', () => daemon.exitCode !== null);
    expect(daemon.exitCode).toBe(0);
  });

  it('makes way for a newer version, but not for an older one', async () => {
    const state = aState();
    const daemon = await state.daemon();
    say(state, encodeNotify('0.0.9')).end();
    await until('the notification', async () => ((await state.ask())?.pokes ?? 0) >= 1);
    spoolOne(state);
    say(state, encodeNotify('99.0.0')).end();
    await until('the end of the daemon', () => daemon.exitCode !== null);
    expect(count(state)).toBe(1);
  });

  it('serves others while one client is silent, one sends garbage, one claims 4 GB and one floods', async () => {
    const state = aState();
    const daemon = await state.daemon();
    const sockets = [
      say(state, Buffer.alloc(0)),
      say(state, Buffer.from([1])),
      say(state, Buffer.from('GET / HTTP/1.1\r\n\r\n')),
      say(state, Buffer.from([1, 4, 255, 255, 255, 255])),
      say(state, Buffer.from([1, 200, 0, 0, 0, 0])),
      say(state, Buffer.concat([Buffer.from([1, 1, 0, 0, 64, 0]), Buffer.alloc(8 * 1024 * 1024)])),
    ];
    spoolOne(state);
    say(state, encodeNotify('0.1.0')).end();
    await until('the row', () => count(state) === 1);
    expect((await state.ask())?.pid).toBe(daemon.pid);
    for (const socket of sockets) socket.destroy();
  });

  it('continues after the database was replaced by garbage', async () => {
    const state = aState();
    writeFileSync(state.paths.database, 'garbage '.repeat(2000));
    await state.daemon();
    spoolOne(state);
    await until('the row', () => count(state) === 1);
    expect(readdirSync(state.home).some((name) => name.includes('.corrupt-'))).toBe(true);
  });

  it('closes its state directory to other users', async () => {
    const state = aState();
    chmodSync(state.home, 0o755);
    await state.daemon();
    expect(statSync(state.home).mode & 0o777).toBe(0o700);
    expect(statSync(state.paths.socket).mode & 0o777).toBe(0o600);
  });

  it('can be reached however long the path of the state directory is', async () => {
    const home = join(temporaryDirectory(), 'x'.repeat(150));
    const state = aState(home);
    await state.daemon();
    expect(state.paths.socket).toBe(join(home, 'bus.sock'));
    expect(statSync(state.paths.socket).mode & 0o777).toBe(0o600);
    expect((await askDaemon(state.paths.socket))?.version).toBe('0.1.0');
    // In a directory that others can write to, another user may have made the socket.
    chmodSync(home, 0o777);
    expect(await askDaemon(state.paths.socket)).toBeUndefined();
    chmodSync(home, 0o700);
    await state.stop();
    await until('its socket to be gone', () => !existsSync(state.paths.socket));
  });
});

describe('daemon commands', () => {
  const command = async (state: State, ...words: string[]) => {
    const { stdout, code } = await start(
      [process.execPath, CLI, 'daemon', ...words, '--json'],
      state.env,
    ).ended;
    return { code, answer: JSON.parse(stdout) as Record<string, unknown> };
  };

  it('stop it although the process that started it does not reap it', async () => {
    const state = aState();
    const daemon = [process.execPath, CLI, 'daemon', 'run'];
    const parent = spawn('/bin/sh', ['-c', '"$@" & exec cat', 'sh', ...daemon], {
      env: state.env,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const hasEnded = once(parent, 'exit');
    await until('the daemon to answer', () => state.ask());
    expect(await state.stop()).toBe(true);
    expect(parent.exitCode).toBeNull();
    parent.stdin?.end();
    await hasEnded;
  });

  it('start, restart and stop it, and report whether it runs', async () => {
    const state = aState();
    expect((await command(state, 'status')).answer).toEqual({ running: false });
    const first = await command(state, 'start');
    expect(first).toMatchObject({ code: 0, answer: { running: true, version: '0.1.0' } });
    expect((await command(state, 'start')).answer['pid']).toBe(first.answer['pid']);
    const second = await command(state, 'restart');
    expect(second.answer['running']).toBe(true);
    expect(second.answer['pid']).not.toBe(first.answer['pid']);
    expect((await command(state, 'stop')).answer).toEqual({ stopped: true });
    expect(() => process.kill(Number(second.answer['pid']), 0)).toThrow();
    expect((await command(state, 'stop')).answer).toEqual({ stopped: false });
  });

  it('are not fooled by another program on the socket', async () => {
    const state = aState();
    const mad = createServer((socket) => socket.resume().end('what?'));
    await new Promise<void>((resolve) => void mad.listen(state.paths.socket, resolve));
    expect((await command(state, 'status')).answer).toEqual({ running: false });
    await new Promise((resolve) => mad.close(resolve));
  });
});

describe('the log of the daemon', () => {
  it('stays within its bounds', () => {
    const directory = temporaryDirectory();
    const log = createLog(join(directory, 'hookbus.log'), Date.now);
    for (let line = 0; line < 20_000; line += 1) log('event', { text: 'x'.repeat(100), line });
    const bytes = readdirSync(directory).map((name) => statSync(join(directory, name)).size);
    expect(bytes).toHaveLength(2);
    expect(Math.max(...bytes)).toBeLessThan(600 * 1024);
  });
});
