import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compiled } from '../conformance/support/compiled.ts';
import {
  hasLauncher,
  LAUNCHER,
  openPlace,
  type Place,
  run,
  spooled,
  titleOf,
} from './support/launcher.ts';
import { FLAGS, SOURCES } from './support/sanitized.ts';

const tests = describe.skipIf(hasLauncher !== true);

/** The sanitizers make additional system calls and need more memory. */
const isPlain: true | string =
  (hasLauncher === true && !readFileSync(LAUNCHER).includes('__asan_init')) ||
  'built with sanitizers';
const canMount: true | string =
  spawnSync('sh', ['-c', 'unshare -m mount -t tmpfs none /mnt']).status === 0 ||
  'mounting needs a privilege';

const BIG = `{"session_id":"s","tool_input":"${'x'.repeat(300_000)}"}\n`;
const HOOK = ['sh', '-c', 'cat; echo err >&2; exit 3'];
const WRAPPED = [LAUNCHER, 'run', '--name', 'probe', '--'];

/** Runs a shell line with these parameters in the environment of a place, and returns how it ended. */
function sh(place: Place, line: string, words: readonly string[], input = '', env = {}) {
  const { status, signal, stdout, stderr } = spawnSync('sh', ['-c', line, 'sh', ...words], {
    cwd: place.directory,
    env: place.env(env),
    input,
    maxBuffer: 1 << 24,
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  return { status, signal, stdout: `${stdout}`, stderr: `${stderr}` };
}

/** Runs a shell line whose command is `"$@"` bare and wrapped, expects equal results, and returns them. */
function same(line: string, hook: readonly string[], input = '', env = {}) {
  const place = openPlace();
  const bare = sh(place, line, hook, input, env);
  expect(sh(place, line, [...WRAPPED, ...hook], input, env), line).toEqual(bare);
  return bare;
}

const count = compiled('count_variables', '-static');
const refuse = compiled('refuse_call');
const canRefuse = isPlain === true && typeof refuse === 'string' ? refuse : isPlain;
const refuser = typeof refuse === 'string' ? '' : refuse.path;
const calls = canRefuse === true ? `${spawnSync(refuser).stdout}`.trim().split('\n') : [];

tests(titleOf('in a sandbox', canRefuse), () => {
  // 1 is EPERM and 38 is ENOSYS on Linux.
  describe.each([1, 38])('that refuses a system call with errno %d', (error) => {
    it.each(calls)('the hook runs as bare without %s', (call) => {
      const place = openPlace();
      const below = [refuser, call, `${error}`];
      // A shell that cannot wait for its children continues at once.
      const hook = call === 'wait4' ? ['cat'] : HOOK;
      for (const line of ['exec "$@"', 'cat | { "$@"; echo $?; } | cat']) {
        const bare = sh(place, line, [...below, ...hook], BIG);
        // If the bare hook needs the call as well, there is nothing to compare.
        if (!bare.stdout.startsWith(BIG)) continue;
        expect(sh(place, line, [...below, ...WRAPPED, ...hook], BIG), line).toEqual(bare);
      }
    });
  });
});

const canUnshare: true | string =
  spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0 ||
  'a namespace needs a privilege';
const canBeAlone = canRefuse === true ? canUnshare : canRefuse;

tests(titleOf('that refuses getpid', canBeAlone), () => {
  // In a pid namespace, because kill(-1, ...) reaches every process of the user.
  it.skipIf(canBeAlone !== true).each(['1', '38'])(
    'with errno %s, a hook that dies of a signal takes no other process with it',
    (error) => {
      const place = openPlace();
      const line = 'sleep 60 & "$@"; echo $?; kill -9 $! && echo alone';
      const inside = ['unshare', '--pid', '--fork', '--mount-proc', 'sh', '-c', line, 'sh'];
      const below = [...inside, refuser, 'getpid', error];
      for (const signal of ['TERM', 'PIPE', 'KILL']) {
        // $$ would be -1.
        const hook = ['sh', '-c', `sh -c 'kill -${signal} $PPID'; :`];
        const bare = sh(place, 'exec "$@" 2>/dev/null', [...below, ...hook]);
        expect(bare.stdout).toMatch(/^\d+\nalone\n$/);
        expect(sh(place, 'exec "$@" 2>/dev/null', [...below, ...WRAPPED, ...hook])).toEqual(bare);
      }
    },
  );
});

tests(titleOf('under a limit', isPlain), () => {
  it.each(Array.from({ length: 18 }, (_, index) => index + 3))(
    'of %d descriptors, the hook runs as bare',
    (limit) => {
      same(`ulimit -n ${limit}; exec "$@"`, HOOK, 'payload\n');
      same(`ulimit -n ${limit}; exec "$@" <&- >&- 2>&-`, ['sh', '-c', 'exit 3']);
    },
  );

  it('of memory, the hook gets its complete environment', () => {
    const place = openPlace();
    const more = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`VARIABLE_${index}`, 'x'.repeat(20)]),
    );
    if (typeof count === 'string') throw new Error(count);
    const limit = 'ulimit -v $1; shift; exec "$@"';
    const ends = new Set<string>();
    for (let kib = 1000; kib <= 3400; kib += 6) {
      const { stdout, status } = sh(place, limit, [`${kib}`, ...WRAPPED, count.path], '', more);
      if (status === 0) ends.add(Number(stdout) >= 300 ? 'all' : stdout);
    }
    expect([...ends]).toEqual(['all']);
  });

  it('of argument size, the hook runs as bare', () => {
    // The script finds the largest environment that the system accepts, with the launcher's own words included.
    const place = openPlace();
    const script = `import os, subprocess, sys
def ends(size):
    env = dict(os.environ, **{'X%d' % i: 'x' * 100000 for i in range(size // 100000)}, LAST='y' * (size % 100000))
    try: return subprocess.run(sys.argv[1:], env=env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    except OSError: return None
low, high = 100000, 4000000
while high - low > 1:
    middle = (low + high) // 2
    low, high = (low, middle) if ends(middle) is None else (middle, high)
print(low, [ends(low - back) for back in (0, 40, 80, 120, 160, 200)])`;
    const wrapped = sh(place, 'exec python3 -IS -c "$@"', [
      script,
      ...WRAPPED,
      '/bin/sh',
      '-c',
      ':',
    ]);
    expect(wrapped.stdout).toMatch(/\[0, 0, 0, 0, 0, 0\]\n$/);
  });
});

tests('a record', () => {
  it.each(['0777', '0477'])('can be read by its owner under umask %s', (mask) => {
    const place = openPlace();
    expect(sh(place, `umask ${mask}; exec "$@"`, [...WRAPPED, 'sh', '-c', 'umask']).stdout).toBe(
      `${mask}\n`,
    );
    for (const name of readdirSync(place.spool))
      expect(statSync(join(place.spool, name)).mode & 0o777).toBe(0o600);
    expect(statSync(place.spool).mode & 0o777).toBe(0o700);
  });
});

tests('a start', () => {
  it.skipIf(canMount !== true)(
    titleOf('finds a program in /usr/local/bin without PATH', canMount),
    () => {
      const line =
        'exec unshare -m sh -c \'mount -t tmpfs none /usr/local/bin && printf "#!/bin/sh\\necho found\\n" >/usr/local/bin/only-here && chmod +x /usr/local/bin/only-here && unset PATH && exec "$@"\' sh "$@"';
      const place = openPlace();
      expect(sh(place, line, ['/bin/sh', '-c', 'only-here']).stdout).toBe('found\n');
      expect(sh(place, line, [...WRAPPED, 'only-here']).stdout).toBe('found\n');
    },
  );

  it.skipIf(canMount !== true)(
    titleOf('by a caller in another pid namespace works as bare', canMount),
    () => {
      expect(same('exec unshare -p "$@"', HOOK, 'x')).toMatchObject({ status: 3, stdout: 'x' });
      same('exec unshare -p "$@"', ['sh', '-c', 'sleep 0.02; exit 4']);
    },
  );

  it('that fails reports the reason even if vfork shares no memory', () => {
    const place = openPlace();
    const program = place.path('hookbus-fork');
    const built = spawnSync(process.env['CC'] ?? 'cc', [
      ...FLAGS,
      '-Dvfork=fork',
      '-o',
      program,
      ...SOURCES,
    ]);
    expect(`${built.stderr}`).not.toMatch('error');
    writeFileSync(place.path('not-executable'), '');
    for (const command of ['no-such-command', './not-executable', '/etc/passwd/x', 'true']) {
      const ends = [LAUNCHER, program].map((one) => run(place, [command], { program: one }));
      expect(ends[1], command).toEqual(ends[0]);
      expect(ends[1]?.stderr === '', command).toBe(command === 'true');
    }
    const ends = spooled(place).map(({ bytes }) => bytes.toString('latin1'));
    const refused = ends.filter((bytes) => bytes.includes('not found') || bytes.includes('denied'));
    expect([ends.length, refused.length]).toEqual([8, 6]);
  });
});
