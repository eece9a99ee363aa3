import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../src/daemon/alerts/command.ts';
import { endProcess } from '../conformance/support/processes.ts';
import { aState, CLI, hasLauncher, LAUNCHER, start, until } from '../support/daemon.ts';
import { spoolMany } from '../support/spool-many.ts';
import { temporaryDirectory } from '../support/temporary.ts';

type State = ReturnType<typeof aState>;

/** What runs hooks: the launcher, or the Node engine if none was built. */
const PROGRAM = hasLauncher ? [LAUNCHER] : [execPath, CLI];

/** Longest time from the end of the execution that opens an alert to its action, in ms. */
const PROMISED_MS = 2000;

const run = (state: State, name: string, hook: readonly string[], event = 'PostToolUse') =>
  start([...PROGRAM, 'run', '--name', name, '--event', event, '--', ...hook], state.env).ended;

async function cli(state: State, ...words: string[]): Promise<string> {
  const { stdout, code } = await start([execPath, CLI, ...words], state.env).ended;
  expect({ words, code }).toEqual({ words, code: 0 });
  return stdout;
}

function configure(state: State, alerts: Record<string, unknown>, more = {}): void {
  writeFileSync(state.paths.config, JSON.stringify({ alerts, ...more }));
}

const log = (state: State): string => readFileSync(state.paths.log, 'utf8');

interface Delivered {
  readonly rule: string;
  readonly subject: string;
  readonly state: string;
  readonly text: string;
  readonly alert_id: string;
}

/** A command that appends its input to a file, one line each. */
function receiverIn(state: State): { line: string; delivered: () => Delivered[] } {
  const path = join(state.home, 'delivered');
  return {
    line: `cat >> '${path}'`,
    delivered: () =>
      existsSync(path)
        ? readFileSync(path, 'utf8')
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line) as Delivered)
        : [],
  };
}

const alertsOf = (state: State) =>
  state.rows<{ rule: string; subject: string; state: string; owed: string }>(
    'SELECT rule, subject, state, owed FROM alerts ORDER BY alert_id',
  );

const stored = (state: State): number => state.rows('SELECT 1 FROM hook_logs').length;

/** A server on loopback; `answer` returns the status of each response, and a redirect. */
async function aServer(answer: (count: number) => { status: number; location?: string }) {
  const bodies: { body: string; path: string; headers: IncomingMessage['headers'] }[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      bodies.push({ body, path: request.url ?? '', headers: request.headers });
      const { status, location } = answer(bodies.length);
      response.writeHead(status, location === undefined ? {} : { location }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, bodies };
}

describe('an alert', () => {
  it('opens within 2 s of the run that causes it, is delivered once, and survives a daemon that is killed', async () => {
    const state = aState();
    const { line, delivered } = receiverIn(state);
    // The overhead of three runs tells how busy the machine is.
    const rules_off = ['overhead_p50', 'overhead_p95', 'overhead_p99', 'spool_growing'];
    configure(state, { command: line, hold_seconds: 600, rules_off });
    const daemon = await state.daemon();
    spoolMany(state, 17, { hookName: 'lint' }, { exitCode: 0 });
    for (let index = 0; index < 2; index += 1) {
      expect((await run(state, 'lint', ['sh', '-c', 'exit 3'])).code).toBe(3);
    }
    await until('19 rows', () => stored(state) === 19);
    expect(delivered()).toEqual([]);
    const startMs = performance.now();
    await run(state, 'lint', ['sh', '-c', 'exit 3']);
    const [first] = await until('the command to be delivered', () =>
      delivered().length > 0 ? delivered() : undefined,
    );
    const tookMs = performance.now() - startMs;
    process.stderr.write(
      `alerts.test.ts: delivered ${tookMs.toFixed(0)} ms after the start of the run\n`,
    );
    expect(tookMs).toBeLessThan(PROMISED_MS);
    expect(first).toMatchObject({
      rule: 'failure_rate',
      subject: 'lint',
      state: 'open',
      value: 0.15,
      threshold: 0.01,
      runs: 20,
      text: 'lint: 3 of 20 runs (15 %) of the last hour failed; the threshold is 1 %',
    });
    await until('the stored result of the actions', () => alertsOf(state)[0]?.owed === '');
    daemon.kill('SIGKILL');
    await until('the end of the daemon', () => daemon.signalCode !== null);
    await state.daemon();
    // Enough for the new daemon to assess the same hook again.
    spoolMany(state, 3, { hookName: 'lint' }, { exitCode: 3 });
    // Never more failures than successes: however many of them are ingested at once, no other rule opens.
    spoolMany(state, 12, { hookName: 'other' }, { exitCode: 0 });
    spoolMany(state, 8, { hookName: 'other' }, { exitCode: 3 });
    await until('the other to be delivered', () => delivered().length > 1);
    expect(delivered().map(({ subject }) => subject)).toEqual(['lint', 'other']);
    expect(JSON.parse(await cli(state, 'alerts', '--json'))).toMatchObject({
      watching: true,
      open: [
        { subject: 'other', rule: 'failure_rate' },
        { subject: 'lint', rule: 'failure_rate', alert_id: first?.alert_id },
      ],
      history: null,
    });
    const { alerts } = JSON.parse(await cli(state, 'status', '--json'));
    expect(alerts).toMatchObject({ enabled: true, actions: { command: true, webhook: false } });
    expect(alerts.open).toHaveLength(2);
    const status = await cli(state, 'status');
    expect(status).toContain('2 open; `hookbus alerts` lists them');
    // The numbers of now.
    expect(status).toContain('lint on PostToolUse fails every time (3 of 3)');
    const table = await cli(state, 'alerts', '--history');
    expect(table).toContain('failure_rate');
    for (const row of table.split('\n')) expect(row.length).toBeLessThanOrEqual(100);
    // The numbers stand at the end.
    expect(table).not.toContain('…');
  });

  it('about a skipped guard is delivered once, and its count increases', async () => {
    const state = aState();
    const { line, delivered } = receiverIn(state);
    configure(state, { command: line });
    await state.daemon();
    const guard = { hookName: 'guard', eventType: 'PreToolUse' };
    spoolMany(state, 1, guard, { kind: 'breaker_skip', reason: 'off' });
    const [first] = await until('the delivery', () =>
      delivered().length > 0 ? delivered() : undefined,
    );
    expect(first).toMatchObject({ rule: 'guard_skipped', subject: 'guard', state: 'open' });
    spoolMany(state, 4, guard, { kind: 'breaker_skip', reason: 'off' });
    await until(
      'a higher count',
      () =>
        state.rows("SELECT 1 FROM alerts WHERE rule = 'guard_skipped' AND value = 5").length === 1,
    );
    spoolMany(state, 1, { ...guard, hookName: 'slow' }, { kind: 'timeout', exitCode: 124 });
    await until('the other to be delivered', () => delivered().length > 1);
    expect(delivered()).toMatchObject([
      { subject: 'guard' },
      { rule: 'guard_timeout', subject: 'slow' },
    ]);
    expect(log(state).match(/alert_open .*guard_skipped/g)).toHaveLength(1);
  });

  it('that was not delivered before the daemon was killed is delivered by the next one', async () => {
    const state = aState();
    const { line, delivered } = receiverIn(state);
    // The first time, the command still runs when the daemon dies.
    const started = join(state.home, 'started');
    configure(state, {
      command: `[ -e '${started}' ] || { touch '${started}'; exec sleep 3; }; ${line}`,
    });
    const daemon = await state.daemon();
    spoolMany(state, 1, { hookName: 'guard', eventType: 'PreToolUse' }, { exitCode: 1 });
    await until('the command to start', () => existsSync(started));
    daemon.kill('SIGKILL');
    await until('the end of the daemon', () => daemon.signalCode !== null);
    await state.daemon();
    await until('the delivery', () => delivered().length === 1);
    expect(delivered()).toMatchObject([{ rule: 'guard_exit_1', subject: 'guard', state: 'open' }]);
  });

  it('clears, which is delivered, and does not open again on the same executions', async () => {
    const state = aState();
    const { line, delivered } = receiverIn(state);
    configure(state, { command: line, hold_seconds: 0, failure_rate: 0.5 });
    await state.daemon();
    spoolMany(state, 20, { hookName: 'lint' }, { exitCode: 3 });
    await until('the opened alert', () => delivered().length === 1);
    spoolMany(state, 20, { hookName: 'lint' }, { exitCode: 0 });
    await until('the cleared alert', () => delivered().length === 2);
    expect(delivered().map(({ state: is }) => is)).toEqual(['open', 'cleared']);
    expect(delivered()[0]?.alert_id).toBe(delivered()[1]?.alert_id);
    // Two thirds of all have failed, but only new executions count.
    spoolMany(state, 19, { hookName: 'lint' }, { exitCode: 3 });
    spoolMany(state, 20, { hookName: 'other' }, { exitCode: 3 });
    await until('the alert about the other hook', () =>
      delivered().some(({ subject }) => subject === 'other'),
    );
    expect(delivered()).toHaveLength(3);
    spoolMany(state, 1, { hookName: 'lint' }, { exitCode: 3 });
    await until('the second opened alert', () => delivered().length === 4);
    expect(JSON.parse(await cli(state, 'alerts', '--history', '--json')).history).toHaveLength(3);
  });

  it('is raised for slow hooks, a slow HookBus, guards that exit 1, and breakers', async () => {
    const state = aState();
    configure(
      state,
      {},
      { breaker: { hooks: ['broken: python3 .claude/hooks/guard_rm.py'], window: 5 } },
    );
    await state.daemon();
    spoolMany(state, 30, { hookName: 'slow' }, { durationMs: 6000, overheadMs: 6 });
    spoolMany(state, 30, { hookName: 'late' }, { durationMs: 5, overheadMs: 20 });
    spoolMany(state, 5, { hookName: 'broken', eventType: 'PostToolUse' }, { exitCode: 7 });
    spoolMany(state, 1, { hookName: 'guard', eventType: 'PreToolUse' }, { exitCode: 1 });
    spoolMany(state, 5, { hookName: 'fine', eventType: 'PostToolUse' }, { exitCode: 1 });
    const names = (): string[] =>
      alertsOf(state)
        .map(({ rule, subject }) => `${rule} ${subject}`.trim())
        .sort();
    await until('all seven alerts', () => names().length >= 7);
    expect(names()).toEqual([
      'breaker_open broken',
      'fails_every_time broken',
      'fails_every_time fine',
      'guard_exit_1 guard',
      'hook_p95 slow',
      'overhead_p50',
      'overhead_p95',
    ]);
    // No action was set up.
    expect(alertsOf(state).map(({ owed }) => owed)).toEqual(Array.from({ length: 7 }, () => ''));
    expect(await cli(state, 'alerts')).toContain('No action is set for alerts');
    // After it is muted, it clears without a notification.
    await cli(state, 'config', 'set', 'alerts.rules_off', 'hook_p95,overhead_p50,overhead_p95');
    await cli(state, 'config', 'set', 'alerts.hooks_off', 'guard,broken,fine');
    await until('none to be open', () => !alertsOf(state).some((row) => row.state === 'open'));
    expect(await cli(state, 'alerts')).toContain('No alert is open: all is well.');
  });

  it('is raised for a spool that grows while the database cannot be used, and stored once it can', async () => {
    const state = aState();
    const { line, delivered } = receiverIn(state);
    configure(state, { command: line, spool_records: 20, hold_seconds: 0 });
    await state.daemon();
    spoolMany(state, 1, { hookName: 'first' }, {});
    await until('a row', () => stored(state) === 1);
    const { default: Sqlite } = await import('better-sqlite3');
    const db = new Sqlite(state.paths.database);
    db.exec('BEGIN IMMEDIATE');
    spoolMany(state, 50, { hookName: 'more' }, {});
    await until('the delivery', () => delivered().length === 1);
    expect(delivered()).toMatchObject([
      { rule: 'spool_growing', subject: '', state: 'open', value: 50 },
    ]);
    expect(alertsOf(state)).toEqual([]);
    db.exec('COMMIT');
    db.close();
    await until('the cleared alert', () => delivered().length === 2);
    await until('the stored result of the actions', () => alertsOf(state)[0]?.owed === '');
    expect(alertsOf(state)).toMatchObject([{ rule: 'spool_growing', state: 'cleared' }]);
    expect(stored(state)).toBe(51);
  });
});

describe('a config.json that cannot be used', () => {
  it('is refused with line and reason, and the last valid one stays in force', async () => {
    const state = aState();
    configure(state, { rules_off: ['failure_rate', 'fails_every_time'] });
    await state.daemon();
    await until('the first reading', () => log(state).includes('config_read'));
    writeFileSync(state.paths.config, '{\n  "alerts": {"failure_rate": 2}\n}\n');
    await until('the refusal', () =>
      log(state).includes(
        'line 2, column 30: alerts.failure_rate: expected a number above 0 and up to 1, got 2',
      ),
    );
    spoolMany(state, 30, { hookName: 'lint' }, { exitCode: 3, durationMs: 9000 });
    await until('an alert', () => alertsOf(state).length > 0);
    expect(alertsOf(state)).toMatchObject([{ rule: 'hook_p95' }]);
    const { config } = JSON.parse(await cli(state, 'status', '--json'));
    expect(config).toMatchObject({ state: 'refused', problem: expect.stringContaining('line 2') });
  });
});

describe('the actions of an alert', () => {
  it('a webhook is retried until it succeeds, with the password of its address in a header', async () => {
    const state = aState();
    const { port, bodies } = await aServer((count) => ({ status: [503, 429][count - 1] ?? 204 }));
    configure(state, { webhook: `http://me:s%3Acret@127.0.0.1:${port}/hook?token=t0ken` });
    await state.daemon();
    spoolMany(state, 1, { hookName: 'guard', eventType: 'PreToolUse' }, { exitCode: 1 });
    await until('the third attempt', () => bodies.length === 3);
    await until('the stored result of the actions', () => alertsOf(state)[0]?.owed === '');
    expect(new Set(bodies.map(({ body }) => body)).size).toBe(1);
    expect(JSON.parse(bodies[0]?.body ?? '')).toMatchObject({ rule: 'guard_exit_1', runs: 1 });
    expect(bodies[0]).toMatchObject({
      path: '/hook?token=t0ken',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from('me:s:cret').toString('base64')}`,
      },
    });
    expect(log(state)).toContain('alert_told');
  });

  it('a webhook follows no redirect to another host, stops on a refusal, and its address is in no log', async () => {
    const state = aState();
    const other = await aServer(() => ({ status: 204 }));
    const { port, bodies } = await aServer((count) =>
      count === 1
        ? { status: 307, location: '/elsewhere' }
        : { status: 308, location: `http://127.0.0.1:${other.port}/stolen` },
    );
    configure(state, { webhook: `http://user:pa55@127.0.0.1:${port}/hook?token=t0ken` });
    await state.daemon();
    spoolMany(state, 1, { hookName: 'guard', eventType: 'PreToolUse' }, { exitCode: 1 });
    await until('the last attempt', () => log(state).includes('alert_action_failed'));
    expect(bodies.map(({ path }) => path)).toEqual(['/hook?token=t0ken', '/elsewhere']);
    expect(other.bodies).toEqual([]);
    await until('the stored result of the actions', () => alertsOf(state)[0]?.owed === '');
    expect(log(state)).toContain('reason="it redirects to another host"');
    expect(log(state)).not.toMatch(/t0ken|pa55|elsewhere/);
  });

  it('a command that fails does no harm, and is not recorded as a hook', async () => {
    const state = aState();
    const command =
      'cat >&2; echo "ghp_0123456789abcdefghijABCDEFGHIJ012345 no: $HOOKBUS_ENABLED" >&2; exit 5';
    configure(state, { command });
    await state.daemon();
    spoolMany(state, 1, { hookName: 'guard', eventType: 'PreToolUse' }, { exitCode: 1 });
    await until('the failure', () => log(state).includes('alert_action_failed'));
    expect(log(state)).toMatch(/reason="exit code 5: .*no: 0"/);
    expect(log(state)).not.toContain('ghp_0123');
    await until('the stored result of the actions', () => alertsOf(state)[0]?.owed === '');
  });

  it('a command that does not exit is killed with everything that it started', async () => {
    const pids = join(temporaryDirectory(), 'pids');
    const line = `sleep 300 & echo $! > '${pids}'; wait`;
    await expect(
      runProgram(['/bin/sh', '-c', line], '{}', new AbortController().signal, 700),
    ).rejects.toThrow('it did not finish within 700 ms');
    const pid = Number(readFileSync(pids, 'utf8'));
    await until('the end of what it started', () => !isAlive(pid));
  });

  it('the output of a command that fails is in the log without its secrets', async () => {
    const say = (line: string) =>
      runProgram(['/bin/sh', '-c', line], '{}', new AbortController().signal, 5000);
    await expect(say('echo API_TOKEN=hunter2 >&2; exit 3')).rejects.toThrow(
      'exit code 3: API_TOKEN=[redacted:secret-assignment]',
    );
    // More output follows, so that only its end is kept.
    const long = "printf 'API_TOKEN=%070000d' 7 >&2; echo ' end' >&2; exit 3";
    await expect(say(long)).rejects.toThrow(/^exit code 3: end$/);
  });

  it('a command is not awaited after its exit, whatever it leaves behind', async () => {
    const pids = join(temporaryDirectory(), 'pids');
    const leave = (then: string) =>
      runProgram(
        ['/bin/sh', '-c', `setsid sleep 60 & echo $! >> '${pids}'; echo no >&2; ${then}`],
        '{}',
        new AbortController().signal,
        2000,
      );
    onTestFinished(() => {
      for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) endProcess(Number(pid));
    });
    await expect(leave('exit 0')).resolves.toBeUndefined();
    await expect(leave('exit 4')).rejects.toThrow('exit code 4: no');
    await expect(leave('sleep 60')).rejects.toThrow('it did not finish within 2000 ms');
  });

  it('the log says that there is no desktop, and no program is started', async () => {
    const state = aState();
    const programs = temporaryDirectory();
    const started = join(programs, 'started');
    const program = `#!/bin/sh\ntouch '${started}'\n`;
    writeFileSync(join(programs, 'notify-send'), program, { mode: 0o755 });
    Object.assign(state.env, { PATH: `${programs}:${process.env['PATH']}` });
    configure(state, { desktop: true });
    await state.daemon();
    spoolMany(state, 1, { hookName: 'guard', eventType: 'PreToolUse' }, { exitCode: 1 });
    await until('the reason', () => log(state).includes('there is no desktop'));
    await until('the stored result of the actions', () => alertsOf(state)[0]?.owed === '');
    expect(existsSync(started)).toBe(false);
  });
});

/** A process that has exited but was not reaped counts as gone. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
