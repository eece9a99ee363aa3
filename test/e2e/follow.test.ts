import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { execPath } from 'node:process';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  decodeExecutions,
  encodeFollow,
  type FollowedExecutions,
} from '../../src/protocol/follow.ts';
import { FRAME_KIND, splitFrames } from '../../src/protocol/frame.ts';
import { encodeState } from '../../src/protocol/socket.ts';
import type { LogRow } from '../../src/store/columns.ts';
import { aState, CLI, hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { makeDatabase, spoolWhole } from '../support/state.ts';

type State = ReturnType<typeof aState>;

interface Follower {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly rows: () => LogRow[];
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** `hookbus logs --follow` in its own process, which is killed after the test. */
function follow(state: State, words: readonly string[] = [], env: object = {}): Follower {
  const child = spawn(execPath, [CLI, 'logs', '--follow', ...words], {
    env: { ...state.env, TZ: 'UTC', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    rows: () =>
      stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as LogRow),
    ended: new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
    }),
  };
}

const names = (follower: Follower): string[] => follower.rows().map((row) => row.hook_name);

/** Writes to the database directly, like the Node engine; nobody notifies the daemon. */
const write = ({ paths }: State, ...hookNames: readonly string[]): void =>
  writeExecutions(
    paths.database,
    hookNames.map((hookName) =>
      recordedOf(anExecution({ hookName, createdAt: new Date().toISOString() })),
    ),
  );

/** Rows of a long command, in one statement. */
function writeMany({ paths }: State, count: number): void {
  const db = new Sqlite(paths.database, { timeout: 5000 });
  db.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO hook_logs (execution_id, correlation_id, span_id, hook_name, event_type, command, status, created_at)
     SELECT hex(randomblob(16)), 'c', 's', 'many', 'Stop', hex(zeroblob(1000)), 'success', '2026-11-22T10:00:00.000Z'
     FROM n`,
  ).run(count);
  db.close();
}

describe('hookbus logs --follow', () => {
  it('starts the daemon, prints the latest executions, and continues with new ones', async () => {
    const state = aState();
    write(state, 'one', 'two', 'three');
    const follower = follow(state, ['--json', '--limit', '2']);
    await until('the latest rows', () => follower.rows().length === 2);
    expect(await state.ask()).toBeDefined();
    write(state, 'direct');
    await until('the row of another writer', () => names(follower).includes('direct'));
    spoolWhole(state.paths, { hookName: 'spooled' });
    await until('the row from the spool', () => names(follower).includes('spooled'));
    expect(names(follower)).toEqual(['two', 'three', 'direct', 'spooled']);
    expect(Object.keys(follower.rows()[0] ?? {})).toContain('stdout_digest');
    follower.child.kill('SIGINT');
    expect(await follower.ended).toEqual({ code: null, signal: 'SIGINT' });
    expect(follower.stderr()).toBe('');
  });

  it.skipIf(!hasLauncher)('shows an execution as soon as the launcher has exited', async () => {
    const state = aState();
    const follower = follow(state, ['--json', '--limit', '0']);
    await until('the daemon', () => state.ask());
    const waits: number[] = [];
    for (let round = 1; round <= 5; round += 1) {
      await start([LAUNCHER, 'run', '--name', 'quick', '--', 'true'], state.env).ended;
      const before = performance.now();
      await until('the row', () => follower.rows().length === round);
      waits.push(performance.now() - before);
    }
    expect(waits.sort((a, b) => a - b)[2]).toBeLessThan(100);
  });

  it('supports the filters of logs', async () => {
    const state = aState();
    await state.daemon();
    const followers = [
      ['--hook', 'a', '--hook', 'b'],
      ['--event', 'Stop'],
      ['--status', 'error,timeout'],
      ['--session', 'se%'],
      ['--hook', 'a', '--status', 'error'],
      ['--event', 'pretooluse', '--tool', 'bash', '--failed'],
    ].map((words) => follow(state, ['--json', '--limit', '100', ...words]));
    const everything = follow(state, ['--json', '--limit', '100']);
    await until('all followers', async () => {
      write(state, 'ready');
      return everything.rows().length > 0;
    });
    const made = [
      { hookName: 'a' },
      { hookName: 'b', status: 'error' },
      { hookName: 'c', eventType: 'Stop' },
      { hookName: 'd', status: 'timeout', sessionId: 'se%1' },
      { hookName: 'a', status: 'error', sessionId: 'sex', toolName: 'Bash' },
      { hookName: 'last' },
    ] as const;
    writeExecutions(
      state.paths.database,
      made.map((changes) => recordedOf(anExecution(changes))),
    );
    const shown = [['a', 'b', 'a'], ['c'], ['b', 'd', 'a'], ['d'], ['a'], ['a']];
    await until('the last row', () => names(everything).includes('last'));
    await until('the rows of each filter', () =>
      followers.every((each, at) => each.rows().length === shown[at]?.length),
    );
    expect(followers.map(names)).toEqual(shown);
  });

  it('loses and doubles nothing while the daemon is killed, stopped and started again', async () => {
    const state = aState();
    const follower = follow(state, ['--json', '--limit', '10000']);
    await until('the daemon', () => state.ask());
    let written = 0;
    const more = (): void => {
      for (let count = 0; count < 20; count += 1) {
        written += 1;
        if (count % 2 === 0) write(state, `n${written}`);
        else spoolWhole(state.paths, { hookName: `n${written}`, createdAtMs: Date.now() });
      }
    };
    for (const end of ['SIGKILL', 'stop', 'SIGKILL'] as const) {
      const pid = (await until('a daemon', () => state.ask())).pid;
      more();
      if (end === 'stop') await state.stop();
      else process.kill(pid, end);
      more();
      await until('all written rows', () => follower.rows().length >= written);
    }
    const ids = follower.rows().map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(names(follower)).size).toBe(written);
    expect(ids).toHaveLength(written);
    expect(follower.stderr()).toBe('');
  });

  it('continues after the database was deleted and created again', async () => {
    const state = aState();
    write(state, 'old', 'older');
    const follower = follow(state, ['--json']);
    await until('the old rows', () => follower.rows().length === 2);
    await state.stop();
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(state.paths.database + suffix, { force: true });
    write(state, 'new');
    await until('the new row', () => names(follower).includes('new'));
  });

  it('shows 10,000 rows that arrive at once, and fits the page', async () => {
    const state = aState();
    const follower = follow(state, ['--limit', '0']);
    await until('the daemon', () => state.ask());
    await until('the tables', () => state.rows('SELECT 1 AS one FROM sqlite_schema').length > 0);
    writeMany(state, 9998);
    write(state, `\x1b[31m\u202e${'x'.repeat(300)}`, 'last');
    await until('the last row', () => follower.stdout().includes('last'));
    const lines = follower.stdout().trimEnd().split('\n');
    // Besides, headers, where rows become wider too, and the date before the rows of another day.
    expect(lines.filter((line) => /^ *\d+ {2}/.test(line))).toHaveLength(10_000);
    expect(lines.length).toBeLessThan(10_010);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(follower.stdout()).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });

  it('exits with 0 and without a message when its reader has gone', async () => {
    const state = aState();
    write(state, 'one', 'two');
    const line =
      '{ { "$0" "$1" logs --follow --json; echo "$?" >&3; } | head -n 1; echo gone >&3; } 3>&1';
    const { ended, child } = start(['sh', '-c', line, execPath, CLI], state.env);
    onTestFinished(() => void child.kill('SIGKILL'));
    let hasEnded = false;
    void ended.then(() => {
      hasEnded = true;
    });
    await until('the end', () => {
      write(state, 'more');
      return hasEnded;
    });
    const [row = '', ...words] = (await ended).stdout.trimEnd().split('\n');
    expect(JSON.parse(row)).toHaveProperty('hook_name');
    expect(words.sort()).toEqual(['0', 'gone']);
  });

  it('fails with a message if HOOKBUS_DAEMON is off and none runs, and follows one that does', async () => {
    const state = aState();
    const alone = follow(state, [], { HOOKBUS_DAEMON: 'off' });
    expect(await alone.ended).toEqual({ code: 1, signal: null });
    expect(alone.stderr()).toBe(
      'hookbus: --follow needs the daemon, and HOOKBUS_DAEMON is off. To start it: hookbus daemon start\n',
    );
    await state.daemon();
    const follower = follow(state, ['--json'], { HOOKBUS_DAEMON: 'off' });
    write(state, 'one');
    await until('the row', () => names(follower).includes('one'));
  });

  it('fails with a message if the daemon does not support following', async () => {
    const state = aState();
    makeDatabase(state.paths);
    // Like a daemon of the first version, it closes the connection on an unknown kind of frame.
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        const kinds = splitFrames(chunk).frames.map(({ kind }) => kind);
        if (kinds.includes(FRAME_KIND.follow)) socket.destroy();
        else if (kinds.includes(FRAME_KIND.askState)) {
          socket.write(encodeState({ pid: 2 ** 22 + 1, version: '0.1.0' }));
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(state.paths.socket, resolve));
    onTestFinished(() => void server.close());
    const follower = follow(state);
    expect(await follower.ended).toEqual({ code: 1, signal: null });
    expect(follower.stderr()).toMatch(/^hookbus: the running daemon .*: hookbus daemon restart\n$/);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a follower that does not read', () => {
  /** Sends this, and reads nothing before `resume`. */
  function stalled(state: State): { socket: Socket; read: () => () => FollowedExecutions[] } {
    const socket = connect(state.paths.socket);
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    const filter = {
      hookNames: [],
      eventTypes: [],
      statuses: [],
      sessions: [],
      since: undefined,
      tools: [],
    };
    const nothing = { ...filter, decisions: [], agents: [], subagents: [], projects: [] };
    socket.write(encodeFollow({ ...nothing, after: undefined, latest: 0 }));
    socket.pause();
    const read = () => {
      const received: FollowedExecutions[] = [];
      let unread = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        const { frames, rest } = splitFrames(Buffer.concat([unread, chunk]));
        unread = Buffer.from(rest);
        received.push(...frames.map(decodeExecutions));
      });
      socket.resume();
      return () => received;
    };
    return { socket, read };
  }

  it('delays neither the daemon nor others, needs no memory, and learns how much it missed', async () => {
    const state = aState();
    await state.daemon();
    await until('the tables', () => state.rows('SELECT 1 AS one FROM sqlite_schema').length > 0);
    const stalling = Array.from({ length: 8 }, () => stalled(state));
    const healthy = follow(state, ['--json', '--limit', '0', '--hook', 'quick']);
    await until('the healthy follower', () => {
      write(state, 'quick');
      return healthy.rows().length > 0;
    });
    const before = await state.ask();
    for (let round = 0; round < 6; round += 1) {
      writeMany(state, 5000);
      const name = `quick`;
      const seen = healthy.rows().length;
      write(state, name);
      await until('the new row at the healthy follower', () => healthy.rows().length > seen);
    }
    const during = await state.ask();
    expect(during?.pid).toBe(before?.pid);
    // 60 MB were written, 8 times over.
    expect((during?.rss_bytes ?? 0) - (before?.rss_bytes ?? 0)).toBeLessThan(48 * 1024 * 1024);
    const [{ id: last } = { id: 0 }] = state.rows<{ id: number }>(
      'SELECT max(id) id FROM hook_logs',
    );
    const received = stalling[0]?.read() ?? (() => []);
    await until('the last row', () => received().at(-1)?.upTo === last);
    const rows = received().flatMap((frame) => frame.rows.map((row) => JSON.parse(row) as LogRow));
    const skipped = received().reduce((sum, frame) => sum + frame.skipped, 0);
    expect(skipped).toBeGreaterThan(15_000);
    // All of them except those from before it followed.
    const first = (rows[0]?.id ?? 0) - 1;
    expect(rows.length + skipped + first).toBe(last);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  it('is refused if there are too many followers, and accepted once one has left', async () => {
    const state = aState();
    await state.daemon();
    const isClosed = (socket: Socket): boolean => socket.destroyed;
    const many = Array.from({ length: 64 }, () => stalled(state).socket);
    await until('all to be connected', () => many.every((socket) => !socket.connecting));
    await state.ask();
    const surplus = stalled(state).socket;
    surplus.resume();
    await until('the refusal of the surplus follower', () => isClosed(surplus));
    expect(many.some(isClosed)).toBe(false);
    for (const socket of many) socket.destroy();
    const follower = follow(state, ['--json']);
    write(state, 'one');
    await until('the row', () => names(follower).includes('one'));
  });
});
