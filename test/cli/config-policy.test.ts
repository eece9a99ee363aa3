import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { CLI, until } from '../support/daemon.ts';
import { canHavePolicy, underConfigPolicy } from '../support/policy.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState, makeState, spoolWhole } from '../support/state.ts';
import { temporaryDirectory } from '../support/temporary.ts';

if (canHavePolicy !== true)
  process.stderr.write(`config-policy.test.ts: skipped: ${canHavePolicy}\n`);

type Files = Readonly<Record<string, unknown>>;

/** A user of a machine with these files of root's. */
function aUser(files: Files, own?: unknown, change = '') {
  const { home, paths } = freshState();
  makeState(home);
  if (own !== undefined) writeFileSync(paths.config, JSON.stringify(own));
  const ask = (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const [program = '', ...before] = underConfigPolicy(temporaryDirectory(), files, change);
    const { stdout, stderr, status } = spawnSync(program, [...before, ...words], {
      env: { PATH: process.env['PATH'], HOOKBUS_HOME: home, HOOKBUS_DAEMON: 'off', ...env },
      encoding: 'utf8',
    });
    return { stdout, stderr, status, text: `${stdout}${stderr}`.replace(/\s+/g, ' ') };
  };
  const hookbus = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    ask([execPath, CLI, ...words], env);
  const config = (env: Readonly<Record<string, string>> = {}) =>
    JSON.parse(hookbus(['config', '--json'], env).stdout);
  return { home, paths, ask, hookbus, config };
}

const ROOT = '/etc/hookbus/config.json';

describe.skipIf(canHavePolicy !== true)('under a policy', () => {
  it('says of every value where it comes from, and the last file in config.d counts', () => {
    const files = {
      'config.json': { retention_days: 30, statsd: { enabled: true, port: 9125 } },
      'config.d/20-late.json': { statsd: { port: 9127 } },
      'config.d/10-early.json': { statsd: { port: 9126, host: 'metrics' }, locked: ['statsd'] },
      'config.d/not-json.txt': 'nothing',
    };
    const own = { breaker: { window: 30 }, statsd: { port: 1 }, retention_days: 9 };
    const { paths, config, hookbus } = aUser(files, own);
    const { config: values, sources, forbidden, policy_files } = config();
    expect([values.retention_days, values.statsd.port, values.breaker.window]).toEqual([
      9, 9127, 30,
    ]);
    const early = '/etc/hookbus/config.d/10-early.json';
    const late = '/etc/hookbus/config.d/20-late.json';
    expect(policy_files).toEqual([ROOT, early, late]);
    expect(forbidden).toEqual([{ key: 'statsd.port', by: early }]);
    const of = (key: string) =>
      sources.find((source: { readonly key: string }) => source.key === key);
    const source = (key: string, kind: string, from: string | null, locked_by: string | null) =>
      expect(of(key)).toEqual({ key, source: kind, from, locked_by });
    source('retention_days', 'config', paths.config, null);
    source('statsd.enabled', 'policy', ROOT, early);
    source('statsd.port', 'policy', late, early);
    source('statsd.prefix', 'default', null, early);
    source('alerts.webhook', 'default', null, null);
    const { text } = hookbus(['config', '--sources'], { HOOKBUS_RETENTION_DAYS: '11' });
    expect(text).toContain('retention_days 9 (HOOKBUS_RETENTION_DAYS)');
    expect(text).toContain(`statsd.port 9127 (${late}, locked by ${early})`);
    expect(text).toContain(`statsd.host "metrics" (${early}, locked)`);
    expect(text).toContain(`breaker.window 30 (${paths.config})`);
    expect(text).toContain(
      `statsd.port in config.json is ignored: statsd.port is set by ${early}: users may not change it`,
    );
  });

  it('a locked key can be set by no command, but removed; status and doctor name the file', () => {
    const files = { 'config.json': { alerts: { enabled: true }, locked: true } };
    const { hookbus, paths } = aUser(files, { alerts: { enabled: false } });
    const says = `alerts.enabled is set by ${ROOT}: users may not change it`;
    const { status, stdout, stderr } = hookbus(['config', 'set', 'alerts.enabled', 'false']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(says);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    const { health, config_policy, alerts } = JSON.parse(hookbus(['status', '--json']).stdout);
    expect(alerts.enabled).toBe(true);
    expect(config_policy).toMatchObject({ files: [ROOT], problems: [] });
    expect(health).toContainEqual(expect.objectContaining({ text: expect.stringContaining(says) }));
    expect(hookbus(['doctor']).text).toContain(says);
    expect(hookbus(['config', 'unset', 'alerts.enabled']).status).toBe(0);
    expect(JSON.parse(readFileSync(paths.config, 'utf8'))).toEqual({ alerts: {} });
    expect(hookbus(['doctor']).text).not.toContain(says);
    expect(hookbus(['config', 'set', 'alerts.desktop', 'true']).status).toBe(0);
  });

  it('no config.json, link, state directory or variable of a user takes it away', () => {
    const files = {
      'config.json': { retention_days: 30, alerts: { enabled: true }, locked: true },
    };
    const { home, paths, config } = aUser(files);
    const inForce = (env: Readonly<Record<string, string>> = {}) => {
      const { config: values } = config(env);
      return [values.retention_days, values.alerts.enabled];
    };
    const held = [30, true];
    expect(inForce()).toEqual(held);
    expect(inForce({ HOOKBUS_HOME: makeState(join(home, '..', 'other')) })).toEqual(held);
    expect(inForce({ HOOKBUS_RETENTION_DAYS: '1', HOOKBUS_POLICY: '/dev/null' })).toEqual(held);
    for (const text of ['{"alerts": {"enabled": false}, "retention_days": 1}', '{ broken']) {
      writeFileSync(paths.config, text);
      expect(inForce()).toEqual(held);
    }
    writeFileSync(join(home, 'real.json'), '{"alerts": {"enabled": false}}');
    const linked = makeState(join(home, '..', 'linked'));
    symlinkSync(join(home, 'real.json'), join(linked, 'config.json'));
    expect(inForce({ HOOKBUS_HOME: linked })).toEqual(held);
  });

  it('keeps executions for as long as root says', () => {
    const { hookbus, paths } = aUser({ 'config.json': { retention_days: 30, locked: true } });
    const days = (count: number) => new Date(Date.now() - count * 86_400_000).toISOString();
    writeExecutions(
      paths.database,
      [20, 40].map((age) => recordedOf(anExecution({ createdAt: days(age) }))),
    );
    const refused = hookbus(['cleanup', '--older-than', '10d', '--json']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(ROOT);
    const { stdout } = hookbus(['cleanup', '--json'], { HOOKBUS_RETENTION_DAYS: '1' });
    expect(JSON.parse(stdout)).toMatchObject({ executions: 1 });
    const shown = hookbus(['status'], { HOOKBUS_RETENTION_DAYS: '1' }).text;
    expect(shown).toContain('HOOKBUS_RETENTION_DAYS is ignored: retention_days is set by');
    expect(hookbus(['cleanup', '--older-than', '35d']).status).toBe(0);
  });

  it('redacts where root says so, whatever a user or a run sets', () => {
    const { ask, hookbus, config } = aUser({ 'config.json': { redact: true } }, { redact: false });
    const secret = `ghp_${'a1B2c3'.repeat(6)}`;
    const env = { HOOKBUS_ENABLED: '1', HOOKBUS_STORE_RAW: '1', HOOKBUS_REDACT: '0' };
    const line = `printf %s '{"tool_name":"Bash","token":"${secret}"}' | '${execPath}' '${CLI}' run --event PostToolUse -- cat`;
    const { stdout, status } = ask(['sh', '-c', line], env);
    expect([status, stdout.includes(secret)]).toEqual([0, true]);
    const shown = hookbus(['show', '1', '--json'], env).stdout;
    expect(shown).toContain('PostToolUse');
    expect(shown).not.toContain(secret);
    expect(config().forbidden).toEqual([{ key: 'redact', by: ROOT }]);
    expect(hookbus(['config', 'set', 'redact', 'false']).stderr).toContain(ROOT);
  });

  it('names the machine as root says, also where a user breaks config.json', () => {
    const attributes = { 'team.name': 'platform' };
    const { hookbus, paths } = aUser({ 'config.json': { export: { attributes }, locked: true } });
    spoolWhole(paths);
    expect(hookbus(['export', 'jsonl']).stdout).toContain('"team.name":"platform"');
    writeFileSync(paths.config, '{ broken');
    expect(hookbus(['export', 'jsonl']).stdout).toContain('"team.name":"platform"');
    expect(hookbus(['export', 'prometheus']).stdout).toContain('team_name="platform"');
  });

  it('config unset says what then counts', () => {
    const { hookbus } = aUser({ 'config.json': { retention_days: 30 } }, { retention_days: 3 });
    const { stdout } = hookbus(['config', 'unset', 'retention_days']);
    expect(stdout).toBe(`retention_days is now as ${ROOT} sets it: 30\n`);
  });

  it('that cannot be used is ignored and reported, and the hook runs', () => {
    const change = 'chown 4002 hookbus/config.json';
    const files = { 'config.json': { retention_days: 30, locked: true } };
    const { hookbus } = aUser(files, undefined, change);
    const run = ['run', '--event', 'PreToolUse', '--', 'sh', '-c', 'echo ran; exit 2'];
    const ran = hookbus(run, { HOOKBUS_ENABLED: '1' });
    expect([ran.status, ran.stdout, ran.stderr]).toEqual([2, 'ran\n', '']);
    const says = `${ROOT} is ignored: it belongs to user 4002, not to root`;
    for (const command of ['doctor', 'status', 'config']) {
      expect(hookbus([command]).text, command).toContain(says);
    }
    expect(hookbus(['config', 'set', 'retention_days', '3']).status).toBe(0);
  });

  it.each([
    ['that its group can write', 'chmod 664 hookbus/config.json', 'users other than root'],
    ['in a directory that others can write', 'chmod 777 hookbus', 'users other than root'],
    ['in a directory of a user', 'chown 4002 hookbus', 'it belongs to user 4002'],
    ['that is a link', 'mv hookbus/config.json c; ln -s ../c hookbus/config.json', 'it is a link'],
    ['that is a FIFO', 'rm hookbus/config.json; mkfifo hookbus/config.json', 'not a regular file'],
    ['that is no JSON', 'echo "{" >hookbus/config.json', 'it is not JSON'],
    ['that is too large', 'yes 1 | head -c 300000 >hookbus/config.json', 'it is larger than'],
  ])('%s does not count', (_what, change, problem) => {
    const { config } = aUser({ 'config.json': { retention_days: 30 } }, undefined, change);
    const { config: values, policy_problems } = config();
    expect(values.retention_days).toBe(7);
    expect(policy_problems).toEqual([expect.stringContaining(problem)]);
  });

  it('a drop-in directory that others can write does not count, and the file beside it does', () => {
    const files = { 'config.json': { retention_days: 30 }, 'config.d/a.json': { redact: false } };
    const { config } = aUser(files, undefined, 'chmod 777 hookbus/config.d');
    const { config: values, policy_problems } = config();
    expect([values.retention_days, values.redact]).toEqual([30, true]);
    expect(policy_problems).toEqual([expect.stringContaining('/etc/hookbus/config.d is ignored')]);
  });

  it('a daemon that a user starts follows it, also when it comes later', async () => {
    const receiver = createSocket('udp4').bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const statsd = { enabled: true, host: '127.0.0.1', port: receiver.address().port };
    const { home, paths } = aUser({}, { statsd: { enabled: false } });
    const room = temporaryDirectory();
    mkdirSync(join(room, 'etc'));
    const [program = '', ...before] = underConfigPolicy(join(room, 'etc'), {});
    const daemon = spawn(program, [...before, execPath, CLI, 'daemon', 'run'], {
      env: { PATH: process.env['PATH'], HOOKBUS_HOME: home },
      stdio: 'ignore',
    });
    const ended = once(daemon, 'exit');
    try {
      await until('the daemon', () => readLog(paths.log).includes('started'));
      const policy = JSON.stringify({ statsd, locked: ['statsd'] });
      // A test may itself run in another root, which the mount namespace alone does not say.
      const place = ['--target', `${daemon.pid}`, '--mount', '--root', 'sh', '-c'];
      const line = `umask 022; printf '%s' '${policy}' >/etc/hookbus/config.d/1.json`;
      expect(spawnSync('nsenter', [...place, line]).status).toBe(0);
      const packet = once(receiver, 'message');
      // The daemon looks at root's files once a second, and exports what comes after that.
      const more = setInterval(() => spoolWhole(paths), 200);
      const [bytes] = await packet.finally(() => clearInterval(more));
      expect(String(bytes)).toContain('hookbus.');
    } finally {
      daemon.kill('SIGTERM');
      await ended;
      receiver.close();
    }
  });
});

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
