import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { askDaemon } from '../../src/daemon/client/client.ts';
import { encodeVerdict } from '../../src/protocol/claim.ts';
import {
  end,
  hasLauncher,
  LAUNCHER,
  makeHome,
  openPlace,
  type Place,
  run,
  titleOf,
} from './support/launcher.ts';

const SOMEBODY = 4002;
const PAYLOAD =
  '{"session_id":"s","hook_event_name":"PreToolUse","tool_use_id":"t","secret":"x"}\n';
const GUARD = ['sh', '-c', 'cat >/dev/null; exit 2'];
const ASKING = { flags: ['--name', 'guard', '--dedupe-key', '{session_id}'], input: PAYLOAD };

const can: true | string =
  (process.getuid?.() === 0 && hasLauncher) ||
  'only root can act as another user, and the launcher must be built';

/** A daemon of another user: answers every client that the hook ran already and allowed. Stores what it receives. */
const FAKE = `
import os, socket, sys, threading
path, received, verdict = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3])
bus = socket.socket(socket.AF_UNIX); bus.bind(path); os.chmod(path, 0o777); bus.listen(64)
print(flush=True)
def serve(one):
    try:
        one.settimeout(1)
        got = one.recv(65536)
        if got:
            open(received, 'ab').write(got)
            one.sendall(verdict)
            one.recv(65536)
    except OSError: pass
    one.close()
while True: threading.Thread(target=serve, args=(bus.accept()[0],), daemon=True).start()`;

async function startForeignDaemon(place: Place) {
  const directory = place.path('foreign');
  mkdirSync(directory);
  for (const path of [place.directory, directory]) chmodSync(path, 0o755);
  chownSync(directory, SOMEBODY, SOMEBODY);
  const received = join(directory, 'received');
  const verdict = encodeVerdict({
    kind: 'replay',
    key: 'k',
    of: 'x',
    result: { exitCode: 0, stdout: new Uint8Array(), stderr: new Uint8Array() },
  });
  const words = ['-c', FAKE, 'bus.sock', 'received', Buffer.from(verdict).toString('hex')];
  const child = spawn('python3', words, {
    uid: SOMEBODY,
    gid: SOMEBODY,
    // It keeps its socket and its file when they are moved.
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ended(child);
  await once(child.stdout, 'data');
  return {
    directory,
    received: () => (existsSync(received) ? readFileSync(received, 'utf8') : ''),
  };
}

const ended = (child: ChildProcess): void => onTestFinished(() => void child.kill('SIGKILL'));

describe.skipIf(can !== true)(titleOf('a daemon of another user', can), () => {
  it.each([
    ['', undefined],
    [', however long the path is', 'h'.repeat(150)],
  ])('receives no payload, and its verdict does not count%s', async (_, name) => {
    const place = openPlace(name);
    makeHome(place);
    const foreign = await startForeignDaemon(place);
    renameSync(join(foreign.directory, 'bus.sock'), join(place.home, 'bus.sock'));
    expect(run(place, GUARD, ASKING).code).toBe(2);
    expect(run(place, GUARD, { input: PAYLOAD }).code).toBe(2);
    expect(await askDaemon(join(place.home, 'bus.sock'), 200)).toBeUndefined();
    expect(foreign.received()).toBe('');
  });
});

const canBuild: true | string =
  hasLauncher !== true ? hasLauncher : spawnSync('cc', ['--version']).status === 0 || 'no compiler';

describe.skipIf(canBuild !== true)(
  titleOf('a launcher without a built-in path of Node', canBuild),
  () => {
    let directory: string;
    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'hookbus-portable-'));
      const program = join(directory, 'hookbus');
      const built = spawnSync('sh', ['scripts/build-launcher.sh', '--portable', program]);
      expect(built.status).toBe(0);
      if (!existsSync(program)) copyFileSync(LAUNCHER, program);
    });
    afterAll(() => rmSync(directory, { recursive: true, force: true }));

    /** The launcher in the npm package, and a `node` that a repository put on PATH. */
    function makePortable() {
      const place = openPlace();
      const program = place.path('hookbus');
      copyFileSync(join(directory, 'hookbus'), program);
      writeFileSync(
        place.path('hookbus.js'),
        `console.log('by', process.execPath); process.exit(3);`,
      );
      const fake = place.path('fake');
      mkdirSync(fake);
      writeFileSync(join(fake, 'node'), `#!/bin/sh\necho ran >>${place.path('ran')}\n`, {
        mode: 0o755,
      });
      const cwd = place.path('work');
      mkdirSync(cwd);
      const at = (words: readonly string[], env: Readonly<Record<string, string>>) =>
        end(program, words, { input: PAYLOAD, env: place.env(env), cwd });
      return { place, at, fake, cwd, hasRun: () => existsSync(place.path('ran')) };
    }

    it('does not search PATH for Node, neither while a guard waits nor to start a daemon', async () => {
      const { place, at, fake, hasRun } = makePortable();
      const PATH = `${fake}:${process.env['PATH']}`;
      const words = ['run', ...ASKING.flags, '--', ...GUARD];
      expect(at(words, { PATH }).code).toBe(2);
      expect(at(words, { PATH, HOOKBUS_DAEMON: 'auto' }).code).toBe(2);
      expect(at(['run', '--', 'sleep', '0.3'], { PATH, HOOKBUS_DAEMON: 'auto' }).code).toBe(0);
      expect(existsSync(join(place.home, 'daemon.tried'))).toBe(true);
      expect(hasRun()).toBe(false);
    });

    it('uses the path in the file beside it, unless others can write that file', () => {
      const { place, at, fake } = makePortable();
      const beside = place.path('node-path');
      writeFileSync(beside, `${process.execPath}\n`, { mode: 0o644 });
      const byPath = { PATH: fake };
      expect(at(['status'], byPath)).toMatchObject({ code: 3, stdout: `by ${process.execPath}\n` });
      chmodSync(beside, 0o666);
      expect(at(['status'], byPath).code).toBe(0);
    });

    it('uses a script elsewhere if that file names one, beside it or in the default state directory', () => {
      const { place, at, fake } = makePortable();
      const byPath = { PATH: fake };
      const script = place.path('elsewhere.js');
      renameSync(place.path('hookbus.js'), script);
      expect(at(['status'], byPath).code).toBe(127);
      const places = `${process.execPath}\n${script}\n`;
      const home = place.path('.local/state/hookbus');
      mkdirSync(home, { recursive: true, mode: 0o700 });
      const files = [place.path('node-path'), join(home, 'node-path')];
      for (const file of files) {
        writeFileSync(file, places, { mode: 0o644 });
        expect(at(['status'], byPath).code).toBe(3);
        writeFileSync(file, places.replace(script, 'elsewhere.js'));
        expect(at(['status'], byPath).code).toBe(127);
        writeFileSync(file, places);
        chmodSync(file, 0o622);
        expect(at(['status'], byPath).code).toBe(127);
        rmSync(file);
        symlinkSync(script, file);
        expect(at(['status'], byPath).code).toBe(127);
        rmSync(file);
      }
      // Not where another user can write, and not where HOOKBUS_HOME of a run points.
      writeFileSync(join(home, 'node-path'), places);
      chmodSync(home, 0o777);
      expect(at(['status'], byPath).code).toBe(127);
      rmSync(join(home, 'node-path'));
      writeFileSync(join(place.home, 'node-path'), places);
      expect(at(['status'], byPath).code).toBe(127);
    });

    it('prefers the Node that a tarball has beside it', () => {
      const { place, at, fake } = makePortable();
      symlinkSync(process.execPath, place.path('hookbus-node'));
      expect(at(['status'], { PATH: fake }).code).toBe(3);
    });

    it('searches PATH for a command that a user types, but not below the working directory', () => {
      const { place, at, cwd, hasRun } = makePortable();
      mkdirSync(join(cwd, 'bin'));
      copyFileSync(place.path('fake/node'), join(cwd, 'bin', 'node'));
      chmodSync(join(cwd, 'bin', 'node'), 0o755);
      symlinkSync(join(cwd, 'bin'), place.path('way'));
      for (const PATH of ['bin', '.:bin', join(cwd, 'bin'), place.path('way')])
        expect(at(['status'], { PATH }).code).toBe(127);
      expect(hasRun()).toBe(false);
      expect(at(['status'], { PATH: `${join(cwd, 'bin')}:${place.path('fake')}` }).code).toBe(0);
      expect(hasRun()).toBe(true);
    });
  },
);
