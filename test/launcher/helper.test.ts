import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeVerdict } from '../../src/protocol/claim.ts';
import { until } from '../conformance/support/until.ts';
import { hasLauncher, LAUNCHER, openPlace, type Place, titleOf } from './support/launcher.ts';

const PAYLOAD = '{"hook_event_name":"PreToolUse","session_id":"s","tool_use_id":"t"}\n';
const KEYED = ['run', '--name', 'n', '--dedupe', '--'];
const GRANT = encodeVerdict({ kind: 'run', key: 'k', wantsOutputs: true }).toString('hex');

function start(place: Place, program: string, hook: readonly string[], env = {}) {
  const child = spawn(program, [...KEYED, ...hook], {
    cwd: place.directory,
    env: place.env({ HOOKBUS_DAEMON: 'off', ...env }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined);
  child.stdin.end(PAYLOAD);
  return child;
}

async function run(...parts: Parameters<typeof start>) {
  const child = start(...parts);
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code, stdout };
}

/** A launcher whose helper is another program. */
function withHelper(place: Place, script: string): string {
  const program = place.path('hookbus');
  if (!existsSync(program)) copyFileSync(LAUNCHER, program);
  writeFileSync(place.path('hookbus.js'), script);
  return program;
}

/** A helper that writes what it knows about itself. */
const REPORT = `
const fs = require('node:fs');
const look = (fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
const stat = fs.readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
fs.writeFileSync(process.env.HOOKBUS_HOME + '/helper', JSON.stringify({
  pid: process.pid, argv: process.argv.slice(2), env: process.env, cwd: process.cwd(),
  group: stat[2], session: stat[3], fds: fs.readdirSync('/proc/self/fd').sort((a, b) => a - b).map(look) }));
`;

const reportOf = (place: Place) => JSON.parse(readFileSync(`${place.home}/helper`, 'utf8'));
const isRunning = ({ pid }: { pid: number }): boolean => existsSync(`/proc/${pid}`);

const isPossible = hasLauncher === true && existsSync('/proc/self/fd');

describe.skipIf(!isPossible)(titleOf('the helper for a dedupe key', hasLauncher), () => {
  it('leaves the run to the launcher, which passes bytes that are not UTF-8', async () => {
    const place = openPlace();
    const hook = `readlink /proc/$PPID/exe; printf %s "$1" | od -An -tx1; exit 2`;
    const line = `exec "$@" -- sh -c '${hook}' sh "$(printf '\\377')"`;
    const words = ['-c', line, 'sh', LAUNCHER, ...KEYED.slice(0, -1)];
    const child = spawn('sh', words, {
      cwd: place.directory,
      env: place.env({ HOOKBUS_DAEMON: 'off' }),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(PAYLOAD);
    const said = (await text(child.stdout)).split('\n').map((part) => part.trim());
    expect(said).toEqual([realpathSync(LAUNCHER), 'ff', '']);
  });

  it('inherits nothing from the caller: no descriptor, variable, process group or directory', async () => {
    const place = openPlace();
    const program = withHelper(place, REPORT);
    writeFileSync(
      place.path('evil.js'),
      `require('node:fs').writeFileSync('${place.path('evil')}', '')`,
    );
    const env = {
      NODE_OPTIONS: `--require ${place.path('evil.js')}`,
      LD_PRELOAD: '/nowhere.so',
      SECRET: 'x',
    };
    const { code } = await run(place, program, ['sh', '-c', 'exit 2'], env);
    expect(code).toBe(2);
    const seen = reportOf(place);
    expect(seen.env).toMatchObject({ HOOKBUS_HOME: place.home });
    for (const name of [...Object.keys(env), 'HOOKBUS_ENABLED'])
      expect(seen.env).not.toHaveProperty(name);
    expect(seen).toMatchObject({ argv: ['claim'], cwd: '/' });
    expect([seen.group, seen.session]).toEqual([`${seen.pid}`, `${seen.pid}`]);
    expect(seen.fds.slice(0, 3)).toEqual(['/dev/null', '/dev/null', '/dev/null']);
    expect(seen.fds[3]).toMatch(/^socket:/);
    expect(existsSync(place.path('evil'))).toBe(false);
  });

  it('is abandoned if it hangs, and not awaited if it has exited', async () => {
    const place = openPlace();
    const stuck = `${REPORT} setInterval(() => {}, 1000);`;
    for (const script of [stuck, 'process.exit(3)', 'not JavaScript']) {
      const startedAtMs = performance.now();
      const program = withHelper(place, script);
      const ended = await run(place, program, ['sh', '-c', 'cat; exit 2']);
      expect(ended).toEqual({ code: 2, stdout: PAYLOAD });
      expect(performance.now() - startedAtMs).toBeLessThan(10_000);
    }
    expect(isRunning(reportOf(place))).toBe(false);
  });

  it('ends with the launcher, however the launcher ends', async () => {
    const place = openPlace();
    const program = withHelper(
      place,
      `${REPORT}
      const socket = new (require('node:net').Socket)({ fd: 3 });
      socket.on('error', () => {});
      socket.once('data', () => socket.write(Buffer.from('${GRANT}', 'hex')));
      setInterval(() => {}, 1000);`,
    );
    const child = start(place, program, ['sh', '-c', 'echo ran; exec sleep 600']);
    await once(child.stdout, 'data');
    const first = reportOf(place);
    expect(isRunning(first)).toBe(true);
    expect(readlinkSync(`/proc/${child.pid}/exe`)).toBe(realpathSync(program));
    child.kill('SIGKILL');
    await until('the helper to be gone', () => !isRunning(first));
    // The launcher waits only a moment for a helper that never confirms the stored result.
    const ended = await run(place, program, ['sh', '-c', 'echo ran; exit 2']);
    expect(ended).toEqual({ code: 2, stdout: 'ran\n' });
    expect(isRunning(reportOf(place))).toBe(false);
  });

  it('does no harm if it is killed while the hook runs', async () => {
    const place = openPlace();
    const program = withHelper(
      place,
      `const socket = new (require('node:net').Socket)({ fd: 3 });
      socket.once('data', () => socket.write(Buffer.from('${GRANT}', 'hex'), () => process.kill(process.pid, 'SIGKILL')));`,
    );
    const ended = await run(place, program, ['sh', '-c', 'sleep 0.2; echo ran; exit 2']);
    expect(ended).toEqual({ code: 2, stdout: 'ran\n' });
  });

  it('is not left behind if a first process reaps no children', async () => {
    const place = openPlace();
    // As a subreaper, the script becomes the parent of every orphan below it.
    const script = `
import ctypes, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
payload = sys.argv[1].encode()
for code in ("0", "2", "2"):
    hook = ["sh", "-c", "cat >/dev/null; exit " + code]
    subprocess.run(sys.argv[2:] + hook, input=payload)
children = open("/proc/thread-self/children").read().split()
print([name for name in (open("/proc/%s/comm" % pid).read().strip() for pid in children) if name != "hookbus"])
`;
    const child = spawn('python3', ['-c', script, PAYLOAD, LAUNCHER, ...KEYED], {
      cwd: place.directory,
      env: place.env({ HOOKBUS_DAEMON: 'off' }),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(await text(child.stdout)).toBe('[]\n');
  });
});
