import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execPath } from 'node:process';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeVerdict } from '../../src/protocol/claim.ts';
import { until } from '../conformance/support/until.ts';
import {
  hasLauncher,
  LAUNCHER,
  openPlace,
  type Place,
  spooled,
  titleOf,
} from './support/launcher.ts';

const PAYLOAD = '{"hook_event_name":"PreToolUse","session_id":"s","tool_use_id":"t"}\n';
const KEYED = ['run', '--name', 'n', '--dedupe', '--'];

function start(place: Place, program: string, hook: readonly string[], env = {}) {
  const child = spawn(program, [...KEYED, ...hook], {
    cwd: place.directory,
    env: place.env({ HOOKBUS_DAEMON: 'off', ...env }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined);
  return child;
}

async function run(place: Place, program: string, hook: readonly string[], env = {}) {
  const child = start(place, program, hook, env);
  child.stdin.end(PAYLOAD);
  const [stdout, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code, signal, stdout };
}

/** A launcher beside another script, or none. */
function besides(place: Place, script?: string): string {
  const program = place.path('hookbus');
  if (!existsSync(program)) copyFileSync(LAUNCHER, program);
  if (script !== undefined) writeFileSync(place.path('hookbus.js'), script);
  return program;
}

/** What a process in the launcher's place finds. */
const REPORT = `
const fs = require('node:fs');
const look = (fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
const [pid, fd, verdict] = (process.env.HOOKBUS_HANDED_OVER ?? '').split(' ').map(Number);
const status = fs.readFileSync('/proc/self/status', 'utf8');
const stat = fs.readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
const one = (name) => new RegExp('^' + name + ':\\\\s*(.*)$', 'm').exec(status)[1];
console.log(JSON.stringify({ own: process.pid, pid, verdict, argv: process.argv.slice(2), cwd: process.cwd(), group: stat[2],
  env: process.env, umask: one('Umask'), blocked: one('SigBlk'), handed: fs.readFileSync('/proc/self/fd/' + fd, 'latin1'),
  nlink: fs.fstatSync(fd).nlink, open: fs.readdirSync('/proc/self/fd').map(look) }));
`;

const isPossible = hasLauncher === true && existsSync('/proc/self/fd');

describe.skipIf(!isPossible)(
  titleOf('the Node engine in the launcher’s place', hasLauncher),
  () => {
    it('has its process id and group, directory, mask, descriptors and what it took', async () => {
      const place = openPlace();
      const program = besides(place, REPORT);
      const line = 'umask 027; exec 7<"$1"; shift; exec "$@"';
      const words = [
        '-c',
        line,
        'sh',
        program,
        program,
        ...KEYED.slice(0, -1),
        '--shell',
        'exit 2',
      ];
      const child = spawn('sh', words, { cwd: place.directory, env: place.env() });
      child.stdin.end(PAYLOAD);
      const seen = JSON.parse(await text(child.stdout));
      expect(seen).toMatchObject({
        ...{ own: child.pid, pid: child.pid, verdict: 0, handed: PAYLOAD, nlink: 0 },
        argv: [...KEYED.slice(0, -1), '--shell', 'exit 2'],
        ...{ cwd: place.directory, umask: '0027', blocked: '0000000000000000' },
      });
      expect(seen.open).toContain(program);
      expect(seen.open.filter((one: string) => one.includes(place.home))).toEqual([]);
      // It begins the record anew.
      expect(spooled(place)).toEqual([]);
    });

    it('is told nothing by variables for Node, which are the hook’s', async () => {
      const place = openPlace();
      const evil = place.path('evil.js');
      writeFileSync(evil, `require('node:fs').writeFileSync('${place.path('evil')}', '')`);
      const env = {
        NODE_OPTIONS: `--require ${evil}`,
        NODE_PATH: '/nowhere',
        OPENSSL_CONF: '/nowhere',
        HOOKBUS_HANDED_OVER: '1 2 3',
        LD_BIND_NOW: '1',
      };
      const ended = await run(place, LAUNCHER, ['sh', '-c', 'env | sort; exit 2'], env);
      expect(ended.code).toBe(2);
      const seen = ended.stdout.split('\n');
      for (const name of ['NODE_OPTIONS', 'NODE_PATH', 'OPENSSL_CONF', 'LD_BIND_NOW'] as const)
        expect(seen).toContain(`${name}=${env[name]}`);
      expect(ended.stdout).not.toMatch(/HANDED_OVER|nODE|lD_|oPENSSL/);
      expect(existsSync(place.path('evil'))).toBe(false);
    });

    it('gives the hook every byte of what was taken, and what comes behind it', async () => {
      const place = openPlace();
      for (const size of [0, 1, 65_536, 1_000_000, 8 * 1024 * 1024 - 1]) {
        const child = start(place, LAUNCHER, ['cat']);
        const bytes = randomBytes(size);
        child.stdin.write(bytes.subarray(0, size / 2));
        child.stdin.end(bytes.subarray(size / 2));
        expect(Buffer.compare(await buffer(child.stdout), bytes), `${size}`).toBe(0);
      }
      const child = start(place, LAUNCHER, ['cat']);
      child.stdin.write(PAYLOAD.trim());
      const seen = text(child.stdout);
      await once(child.stdout, 'readable');
      child.stdin.end('\nand more\n');
      expect(await seen).toBe(`${PAYLOAD}and more\n`);
    }, 60_000);

    it('finds a file on stdin as it was, and nothing where that is closed', async () => {
      const place = openPlace();
      writeFileSync(place.path('lines'), `${PAYLOAD}second\n`);
      for (const [line, said] of [
        ['{ "$@"; read -r second; echo "then $second"; } <lines', `${PAYLOAD}then second\n`],
        ['"$@" <&-', ''],
        ['"$@" </dev/null', ''],
      ] as const) {
        const hook = ['sh', '-c', 'read -r first && printf "%s\\n" "$first"'];
        const { stdout } = spawnSync('sh', ['-c', line, 'sh', LAUNCHER, ...KEYED, ...hook], {
          cwd: place.directory,
          env: place.env(),
        });
        expect(`${stdout}`, line).toBe(said);
      }
    });

    it('takes no file for the launcher’s that has a name, or is for another process', async () => {
      const place = openPlace();
      writeFileSync(place.path('planted'), 'planted');
      for (const [told, open] of [
        ['$$ 5 0', '5<planted'],
        ['$$ 0 0', '5<&-'],
        ['1 5 0', '5<planted'],
        ['$$ 99 0', '5<&-'],
      ]) {
        for (const program of [LAUNCHER, `${execPath} ${resolve('bin/hookbus.js')}`]) {
          const line = `export HOOKBUS_HANDED_OVER="${told}"; exec ${program} "$@" ${open}`;
          const { stdout, stderr } = spawnSync('sh', ['-c', line, 'sh', ...KEYED, 'cat'], {
            cwd: place.directory,
            env: place.env(),
            input: PAYLOAD,
          });
          expect(`${stdout}${stderr}`, `${told} ${program}`).toBe(PAYLOAD);
        }
      }
    });

    it.each([
      ['nobody could be started', undefined, ''],
      ['its script is empty', '', ''],
      ['memory is short', 'not JavaScript', 'ulimit -v 4000000; '],
      ['descriptors are few', 'not JavaScript', 'ulimit -n 30; '],
      ['the stack is small', 'not JavaScript', 'ulimit -s 256; '],
    ])('where %s leaves the run to the launcher, on record once', (_, script, limit) => {
      const place = openPlace();
      const program = besides(place, script);
      const line = `${limit}exec "$@"`;
      const words = ['-c', line, 'sh', program, ...KEYED, 'sh', '-c', 'cat; exit 2'];
      const ended = spawnSync('sh', words, {
        cwd: place.directory,
        env: place.env(),
        input: PAYLOAD,
      });
      expect([ended.status, `${ended.stdout}`]).toEqual([2, PAYLOAD]);
      expect(spooled(place).map(({ name }) => name.replace(/.*\./, ''))).toEqual(['rec']);
    });

    it('runs the hook on all of its payload where a bundle is missing or broken', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'hookbus-broken-'));
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
      for (const name of ['bin', 'dist']) mkdirSync(join(directory, name));
      for (const name of ['hookbus.js', 'package.json'])
        copyFileSync(join('bin', name), join(directory, 'bin', name));
      const program = join(directory, 'bin/hookbus');
      copyFileSync(LAUNCHER, program);
      const place = openPlace();
      for (const bundle of [undefined, 'not JavaScript', '']) {
        if (bundle !== undefined) writeFileSync(join(directory, 'dist/run.cjs'), bundle);
        const ended = await run(place, program, ['sh', '-c', 'cat; exit 2']);
        expect(ended).toEqual({ code: 2, signal: null, stdout: PAYLOAD });
      }
    });

    it('goes by the result that the daemon has, if that is a refusal, and else runs the hook', async () => {
      const place = openPlace();
      const result = { exitCode: 2, stdout: randomBytes(200_000), stderr: Buffer.from('no\n') };
      let says = { ...result };
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        const verdict = { kind: 'replay', key: 'k', of: 'x', wantsOutputs: false } as const;
        socket.once('data', () => socket.write(encodeVerdict({ ...verdict, result: says })));
      });
      server.listen(join(place.home, 'bus.sock'));
      onTestFinished(() => void server.close());
      await once(server, 'listening');
      const ended = async () => {
        const child = start(place, LAUNCHER, ['sh', '-c', 'echo ran; exit 2']);
        child.stdin.end(PAYLOAD);
        const [stdout, [code]] = await Promise.all([buffer(child.stdout), once(child, 'exit')]);
        return { code, stdout };
      };
      expect(await ended()).toEqual({ code: 2, stdout: result.stdout });
      says = { ...result, exitCode: 0 };
      expect(await ended()).toEqual({ code: 2, stdout: Buffer.from('ran\n') });
    });

    it('is ended by a signal that came before it was there, and not by one that is ignored', async () => {
      const place = openPlace();
      // The daemon says nothing, so that the launcher waits for it when the signal comes.
      const calls: unknown[] = [];
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => calls.push(socket));
      });
      server.listen(join(place.home, 'bus.sock'));
      onTestFinished(() => void server.close());
      await once(server, 'listening');
      for (const [line, code, signal] of [
        ['trap \'\' TERM; exec "$@"', 2, null],
        ['exec "$@"', null, 'SIGTERM'],
      ] as const) {
        const hook = ['sh', '-c', 'cat >/dev/null; exit 2'];
        const before = calls.length;
        const child = spawn('sh', ['-c', line, 'sh', LAUNCHER, ...KEYED, ...hook], {
          cwd: place.directory,
          env: place.env(),
          stdio: ['pipe', 'inherit', 'inherit'],
        });
        onTestFinished(() => void child.kill('SIGKILL'));
        child.stdin.end(PAYLOAD);
        await until('the question', () => calls.length > before);
        child.kill('SIGTERM');
        expect(await once(child, 'exit')).toEqual([code, signal]);
      }
      // What was cut off is on record as that.
      expect(spooled(place).map(({ name }) => name.replace(/.*\./, ''))).toEqual(['part']);
    });

    it('makes and stamps the state directory, and is not needed from then on', async () => {
      const place = openPlace();
      const program = besides(place);
      const counted = place.path('started');
      writeFileSync(
        place.path('hookbus.js'),
        `require('node:fs').appendFileSync('${counted}', 'x'); process.argv[1] = '${resolve('bin/hookbus.js')}'; require('${resolve('bin/hookbus.js')}');`,
      );
      const starts = () => (existsSync(counted) ? readFileSync(counted, 'utf8').length : 0);
      const hook = ['run', '--name', 'n', '--', 'sh', '-c', 'cat; exit 2'];
      const runIn = (home: string) => {
        const { status, stdout } = spawnSync(program, hook, {
          env: place.env({ HOOKBUS_HOME: home }),
          input: PAYLOAD,
        });
        expect([status, `${stdout}`]).toEqual([2, PAYLOAD]);
      };
      for (const _ of [1, 2, 3]) runIn(place.path('new/home'));
      expect(starts()).toBe(1);
      mkdirSync(place.path('empty'), { mode: 0o700 });
      for (const _ of [1, 2, 3]) runIn(place.path('empty'));
      expect(starts()).toBe(2);
      // What is refused is refused at once, each time.
      for (const name of ['full', 'repo/.git', 'open'])
        mkdirSync(place.path(name), { recursive: true });
      writeFileSync(place.path('full/file'), '');
      writeFileSync(place.path('file'), '');
      spawnSync('chmod', ['0777', place.path('open')]);
      for (const name of ['full', 'repo/hb', 'repo/a/b', 'open', 'file', 'file/below'])
        for (const _ of [1, 2]) runIn(place.path(name));
      expect(starts()).toBe(2);
      expect(readdirSync(place.path('repo'))).toEqual(['.git']);
    });
  },
);
