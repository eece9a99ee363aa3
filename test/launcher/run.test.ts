import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { canBlock, EVENT_NAMES } from '../../src/domain/events.ts';
import { VERSION } from '../../src/domain/version.ts';
import { gateFile, gateLine } from '../../src/gates/gate-file.ts';
import { decodeRecord, encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { encodeNotify } from '../../src/protocol/socket.ts';
import { makePipe } from '../conformance/support/pipes.ts';
import { childrenOf, endGroup, isAlive } from '../conformance/support/processes.ts';
import { until } from '../conformance/support/until.ts';
import {
  end,
  gatePath,
  hasLauncher,
  LAUNCHER,
  makeHome,
  onlyRecord,
  openPlace,
  type Place,
  run,
  spooled,
  titleOf,
} from './support/launcher.ts';

const PAYLOAD =
  '{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Bash","tool_use_id":"t"}\n';

const canMount: true | string =
  spawnSync('sh', ['-c', 'unshare -m mount -t tmpfs none /mnt']).status === 0 ||
  'mounting needs a privilege';

/** The sanitizers need additional memory and time. */
const isMeasurable: true | string =
  hasLauncher !== true ||
  !readFileSync(LAUNCHER).includes('__asan_init') ||
  'built with sanitizers';

const PATIENCE = isMeasurable === true ? 1 : 8;

const tests = describe.skipIf(hasLauncher !== true);

/** Writes the payload before the start: on a busy machine it could otherwise arrive too late. */
const runWithPayload = async (place: Place, hook: readonly string[], input: string) => {
  const pipe = await makePipe();
  writeSync(pipe.write, input);
  closeSync(pipe.write);
  const outcome = run(place, hook, { stdin: pipe.read });
  closeSync(pipe.read);
  return outcome;
};

tests(titleOf('a record of the launcher', hasLauncher), () => {
  it('covers everything that the hook wrote, even if the caller reads late', async () => {
    const place = openPlace();
    // More than the caller's pipe and one buffer of the launcher hold, but little enough that the hook ends before anybody reads.
    const json = `{"a":"${'x'.repeat(150_000)}"}\n`;
    writeFileSync(place.path('json'), json);
    const { read, write } = await makePipe();
    const child = spawn(LAUNCHER, ['run', '--', 'cat', place.path('json')], {
      env: place.env(),
      stdio: ['ignore', write, 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    closeSync(write);
    const ended = once(child, 'exit');
    const { stdout } = spawnSync('cat', { stdio: [read, 'pipe', 'inherit'] });
    closeSync(read);
    expect(stdout.toString()).toBe(json);
    expect(await ended).toEqual([0, null]);
    expect(onlyRecord(place).end).toMatchObject({ stdoutBytes: json.length, stdoutKind: 'json' });
  });

  it('equals, byte for byte, what TypeScript writes for the same execution', () => {
    const place = openPlace();
    const hooks = [
      ['sh', '-c', 'cat; echo err >&2; exit 2'],
      ['sh', '-c', 'kill -TERM $$'],
      ['no-such-hook'],
      ['true'],
    ];
    for (const hook of hooks) {
      run(place, hook, {
        flags: ['--name', 'naïve', '--tool', 'T', '--nonsense'],
        input: PAYLOAD,
        env: { HOOKBUS_STORE_RAW: '1', HOOKBUS_MAX_BYTES: '10' },
      });
      const { begin, end: ended, bytes } = onlyRecord(place);
      if (ended === undefined) throw new Error('expected an end');
      const again = Buffer.concat([encodeBegin(begin), encodeEnd(ended)]);
      // The Node engine writes a signal's name, the launcher its number.
      if (ended.signal === undefined) expect(again.toString('hex')).toBe(bytes.toString('hex'));
      else expect(decodeRecord(again)).toEqual({ begin, end: ended });
      expect(begin).toMatchObject({
        engine: 'launcher',
        engineVersion: VERSION,
        hookName: 'naïve',
        warnings: [],
        rawWarnings: ['--nonsense'],
      });
      rmSync(place.spool, { recursive: true });
    }
  });

  it('has captures up to the cap if payloads are stored, and none otherwise', () => {
    const place = openPlace();
    run(place, ['sh', '-c', 'cat; echo err >&2'], {
      input: PAYLOAD,
      flags: ['--store-raw', '--max-bytes', '4'],
    });
    expect(onlyRecord(place).end?.captures).toEqual([
      { stream: 'stdin', bytes: Buffer.from('{"se'), truncated: true },
      { stream: 'stdout', bytes: Buffer.from('{"se'), truncated: true },
      { stream: 'stderr', bytes: Buffer.from('err\n'), truncated: false },
    ]);
    rmSync(place.spool, { recursive: true });
    run(place, ['sh', '-c', 'cat >/dev/null'], { input: PAYLOAD });
    expect(onlyRecord(place).end?.captures).toEqual([]);
    expect(onlyRecord(place).bytes.includes('session_id')).toBe(false);
  });

  it('has the process id and start time of the launcher', async () => {
    const place = openPlace();
    const child = start(place, ['sh', '-c', 'echo; read line']);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1');
    const { begin } = await until('a recorded start time', () => {
      const found = decodeRecord(spooled(place)[0]?.bytes ?? Buffer.alloc(0));
      return found.begin.pidStart === 0 ? undefined : found;
    });
    expect(begin).toMatchObject({
      pid: child.pid,
      pidStart: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]),
    });
    child.stdin?.end('\n');
    await once(child, 'close');
  });

  it('has what is known so far when a signal arrives that may be the last', async () => {
    const place = openPlace();
    const child = start(place, [
      'sh',
      '-c',
      "trap '' TERM; echo out; echo err >&2; while :; do sleep 1; done",
    ]);
    await once(child.stderr as NodeJS.ReadableStream, 'data');
    child.kill('SIGTERM');
    const noted = await until(
      'the recorded signal',
      () => decodeRecord(spooled(place)[0]?.bytes ?? Buffer.alloc(0)).end,
    );
    expect(noted).toMatchObject({
      kind: 'cut_off',
      signal: 'SIGTERM',
      stdoutBytes: 4,
      stderrBytes: 4,
    });
    endGroup(child.pid);
    await once(child, 'close');
    expect(spooled(place).map(({ name }) => name.slice(-5))).toEqual(['.part']);
  });

  it('is complete or only a begin, and the hook is gone, whenever SIGKILL arrives', async () => {
    const place = openPlace();
    for (let afterMs = 0; afterMs < 30; afterMs += 1) {
      const child = start(place, ['sh', '-c', 'echo $$ >>pids; exec sleep 60']);
      child.stdin?.end(PAYLOAD);
      await delay(afterMs);
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    for (const { name, bytes } of spooled(place)) {
      expect(name).toMatch(/\.part$/);
      // The launcher writes the begin in one piece, so an incomplete one is empty.
      if (bytes.length > 0)
        expect(decodeRecord(bytes)).toMatchObject({ begin: { hookName: 'probe' } });
    }
    const pids = existsSync(place.path('pids'))
      ? readFileSync(place.path('pids'), 'utf8').trim().split('\n').map(Number)
      : [];
    for (const pid of pids) await until(`hook ${pid} to be gone`, () => !isAlive(pid));
  });

  it('has up to 16 KiB of a stdout that starts with an object, and nothing of any other', () => {
    for (const [script, head] of [
      ['printf \' \\n{"decision":"block"}\'; exit 1', ' \n{"decision":"block"}'],
      ["printf '{'; head -c 99999 /dev/zero", `{${'\0'.repeat(16_383)}`],
      ['echo no object', undefined],
      ['true', undefined],
    ] as const) {
      const place = openPlace();
      run(place, ['sh', '-c', script]);
      expect(onlyRecord(place).end?.stdoutHead?.toString()).toBe(head);
    }
  });

  it('goes to a separate log if the shared one is larger than a file may grow', () => {
    const place = openPlace();
    const long = ['sh', '-c', 'head -c 9999 /dev/zero >&2'];
    for (let count = 0; count < 4; count += 1) run(place, long);
    const words = ['--fsize=20000', '--', LAUNCHER, 'run', '--name', 'limited', '--', ...long];
    expect(end('prlimit', words, { cwd: place.directory, env: place.env() }).code).toBe(0);
    const found = spooled(place).map(({ bytes }) => decodeRecord(bytes));
    expect(found).toHaveLength(5);
    expect(found.at(-1)).toMatchObject({ begin: { hookName: 'limited' }, end: { kind: 'exited' } });
    expect(readdirSync(place.spool)).toHaveLength(2);
  });

  it('leaves zeros in the log if its end did not fit, and has its end in another log', () => {
    const place = openPlace();
    const long = ['sh', '-c', 'head -c 9999 /dev/zero >&2'];
    run(place, long);
    const log = join(place.spool, 'log');
    const limit = readFileSync(log).length + 4000;
    const words = [`--fsize=${limit}`, '--', LAUNCHER, 'run', '--name', 'limited', '--', ...long];
    expect(end('prlimit', words, { cwd: place.directory, env: place.env() }).code).toBe(0);
    const bytes = readFileSync(log);
    expect(bytes).toHaveLength(limit);
    expect(bytes.subarray(-2000).equals(Buffer.alloc(2000))).toBe(true);
    const found = spooled(place).map((one) => decodeRecord(one.bytes));
    expect(found.at(-1)).toMatchObject({ begin: { hookName: 'limited' }, end: { kind: 'exited' } });
    expect(found.at(-1)?.end?.stderrTail).toHaveLength(9999);
  });

  it('is complete after a run with a small stack, whatever its options', () => {
    for (const option of ['--dedupe', '--fail-open', '--store-raw', '--timeout=5']) {
      const place = openPlace();
      const flags = ['--name', 'probe', ...option.split('=')];
      const words = ['--stack=65536', '--', LAUNCHER, 'run', ...flags, '--', 'sh', '-c', 'exit 2'];
      const options = { cwd: place.directory, env: place.env(), input: PAYLOAD };
      expect(end('prlimit', words, options), option).toMatchObject({ code: 2, signal: null });
      expect(onlyRecord(place).end).toMatchObject({ kind: 'exited', exitCode: 2 });
    }
  });

  it('is written anew at the end if the spool was deleted meanwhile', async () => {
    const place = openPlace();
    const outcome = await runWithPayload(place, ['rm', '-r', place.spool], PAYLOAD);
    expect(outcome).toMatchObject({ code: 0 });
    expect(onlyRecord(place)).toMatchObject({
      begin: { sessionId: 's' },
      end: { kind: 'exited', exitCode: 0 },
    });
  });

  it.skipIf(canMount !== true)(
    titleOf('has its end even if the disk has no room for the captures', canMount),
    () => {
      const place = openPlace();
      // The default directory needs no stamp, which an empty file system does not have.
      const home = join(place.directory, '.local', 'state', 'hookbus');
      mkdirSync(home, { recursive: true });
      const script = `mount -t tmpfs -o size=16k,mode=700 none "$0" && mkdir "$0/spool" && head -c 12288 /dev/zero >"$0/filler"
      "$@"; cp -r "$0/spool" copy`;
      const hook = ['sh', '-c', 'head -c 100000 /dev/zero; head -c 9999 /dev/zero >&2; exit 3'];
      const outcome = end(
        'unshare',
        ['-m', 'sh', '-c', script, home, LAUNCHER, 'run', '--store-raw', '--', ...hook],
        { cwd: place.directory, env: place.env({ HOOKBUS_HOME: home }) },
      );
      expect(outcome.stdout).toHaveLength(100_000);
      const copy: Place = { ...place, spool: place.path('copy') };
      expect(onlyRecord(copy).end).toMatchObject({
        kind: 'exited',
        exitCode: 3,
        stdoutBytes: 100_000,
        captures: [],
      });
    },
  );

  it('does not reorder two outputs that share one pipe', () => {
    const place = openPlace();
    const hook =
      'i=0; while [ $i -lt 500 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; exit 1';
    const line = `'${LAUNCHER}' run --name probe -- sh -c '${hook}' 2>&1`;
    const { stdout } = end('/bin/sh', ['-c', line], { cwd: place.directory, env: place.env() });
    expect(stdout).toBe(Array.from({ length: 500 }, (_, i) => `out ${i}\nerr ${i}\n`).join(''));
    expect(onlyRecord(place).end).toMatchObject({ stdoutBytes: stdout.length, stderrBytes: 0 });
    expect(`${Buffer.from(onlyRecord(place).end?.stderrTail ?? [])}`).toBe(stdout.slice(-16_384));
  });
});

tests('a gate', () => {
  const later = Date.now() + 3_600_000;

  for (const [text, reason, eventType] of [
    [`off ${later}`, 'off', 'Stop'],
    [`off ${later}\n{"hook":"probe"}\n`, 'off', 'PreToolUse'],
    [`breaker ${later} PostToolUse\n`, 'breaker open', 'PostToolUse'],
  ] as const) {
    it(`that says ${reason} keeps the hook from running on ${eventType}, which is recorded`, async () => {
      const place = openPlace();
      const hook = 'touch ran; echo out; exit 2';
      const id = { hookName: 'probe', command: `sh -c '${hook}'` };
      writeFileSync(gatePath(place, gateFile(id)), text);
      const input = `${JSON.stringify({ ...JSON.parse(PAYLOAD), hook_event_name: eventType })}\n`;
      const outcome = await runWithPayload(place, ['sh', '-c', hook], input);
      expect(outcome).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
      expect(existsSync(place.path('ran'))).toBe(false);
      const { end: ended, begin, bytes } = onlyRecord(place);
      // The launcher still reads the payload and records it like any other.
      const stdinBytes = Buffer.byteLength(input);
      expect(ended).toMatchObject({ kind: 'breaker_skip', reason, stdinBytes });
      expect(begin).toMatchObject({ hookName: 'probe', eventType });
      if (ended === undefined) throw new Error('expected an end');
      expect(Buffer.concat([encodeBegin(begin), encodeEnd(ended)]).equals(bytes)).toBe(true);
    });
  }

  it.each([...EVENT_NAMES, 'NewEvent', 'posttooluse', ''])(
    'of a breaker keeps it from running on %j if it cannot block there',
    async (eventType) => {
      const place = openPlace();
      const hook = 'touch ran; cat >/dev/null; echo out; exit 2';
      const id = { hookName: 'probe', command: `sh -c '${hook}'` };
      writeFileSync(
        gatePath(place, gateFile(id)),
        `${gateLine({ kind: 'breaker', untilMs: later })}\n`,
      );
      const input = `${JSON.stringify({ ...JSON.parse(PAYLOAD), hook_event_name: eventType })}\n`;
      const outcome = await runWithPayload(place, ['sh', '-c', hook], input);
      const blocks = canBlock(eventType);
      const [code, stdout] = blocks ? [2, 'out\n'] : [0, ''];
      expect(outcome).toEqual({ code, signal: null, stdout, stderr: '' });
      expect(existsSync(place.path('ran'))).toBe(blocks);
      const stdinBytes = Buffer.byteLength(input);
      const skipped = { kind: 'breaker_skip', reason: 'breaker open', stdinBytes };
      expect(onlyRecord(place).end).toMatchObject(
        blocks ? { kind: 'exited', stdinBytes } : skipped,
      );
    },
  );

  it.each(['a/b', '.x', '..', 'naïve %', 'x'.repeat(500), 'é'.repeat(200)])(
    'of the hook %j has the file name that the launcher looks for',
    (name) => {
      const place = openPlace();
      const file = gateFile({ hookName: name, command: "sh -c 'exit 3'" });
      writeFileSync(gatePath(place, file), `off ${later}\n`);
      expect(run(place, ['sh', '-c', 'exit 3'], { flags: ['--name', name] })).toMatchObject({
        code: 0,
      });
    },
  );
});

tests('the daemon', () => {
  it('is notified once the record is complete', async () => {
    const place = openPlace();
    makeHome(place);
    const { received } = await listenAt(join(place.home, 'bus.sock'), () =>
      spooled(place).map(({ name }) => name.slice(-4)),
    );
    expect(await runAsync(place, ['true'])).toBe(0);
    await until('the notification', () => received.length > 0);
    expect(received[0]?.bytes.toString('hex')).toBe(encodeNotify(VERSION).toString('hex'));
    expect(received[0]?.seen).toEqual(['.rec']);
  });

  it('is reached however long the path of the state directory is', async () => {
    const place = openPlace('h'.repeat(150));
    makeHome(place);
    const directory = openSync(place.home, constants.O_RDONLY);
    onTestFinished(() => closeSync(directory));
    const { received } = await listenAt(`/proc/self/fd/${directory}/bus.sock`);
    expect(await runAsync(place, ['true'], { XDG_RUNTIME_DIR: 'relative' })).toBe(0);
    await until('the notification', () => received.length > 0);
    expect(spooled(place)).toHaveLength(1);
  });

  it('is asked for a key without a change of directory for the hook', () => {
    const place = openPlace();
    makeHome(place);
    const room = place.path('room');
    mkdirSync(room);
    writeFileSync(join(room, 'hook.sh'), '#!/bin/sh\npwd -P\n', { mode: 0o755 });
    const line = 'cd "$1" && shift && exec "$@" run --dedupe-key k --event Stop -- ./hook.sh';
    const env = {
      ...process.env,
      HOOKBUS_ENABLED: '1',
      HOOKBUS_HOME: place.home,
      HOOKBUS_DAEMON: 'off',
    };
    for (const before of ['', 'rmdir gone; ']) {
      if (before !== '') mkdirSync(join(room, 'gone'));
      const where = before === '' ? room : join(room, 'gone');
      const script =
        before === ''
          ? line
          : `cd "$1" && rmdir "$1" && shift && exec "$@" run --dedupe-key g --event Stop -- '${room}/hook.sh'`;
      const { status, stdout } = spawnSync('sh', ['-c', script, 'sh', where, LAUNCHER], {
        env,
        input: '{}\n',
      });
      if (before === '')
        expect({ status, stdout: `${stdout}` }).toEqual({ status: 0, stdout: `${room}\n` });
      // In a deleted directory, `pwd` fails bare as well.
      else expect(`${stdout}`).not.toContain(place.home);
    }
  });

  it.each([
    ['full', 'listen(0)'],
    ['dead', 'close()'],
  ])('delays nothing if its socket is %s', async (_what, then) => {
    const place = openPlace();
    makeHome(place);
    const script = `import socket,sys,time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.${then}
full = [socket.socket(socket.AF_UNIX) for _ in range(9)]
for one in full: one.setblocking(False); one.connect_ex(sys.argv[1])
print(flush=True); time.sleep(60)`;
    const owner = spawn('python3', ['-c', script, join(place.home, 'bus.sock')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void owner.kill('SIGKILL'));
    await once(owner.stdout, 'data');
    const before = performance.now();
    for (let round = 0; round < 5; round += 1)
      expect(run(place, ['true'], { input: PAYLOAD })).toMatchObject({ code: 0 });
    expect(performance.now() - before).toBeLessThan(2000 * PATIENCE);
    expect(spooled(place)).toHaveLength(5);
  });

  it('is started once by many launchers if none runs, and inherits nothing from their callers', async () => {
    const { place, program } = withFakeNode(`
      const fs = require('node:fs'), { execFileSync } = require('node:child_process');
      const stat = fs.readFileSync('/proc/self/stat', 'latin1'), fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const streams = [0, 1, 2].map((fd) => fs.readlinkSync('/proc/self/fd/' + fd));
      const masks = [...fs.readFileSync('/proc/self/status', 'latin1').matchAll(/^Sig(?:Blk|Ign):\\t(\\S+)/gm)].map((match) => match[1]);
      fs.appendFileSync(process.env.HOOKBUS_HOME + '/started', JSON.stringify({
        words: process.argv.slice(2), cwd: process.cwd(), session: Number(fields[3]), pid: process.pid, streams, masks,
        trace: process.env.TRACEPARENT ?? null }) + '\\n');`);
    const env = { HOOKBUS_DAEMON: 'auto', HOOKBUS_HOME: `${place.home}/./` };
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, () => runAsync(place, ['true'], env, program)),
    );
    expect(outcomes).toEqual(Array.from({ length: 40 }, () => 0));
    const lines = await until(
      'the daemon to start',
      () =>
        existsSync(join(place.home, 'started')) &&
        readFileSync(join(place.home, 'started'), 'utf8').trim().split('\n'),
    );
    await delay(200);
    expect(readFileSync(join(place.home, 'started'), 'utf8').trim().split('\n')).toHaveLength(1);
    const started = JSON.parse(lines[0] ?? '');
    expect(started).toMatchObject({
      words: ['daemon', 'run'],
      cwd: '/',
      trace: null,
      streams: ['/dev/null', '/dev/null', '/dev/null'],
    });
    expect(started.session).not.toBe(started.pid);
    expect(started.masks[0]).toBe('0000000000000000');
    utimesSync(join(place.home, 'daemon.tried'), new Date(), new Date(Date.now() - 31_000));
    run(place, ['true'], { env, program });
    await until(
      'another attempt to start the daemon',
      () => readFileSync(join(place.home, 'started'), 'utf8').trim().split('\n').length === 2,
    );
  });

  it("does not keep the caller's streams open while it starts", async () => {
    const { place, program } = withFakeNode('setTimeout(() => {}, 15000);');
    const before = performance.now();
    expect(run(place, ['true'], { env: { HOOKBUS_DAEMON: 'auto' }, program })).toMatchObject({
      code: 0,
    });
    expect(performance.now() - before).toBeLessThan(1500 * PATIENCE);
    expect(existsSync(join(place.home, 'daemon.tried'))).toBe(true);
  });

  it('is not started with HOOKBUS_DAEMON=off', () => {
    const { place, program } = withFakeNode('');
    run(place, ['true'], { program });
    expect(existsSync(join(place.home, 'daemon.tried'))).toBe(false);
  });
});

tests('Node', () => {
  it('runs all other commands, with their arguments and stdin', () => {
    const { place, program } = withFakeNode(
      'process.stdin.on("data", (d) => process.stdout.write(d)); process.stdout.write(JSON.stringify(process.argv.slice(2)) + "\\n"); process.exitCode = 7;',
    );
    for (const words of [['status', '--json'], [], ['run', '--help'], ['run', '-h']]) {
      expect(
        end(program, words, { input: PAYLOAD, env: place.env(), cwd: place.directory }),
      ).toEqual({
        code: 7,
        signal: null,
        stdout: `${JSON.stringify(words)}\n${PAYLOAD}`,
        stderr: '',
      });
    }
  });
});

describe.skipIf(hasLauncher !== true || isMeasurable !== true)(
  titleOf('memory', isMeasurable),
  () => {
    // The launcher holds up to 8 MiB before the start, and 64 MiB for a hook that does not read for 50 ms.
    const cases: readonly (readonly [mib: number, what: string, feed: string, hook: string])[] = [
      [4, '1 GiB on stdout', 'true', 'head -c 1073741824 /dev/zero'],
      [64 + 4, '1 GiB of zeros on stdin', 'head -c 1073741824 /dev/zero', 'cat >/dev/null'],
      [
        64 + 4,
        '1 GiB in one line of JSON on stdin',
        `{ printf '{"a":"'; head -c 1073741824 /dev/zero | tr '\\0' x; }`,
        'cat >/dev/null',
      ],
      [64 + 4, '256 MiB on stdin that nobody reads', 'head -c 268435456 /dev/zero', 'sleep 1.5'],
    ];
    it.each(cases)(
      'stays under %d MiB with %s',
      async (mib, _what, feed, hook) => {
        const place = openPlace();
        const line = `${feed} | '${LAUNCHER}' run --name probe -- sh -c '${hook}; echo $PPID >&2; read line </dev/tty || sleep 0.3' >/dev/null`;
        const child = spawn('/bin/sh', ['-c', line], {
          cwd: place.directory,
          env: place.env(),
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        const [said] = (await once(child.stderr, 'data')) as [Buffer];
        const status = readFileSync(`/proc/${Number.parseInt(`${said}`, 10)}/status`, 'latin1');
        expect(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1])).toBeLessThan(mib * 1024);
        await once(child, 'close');
      },
      60_000,
    );
  },
);

describe.skipIf(hasLauncher !== true || isMeasurable !== true)(
  titleOf('256 MiB', isMeasurable),
  () => {
    // The machine may be busy, so the best of several rounds counts, taken in turn.
    it.each([
      ['from the hook', 'head -c 268435456 /dev/zero', ''],
      ['to the hook', 'cat >/dev/null', 'head -c 268435456 /dev/zero |'],
    ])(
      '%s takes at most 1.3 times as long as through one more cat',
      (_what, hook, feed) => {
        const place = openPlace();
        const time = (line: string): number => {
          const before = performance.now();
          const { code } = end('/bin/sh', ['-c', line], {
            cwd: place.directory,
            env: place.env(),
            timeout: 120_000,
          });
          expect(code).toBe(0);
          return performance.now() - before;
        };
        const stage = feed === '' ? `${hook} | cat | cat >/dev/null` : `${feed} cat | ${hook}`;
        const line = `${feed} '${LAUNCHER}' run --name probe -- sh -c '${hook}' | cat >/dev/null`;
        let [cat, wrapped] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
        // 100 ms for what does not depend on the number of bytes, such as the start.
        const isWithin = (): boolean => wrapped < 1.3 * cat + 100;
        for (let round = 0; round < 3 || (round < 20 && !isWithin()); round += 1) {
          cat = Math.min(cat, time(stage));
          wrapped = Math.min(wrapped, time(line));
        }
        expect(isWithin(), `${wrapped} ms, but ${cat} ms with cat`).toBe(true);
      },
      200_000,
    );
  },
);

tests('the streams of the caller', () => {
  it('keep their flags', () => {
    const place = openPlace();
    const script = `
import fcntl, os, subprocess, sys
ends = [os.pipe() for _ in range(3)]
os.set_blocking(ends[2][1], False)
before = [fcntl.fcntl(fd, fcntl.F_GETFL) for pair in ends for fd in pair]
child = subprocess.Popen(sys.argv[1:], stdin=ends[0][0], stdout=ends[1][1], stderr=ends[2][1])
during = None
while child.poll() is None:
    if os.path.exists('started') and during is None:
        during = [fcntl.fcntl(fd, fcntl.F_GETFL) for pair in ends for fd in pair]
        os.write(ends[0][1], b'go\\n')
after = [fcntl.fcntl(fd, fcntl.F_GETFL) for pair in ends for fd in pair]
print(before == during == after)`;
    const hook = ['sh', '-c', 'touch started; read line; head -c 50000 /dev/zero; echo err >&2'];
    const { stdout } = end('python3', ['-c', script, LAUNCHER, 'run', '--', ...hook], {
      cwd: place.directory,
      env: place.env(),
    });
    expect(stdout).toBe('True\n');
  });

  it('are independent: an unread one stops neither the other nor a signal', async () => {
    const place = openPlace();
    const child = start(place, [
      'sh',
      '-c',
      "(yes | head -c 4000000) & trap 'exit 9' USR1; sleep 0.2; echo err >&2; while :; do sleep 0.05; done",
    ]);
    let length = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    child.stdout?.pause();
    await once(child.stderr as NodeJS.ReadableStream, 'data');
    expect(length).toBe(0);
    child.kill('SIGUSR1');
    // Node resumes a paused stream once the process has ended.
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(9);
    expect(length).toBe(4_000_000);
  });
});

tests('a payload', () => {
  it('that is one object is complete without a newline or the end of input', () => {
    const place = openPlace();
    const line = `{ printf '{"session_id":"s","a":{"b":"}"}}'; sleep ${PATIENCE}; } | '${LAUNCHER}' run -- date +%s.%N; :`;
    const before = Date.now() / 1000;
    const { stdout } = end('/bin/sh', ['-c', line], { cwd: place.directory, env: place.env() });
    expect(Number(stdout) - before).toBeLessThan(PATIENCE / 2);
    expect(onlyRecord(place)).toMatchObject({ begin: { sessionId: 's' }, end: { stdinBytes: 32 } });
  });
});

tests('signals', () => {
  it('need no third process during a hook of 50 ms', () => {
    const place = openPlace();
    const hook = ['sh', '-c', 'sleep 0.05; cat /proc/$PPID/task/$PPID/children'];
    // On a busy machine the hook may take longer.
    const counts = Array.from(
      { length: 5 },
      () => run(place, hook).stdout.trim().split(' ').length,
    );
    expect(Math.min(...counts)).toBe(1);
  });

  it('to the group or to hookbus alone reach the hook once each, 100 times', async () => {
    const place = openPlace();
    const hook = `import os, signal, sys
for number in (signal.SIGUSR1, signal.SIGUSR2): signal.signal(number, lambda seen, _: os.write(1, b'%d\\n' % seen))
os.write(1, b'ready\\n')
while os.read(0, 99): os.write(1, b'more\\n')`;
    const child = start(place, ['python3', '-IS', '-c', hook]);
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    await until('the hook', () => text.includes('ready\n'));
    await until('the sentinel and the witness', () => childrenOf(child.pid ?? 0).length === 3);
    let expected = 'ready\n';
    for (let round = 0; round < 100; round += 1) {
      const [signal, number] =
        round % 3 === 0 ? (['SIGUSR2', 12] as const) : (['SIGUSR1', 10] as const);
      process.kill(round % 2 === 0 ? -(child.pid ?? 0) : (child.pid ?? 0), signal);
      expected += `${number}\n`;
      await until(`signal ${round}`, () => text.length >= expected.length);
      expect(text).toBe(expected);
      // Two signals of one kind in quick succession may arrive as one.
      await delay(2);
    }
    child.stdin?.end('x');
    await once(child, 'close');
    expect(text).toBe(`${expected}more\n`);
  });
});

/** Starts a hook in a separate process group, which is killed after the test. */
function start(place: Place, hook: readonly string[]): ChildProcess {
  const child = spawn(LAUNCHER, ['run', '--name', 'probe', '--', ...hook], {
    cwd: place.directory,
    env: place.env(),
    detached: true,
  });
  // The launcher may end before it has read anything.
  child.stdin?.on('error', () => undefined);
  onTestFinished(() => {
    if (child.pid !== undefined) endGroup(child.pid);
  });
  return child;
}

async function runAsync(
  place: Place,
  hook: readonly string[],
  env = {},
  program = LAUNCHER,
): Promise<number> {
  const child = spawn(program, ['run', '--name', 'probe', '--', ...hook], {
    cwd: place.directory,
    env: place.env(env),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(PAYLOAD);
  const [code] = (await once(child, 'exit')) as [number];
  return code;
}

tests('a command for people', () => {
  it.each([
    ['nothing is beside the launcher', undefined],
    ['a file beside it names Node and a script that is gone', '/gone/hookbus.js'],
  ])('says that hookbus.js is missing where %s', (_how, script) => {
    const place = openPlace();
    const program = place.path('hookbus');
    copyFileSync(LAUNCHER, program);
    if (script !== undefined)
      writeFileSync(place.path('node-path'), `${process.execPath}\n${script}\n`);
    const { code, stdout, stderr } = end(program, ['status'], {
      env: place.env(),
      cwd: place.directory,
    });
    expect([code, stdout]).toEqual([127, '']);
    expect(stderr).toMatch(/^hookbus: hookbus\.js was not found beside the launcher.*\n$/);
  });
});

/** A copy of the launcher with this script as the `hookbus.js` beside it. */
function withFakeNode(script: string): { place: Place; program: string } {
  const place = openPlace();
  const program = place.path('hookbus');
  copyFileSync(LAUNCHER, program);
  writeFileSync(place.path('hookbus.js'), script);
  return { place, program };
}

async function listenAt(path: string, see: () => unknown = () => undefined) {
  const received: { bytes: Buffer; seen: unknown }[] = [];
  const server = createServer((socket) => {
    socket.on('data', (bytes) => void received.push({ bytes, seen: see() }));
    socket.on('error', () => undefined);
  });
  server.listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return { received };
}
