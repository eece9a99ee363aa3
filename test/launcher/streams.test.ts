import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, copyFileSync, existsSync, readFileSync, readSync } from 'node:fs';
import { getuid } from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makePipe } from '../conformance/support/pipes.ts';
import { endProcess, isAlive } from '../conformance/support/processes.ts';
import { until } from '../conformance/support/until.ts';
import { end, hasLauncher, LAUNCHER, openPlace, type Place, titleOf } from './support/launcher.ts';

const tests = describe.skipIf(hasLauncher !== true);

const WAYS = ['bare', 'wrapped'] as const;
type Way = (typeof WAYS)[number];

const canBeNobody: true | string = getuid?.() === 0 || 'only root can act as another user';

/** The sanitizers reserve more memory than any limit here allows. */
const canLimitMemory: true | string =
  hasLauncher === true && !readFileSync(LAUNCHER).includes('__asan_init')
    ? true
    : 'built with sanitizers';

/**
 * Runs a command as a user who may have only one process, and writes to its stdin in steps: a number of `bytes`, an
 * object (`json`) or a `line` of that many bytes, or a `pause` in s. Prints its output and exit code; `open` keeps stdin open.
 */
const ALONE = `
import json, os, resource, socket, subprocess, sys, threading, time
wanted = json.loads(sys.argv[1])
def alone():
    os.setgid(65534); os.setuid(65534); resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
theirs, ours = os.pipe() if wanted["kind"] == "pipe" else [one.detach() for one in socket.socketpair()]
child = subprocess.Popen(wanted["command"], stdin=theirs, stdout=subprocess.PIPE, preexec_fn=alone)
os.close(theirs)
def write(ours):
    for step in wanted["steps"]:
        if "pause" in step: time.sleep(step["pause"])
        data = b"x" * step.get("bytes", 0)
        if "json" in step: data = b'{"a":"' + b"x" * (step["json"] - 8) + b'"}'
        if "line" in step: data = b"x" * (step["line"] - 1) + b"\\n"
        while data: data = data[os.write(ours, data):]
    if not wanted["open"]: os.close(ours)
writer = threading.Thread(target=write, args=[ours])
writer.start()
print(child.communicate()[0].decode().strip(), child.returncode)
writer.join()`;

tests(titleOf('without another process', canBeNobody === true ? hasLauncher : canBeNobody), () => {
  const cases: readonly [
    what: string,
    steps: readonly object[],
    length: number,
    isOpen: boolean,
  ][] = [
    ['300,000 bytes', [{ bytes: 300_000 }], 300_000, false],
    ['3 MB, more than a pipe can hold', [{ bytes: 3_000_000 }], 3_000_000, false],
    [
      'bytes after a pause',
      [{ bytes: 70_000 }, { pause: 0.1 }, { bytes: 230_000 }],
      300_000,
      false,
    ],
    ['bytes after a pause at the start', [{ pause: 0.1 }, { bytes: 300_000 }], 300_000, false],
    ['nothing', [], 0, false],
    ['an object, stdin left open', [{ json: 300_000 }], 300_000, true],
    ['an object of 3 MB, stdin left open', [{ json: 3_000_000 }], 3_000_000, true],
    [
      'an object after a pause, stdin left open',
      [{ pause: 0.1 }, { json: 300_000 }],
      300_000,
      true,
    ],
    ['a line, stdin left open', [{ line: 100 }], 100, true],
  ];

  describe.skipIf(canBeNobody !== true).each(['pipe', 'socket'])(
    'a hook gets all of its input through a %s:',
    (kind) => {
      it.each(cases)('%s', (_, steps, length, isOpen) => {
        const place = openPlace();
        chmodSync(place.directory, 0o755);
        copyFileSync(LAUNCHER, place.path('hookbus'));
        // Reads no more than the test writes: at an open stdin, a bare hook would wait too.
        const hook = `import os
length = 0
while length < ${length} or ${isOpen ? 'False' : 'True'}:
    got = len(os.read(0, 65536))
    if got == 0: break
    length += got
print(length)`;
        const command = [place.path('hookbus'), 'run', '--', 'python3', '-IS', '-c', hook];
        const wanted = JSON.stringify({ kind, command, steps, open: isOpen });
        const outcome = end('python3', ['-c', ALONE, wanted], { cwd: '/', env: place.env() });
        expect(outcome).toMatchObject({ code: 0, stdout: `${length} 0\n`, stderr: '' });
      });
    },
  );
});

tests(titleOf('with little memory', canLimitMemory === true ? hasLauncher : canLimitMemory), () => {
  it.skipIf(canLimitMemory !== true)('a hook gets all of its input', () => {
    const place = openPlace();
    const under = (bytes: number, hook: string): string =>
      `prlimit --as=${bytes}:unlimited -- '${LAUNCHER}' run -- prlimit --as=unlimited -- ${hook}`;
    const run = (line: string) =>
      end('/bin/sh', ['-c', line], { cwd: place.directory, env: place.env() });
    // The memory that a start needs differs between C libraries.
    const steps = Array.from({ length: 60 }, (_, step) => 1_000_000 + step * 250_000);
    const minimum = steps.find((bytes) => run(`${under(bytes, 'true')} </dev/null`).code === 0);
    const { stdout } = run(
      `head -c 8000000 /dev/zero | ${under((minimum ?? 0) + 500_000, 'wc -c')}`,
    );
    expect(stdout).toBe('8000000\n');
  });
});

tests(titleOf('a caller that reads nothing', hasLauncher), () => {
  it('sees the exit, as bare, if its pipe holds all the output, however it was written', async () => {
    const hooks: readonly [hook: string, length: number][] = [
      // Each page of a pipe holds 585 such lines, so 16 pages hold 9,360.
      ['i=0; while [ $i -lt 9300 ]; do echo abcdef; i=$((i+1)); done', 9300 * 7],
      // HookBus passes on the first part, which starts the last page, before the rest arrives.
      ['head -c 61500 /dev/zero; sleep 0.1; head -c 1000 /dev/zero', 62_500],
    ];
    for (const [hook, length] of hooks) {
      const place = openPlace();
      for (const way of WAYS) {
        const { child, read } = await startUnread(place, way, ['sh', '-c', hook]);
        expect(await once(child, 'exit'), way).toEqual([0, null]);
        expect(read(), way).toBe(length);
      }
    }
  });

  it('ends hookbus by SIGPIPE when it closes its pipe, even if the hook has exited', async () => {
    const place = openPlace();
    for (const way of WAYS) {
      const { child, close } = await startUnread(place, way, ['head', '-c', '100000', '/dev/zero']);
      await until('the end of the hook', () => way === 'bare' || isDone(place));
      close();
      expect(await once(child, 'exit'), way).toEqual([null, 'SIGPIPE']);
    }
  });

  it('sees the exit, as bare, if a background child of the hook writes forever', async () => {
    const place = openPlace();
    for (const way of WAYS) {
      const { child, close } = await startUnread(place, way, [
        'sh',
        '-c',
        'yes & sleep 0.1; exit 3',
      ]);
      expect(await once(child, 'exit'), way).toEqual([3, null]);
      close();
    }
  });

  it('sees the exit if the hook leaves a background child, with or without --timeout', async () => {
    const hook = ['sh', '-c', 'head -c 100000 /dev/zero; sleep 60 & echo $! >child; exit 3'];
    for (const options of [[], ['--timeout', '20']]) {
      const place = openPlace();
      const { child, close } = await startUnread(place, 'wrapped', hook, 0, options);
      onTestFinished(() => endProcess(Number(readFileSync(place.path('child'), 'utf8'))));
      expect(await once(child, 'exit'), options.join(' ')).toEqual([3, null]);
      close();
    }
  });

  it('that reads in time gets all output before the exit if the hook leaves a background child', async () => {
    const place = openPlace();
    const hook = 'head -c 100000 /dev/zero; sleep 60 & echo $! >child; exit 3';
    const { child, read } = await startUnread(place, 'wrapped', ['sh', '-c', hook], 100_000);
    onTestFinished(() => endProcess(Number(readFileSync(place.path('child'), 'utf8'))));
    await until('the end of the hook', () => isDone(place));
    expect(child.exitCode).toBe(null);
    expect(read()).toBe(100_000);
    expect(await once(child, 'exit')).toEqual([3, null]);
  });
});

/** Whether the hook, which wrote its process id, is gone. */
const isDone = (place: Place): boolean =>
  existsSync(place.path('pid')) && !isAlive(Number(readFileSync(place.path('pid'), 'utf8')));

/** A hook whose stdout is a pipe that nobody reads until `read`, which reads `maxBytes` or to the end. */
async function startUnread(
  place: Place,
  way: Way,
  hook: readonly string[],
  maxBytes = Number.POSITIVE_INFINITY,
  options: readonly string[] = [],
): Promise<{ child: ChildProcess; read: () => number; close: () => void }> {
  const pipe = await makePipe();
  const words = ['sh', '-c', 'echo $$ >pid.new; mv pid.new pid; exec "$@"', 'sh', ...hook];
  const [program = '', ...rest] =
    way === 'bare' ? words : [LAUNCHER, 'run', ...options, '--', ...words];
  const child = spawn(program, rest, {
    cwd: place.directory,
    env: place.env(),
    stdio: ['ignore', pipe.write, 'inherit'],
    detached: true,
  });
  closeSync(pipe.write);
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  const close = (): void => {
    closeSync(pipe.read);
  };
  const read = (): number => {
    const piece = Buffer.alloc(65_536);
    let length = 0;
    for (let got = 1; got > 0 && length < maxBytes; length += got) got = readSync(pipe.read, piece);
    close();
    return length;
  };
  return { child, read, close };
}
