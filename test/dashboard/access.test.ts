import { existsSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAccess } from '../../src/dashboard/access.ts';
import { gatePath, readGate } from '../../src/gates/gate-file.ts';
import { openDatabase } from '../../src/store/database.ts';
import { until } from '../support/daemon.ts';
import { aDashboard } from '../support/dashboard.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';

const codeOf = (url: string): string => new URL(url).searchParams.get('code') ?? '';

/** A raw connection, and the data that it received. */
function aConnection(port: number, host = '127.0.0.1') {
  const socket: Socket = connect(port, host);
  onTestFinished(() => void socket.destroy());
  let text = '';
  let state: 'open' | 'refused' | 'closed' = 'open';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.on('error', () => {
    state = 'refused';
  });
  socket.on('close', () => {
    if (state === 'open') state = 'closed';
  });
  return { socket, text: () => text, state: () => state };
}

const LINT = { hookName: 'lint', command: 'npx eslint' };

/** An execution of a hook that never refuses. */
const lintRun = () => recordedOf(anExecution({ ...LINT, eventType: 'PostToolUse' }));

describe('the dashboard', () => {
  it('admits a URL once, and sets a cookie', async () => {
    const { send, token, cookie, url } = await aDashboard();
    const code = codeOf(url);
    expect(url).toMatch(/^http:\/\/hookbus-[\da-f]{32}\.localhost:\d+\/\?code=[\da-f]{64}$/);
    expect(token).toMatch(/^[\da-f]{64}$/);
    expect(code).not.toBe(token);
    const { status, headers, body } = await send(`/?code=${code}`);
    expect({ status, type: headers['content-type'] }).toEqual({
      status: 200,
      type: 'text/html; charset=utf-8',
    });
    expect(body).toContain('<meta http-equiv="refresh" content="0;url=/"');
    expect(body).not.toContain(token);
    expect(headers['set-cookie']).toEqual([`${cookie}; Path=/; HttpOnly; SameSite=Strict`]);
    const page = await send('/', { headers: { cookie } });
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.body).not.toContain(token);
    const other = await send('/', { headers: { cookie: `other=1; ${cookie}; more=2` } });
    expect(other.status).toBe(200);
    // A used URL still works for a browser with the cookie.
    const again = await send(`/?code=${code}`);
    expect([again.status, again.headers['set-cookie']]).toEqual([403, undefined]);
    expect(again.body).toContain('This URL was already used');
    const known = await send(`/?code=${code}`, { headers: { cookie } });
    expect([known.status, known.headers['set-cookie']]).toEqual([200, undefined]);
  });

  it('issues a new code for each URL, and accepts it from only one of two clients', async () => {
    const { send, newUrl, token } = await aDashboard();
    const [one, other] = [codeOf(await newUrl()), codeOf(await newUrl())];
    expect(one).not.toBe(other);
    const replies = await Promise.all(Array.from({ length: 20 }, () => send(`/?code=${one}`)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    const { status, headers } = await send(`/?code=${other}`);
    expect([status, headers['set-cookie']?.[0]]).toEqual([200, expect.stringContaining(token)]);
  });

  it('accepts a code for a minute', () => {
    let nowMs = 1_000_000;
    const access = createAccess(7070, 'hookbus.localhost', () => nowMs);
    const [early, late] = [codeOf(access.newUrl()), codeOf(access.newUrl())];
    nowMs += 59_999;
    expect(access.consumeCode(early)).toBe(true);
    nowMs += 1;
    expect(access.consumeCode(late)).toBe(false);
  });

  it('refuses everyone else', async () => {
    const { send, token, cookie, newUrl } = await aDashboard();
    const wrong = token.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    for (const path of ['/', '/app.js', '/api/overview', '/api/feed?after=0', '/nothing']) {
      expect([path, (await send(path)).status]).toEqual([path, 403]);
      const headers = { cookie: cookie.replace(token, wrong) };
      expect([path, (await send(path, { headers })).status]).toEqual([path, 403]);
    }
    const code = codeOf(await newUrl());
    for (const text of ['', token, code.slice(1), `${code}0`, code.toUpperCase()]) {
      for (const name of ['code', 'token']) {
        const { status, headers } = await send(`/?${name}=${text}`);
        expect([name, text, status, headers['set-cookie']]).toEqual([name, text, 403, undefined]);
      }
    }
    const headers = { cookie: `hookbus=${code}; ${cookie.replace(token, code)}` };
    expect((await send('/', { headers })).status).toBe(403);
  });

  it('refuses other host names and pages of other sites, even with the cookie', async () => {
    const { send, cookie, port, newUrl, origin } = await aDashboard(({ paths: { database } }) =>
      writeExecutions(database, [lintRun()]),
    );
    const code = codeOf(await newUrl());
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      `127.0.0.1:${port + 1}`,
      '127.0.0.1',
      'localhost',
      `hookbus-${'0'.repeat(32)}.localhost:${port}`,
      `x.localhost:${port}`,
    ]) {
      expect([host, (await send('/', { headers: { cookie, host } })).status]).toEqual([host, 403]);
      expect((await send(`/?code=${code}`, { headers: { host } })).status).toBe(403);
    }
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
      expect((await send('/', { headers: { cookie, host } })).status).toBe(200);
    }
    const body = JSON.stringify({ hook: 'lint', for_seconds: 3600 });
    const json = { 'content-type': 'application/json' };
    for (const other of [
      undefined,
      'null',
      'http://evil.example',
      `https://127.0.0.1:${port}`,
      `http://localhost:${port}`,
      `http://127.0.0.1:${port}`,
    ]) {
      const headers = { cookie, ...json, ...(other === undefined ? {} : { origin: other }) };
      expect((await send('/api/off', { method: 'POST', headers, body })).status).toBe(403);
      if (other === undefined) continue;
      expect((await send('/api/overview', { headers })).status).toBe(403);
    }
    const headers = { cookie, origin };
    expect((await send('/api/off', { method: 'POST', headers, body })).status).toBe(415);
    const plain = { ...headers, 'content-type': 'text/plain' };
    expect((await send('/api/off', { method: 'POST', headers: plain, body })).status).toBe(415);
    expect(
      (await send('/api/off', { method: 'POST', headers: { ...headers, ...json }, body })).status,
    ).toBe(200);
  });

  it.each([[0], [60], [31 * 86_400], [null], [undefined], ['3600']])(
    'switches no hook off for %j seconds',
    async (seconds) => {
      const { post, paths } = await aDashboard(({ paths: { database } }) =>
        writeExecutions(database, [lintRun()]),
      );
      const { status } = await post('/api/off', { hook: 'lint', for_seconds: seconds });
      expect(status).toBe(400);
      expect(existsSync(paths.gates)).toBe(false);
    },
  );

  it('switches a guard off only after a confirmation', async () => {
    const guard = { hookName: 'guard_rm', command: 'python3 .claude/hooks/guard_rm.py' };
    const createdAt = new Date().toISOString();
    const { post, paths } = await aDashboard(({ paths: { database } }) =>
      writeExecutions(database, [
        recordedOf(anExecution({ ...guard, createdAt, status: 'blocked', exitCode: 2 })),
        recordedOf(anExecution({ ...guard, command: 'other', eventType: 'PostToolUse' })),
      ]),
    );
    const change = { hook: 'guard_rm', for_seconds: 604_800 };
    for (const confirmed of [undefined, false, 'true', 1]) {
      const { status, body } = await post('/api/off', { ...change, confirmed });
      expect(status).toBe(400);
      const { error } = JSON.parse(body) as { error: { code: string; message: string } };
      expect(error.code).toBe('E_CONFIRM');
      expect(error.message).toBe(
        'guard_rm refused 1 call in the last 24 h; while it is off, it refuses nothing.\n2 hooks have this name:\n  python3 .claude/hooks/guard_rm.py\n  other',
      );
      expect(existsSync(paths.gates)).toBe(false);
    }
    expect((await post('/api/off', { ...change, confirmed: true })).status).toBe(200);
    expect(readGate(gatePath(paths.gates, guard))?.kind).toBe('off');
    expect((await post('/api/off', { hook: 'never', for_seconds: 3600 })).body).toContain('E_HOOK');
  });

  it('reports a busy database instead of waiting to switch a hook', async () => {
    const { post, paths } = await aDashboard(({ paths: { database } }) =>
      writeExecutions(database, [lintRun()]),
    );
    const gate = () => readGate(gatePath(paths.gates, LINT));
    const db = openDatabase(paths.database, 5000);
    onTestFinished(() => void db.close());
    for (const path of ['/api/off', '/api/on']) {
      db.exec('BEGIN IMMEDIATE');
      const began = performance.now();
      const { status, body } = await post(path, { hook: 'lint', for_seconds: 3600 });
      expect([path, status, body]).toEqual([path, 503, expect.stringContaining('is busy')]);
      expect(performance.now() - began).toBeLessThan(2000);
      db.exec('ROLLBACK');
      expect(gate() === undefined).toBe(path === '/api/off');
      expect((await post(path, { hook: 'lint', for_seconds: 3600 })).status).toBe(200);
      expect(gate() === undefined).toBe(path === '/api/on');
    }
  });

  it('restricts the browser in every response', async () => {
    const { send, cookie } = await aDashboard();
    for (const path of [
      '/',
      '/app.js',
      '/style.css',
      '/icon.svg',
      '/api/overview',
      '/nothing',
      '/?code=x',
    ]) {
      const { headers } = await send(path, { headers: { cookie } });
      const policy = headers['content-security-policy'] ?? '';
      expect(policy).toContain(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'",
      );
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
    }
  });

  it('says what is wrong with a request', async () => {
    const { send, cookie, post, origin } = await aDashboard();
    const status = async (path: string) => (await send(path, { headers: { cookie } })).status;
    for (const [path, wanted] of [
      ['/api/overview?range=1y', 400],
      ['/api/executions?before=yesterday', 400],
      ['/api/feed?after=-1', 400],
      ['/api/feed', 400],
      ['/api/execution?id=12', 404],
      ['/api/execution?id=..', 400],
      ['/api/session?id=none', 404],
      ['/../package.json', 404],
      ['/%2e%2e/package.json', 404],
      ['//', 400],
    ] as const) {
      expect([path, await status(path)]).toEqual([path, wanted]);
    }
    expect((await send('/', { method: 'PUT', headers: { cookie } })).status).toBe(405);
    for (const [path, body, wanted] of [
      ['/api/off', { hook: '' }, 400],
      ['/api/off', { hook: 'lint', for_seconds: -1 }, 400],
      ['/api/off', { hook: 'lint', for_seconds: '1' }, 400],
      ['/api/off', null, 400],
      ['/api/overview', {}, 404],
      ['/api/on', { hook: 'x'.repeat(5000) }, 413],
    ] as const) {
      expect([path, (await post(path, body)).status]).toEqual([path, wanted]);
    }
    const headers = { cookie, origin, 'content-type': 'application/json' };
    expect((await send('/api/on', { method: 'POST', headers, body: '{' })).status).toBe(400);
  });

  it('listens on the loopback only', async () => {
    const { port } = await aDashboard();
    // Another address of this machine.
    const other = aConnection(port, '127.0.0.2');
    await until('a refusal', () => other.state() === 'refused');
  });

  it('takes both addresses that its name may resolve to, or uses another port', async () => {
    const { port, send, cookie } = await aDashboard();
    expect((await send('/', { headers: { cookie } })).status).toBe(200);
    const taken = await new Promise((resolve) => {
      const other = createServer();
      other.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
      other.listen(port, '::1', () => other.close(resolve));
    });
    expect(['EADDRINUSE', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']).toContain(taken);
  });

  it('tolerates slow, silent and many clients', async () => {
    const { port, send, cookie, ask } = await aDashboard(({ paths }) =>
      writeExecutions(paths.database, [recordedOf(anExecution())]),
    );
    const slow = aConnection(port);
    slow.socket.write('GET / HTTP/1.1\r\nHost: 127');
    const long = aConnection(port);
    long.socket.write(`GET / HTTP/1.1\r\nX: ${'x'.repeat(40_000)}`);
    await until('the end of the long request', () => long.state() !== 'open');
    const many = Array.from({ length: 150 }, () => aConnection(port));
    await until(
      'all but 64 connections to close',
      () => many.filter(({ state }) => state() === 'open').length < 64,
    );
    expect((await ask())?.pid).toBeGreaterThan(0);
    for (const { socket } of many) socket.destroy();
    await until('a response', async () => {
      const reply = await send('/', { headers: { cookie } }).catch(() => undefined);
      return reply?.status === 200;
    });
    await until('the end of the slow request', () => slow.state() !== 'open', 9000);
  });
});
