import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { query } from './support/rows.ts';
import { brief } from './support/running.ts';
import type { Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';

const PAYLOAD = '{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Bash"}\n';
const BY_NAME = 'cat /dev/stdin >/dev/stdout; echo said >/dev/stderr; exit 3';

export function stdio(engine: Engine): void {
  topic(engine, 'the kinds of standard streams', 'concurrent', ({ test, testIf }) => {
    test('a line that is started like by Claude Code, on sockets in a new session, has the same result', async (stage) => {
      const hook = 'sh -c \'cat; echo "why not" >&2; exit 2\'';
      const line = (command: string): string[] => ['/bin/sh', '-c', command];
      const bare = await stage.bare(line(hook), { input: PAYLOAD });
      const prefix = engine.command.map((word) => `'${word}'`).join(' ');
      const wrapped = await stage.bare(line(`${prefix} run --name probe -- ${hook}`), {
        input: PAYLOAD,
      });
      expect(bare).toMatchObject({ code: 2, stdout: Buffer.from(PAYLOAD) });
      expect(brief(wrapped)).toEqual(brief(bare));
      expect(await stage.onlyRow()).toMatchObject({ status: 'blocked', tool_name: 'Bash' });
    });

    test('a hook opens its streams by name when the caller gave pipes', async (stage) => {
      const pipes = { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' } as const;
      const outcome = await stage.same(['sh', '-c', BY_NAME], { ...pipes, input: PAYLOAD });
      expect(brief(outcome)).toEqual({ code: 3, signal: null, stdout: PAYLOAD, stderr: 'said\n' });
    });

    test('a hook opens its streams by number when the caller gave pipes', async (stage) => {
      const pipes = { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' } as const;
      const hook = 'cat /proc/self/fd/0 | tee /proc/self/fd/2; echo "$line" >/dev/fd/1';
      await stage.same(['sh', '-c', hook], { ...pipes, input: PAYLOAD });
    });

    test('a hook opens its stdin by name after its end, when the caller gave a pipe', async (stage) => {
      // A named pipe in place of the caller's would wait here for a writer, forever.
      const hook = 'cat; echo "the end"; cat /dev/stdin; echo "again"';
      const outcome = await stage.same(['sh', '-c', hook], { stdin: 'pipe', input: PAYLOAD });
      expect(outcome.stdout.toString()).toBe(`${PAYLOAD}the end\nagain\n`);
    });

    test('regular files work as streams', async (stage) => {
      writeFileSync(stage.path('in'), PAYLOAD);
      for (const way of ['bare', 'wrapped'] as const) {
        const outcome = await withFiles(
          stage,
          ['in', 'r'],
          [`out-${way}`, 'w'],
          [`err-${way}`, 'w'],
          (files) => stage[way](['sh', '-c', 'cat; echo said >&2; exit 3'], files),
        );
        expect(outcome, way).toMatchObject({ code: 3, signal: null });
        expect(readFileSync(stage.path(`out-${way}`), 'utf8')).toBe(PAYLOAD);
        expect(readFileSync(stage.path(`err-${way}`), 'utf8')).toBe('said\n');
      }
      expect(await stage.onlyRow()).toMatchObject({
        stdin_bytes: PAYLOAD.length,
        stdout_bytes: PAYLOAD.length,
        stderr_bytes: 5,
      });
    });

    test('a file that is appended to keeps its contents', async (stage) => {
      writeFileSync(stage.path('out'), 'before\n');
      await withFiles(stage, ['/dev/null', 'r'], ['out', 'a'], ['err', 'a'], (files) =>
        stage.wrapped(['echo', 'after'], files),
      );
      expect(readFileSync(stage.path('out'), 'utf8')).toBe('before\nafter\n');
    });

    test('one file for both outputs gets all of both', async (stage) => {
      const file = openSync(stage.path('both'), 'w');
      const hook = 'for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done';
      const outcome = await stage.wrapped(['sh', '-c', hook], {
        stdin: 'null',
        stdout: file,
        stderr: file,
      });
      closeSync(file);
      expect(outcome).toMatchObject({ code: 0 });
      const lines = readFileSync(stage.path('both'), 'utf8').trim().split('\n');
      const of = (name: string): string[] => lines.filter((line) => line.startsWith(name));
      expect(of('out')).toEqual([1, 2, 3, 4, 5].map((i) => `out ${i}`));
      expect(of('err')).toEqual([1, 2, 3, 4, 5].map((i) => `err ${i}`));
    });

    test('/dev/null works as each stream', async (stage) => {
      const nothing = { stdin: 'null', stdout: 'null', stderr: 'null' } as const;
      await stage.same(['sh', '-c', 'cat; echo out; echo err >&2; exit 3'], nothing);
      expect(await stage.onlyRow()).toMatchObject({
        exit_code: 3,
        stdin_bytes: 0,
        stdout_bytes: 4,
        stderr_bytes: 4,
      });
    });

    const full = ['sh', '-c', 'echo hi; echo $? >>said'];
    testIf(
      engine.capabilities.handsOnFullDevice,
      'a hook gets the error of a full device, bare and wrapped',
      async (stage) => {
        for (const hook of [full, ['sh', '-c', 'echo lost; exit 3'], ['seq', '100000']]) {
          const device = openSync('/dev/full', 'w');
          await stage.same(hook, { stdout: device });
          closeSync(device);
        }
        expect(readFileSync(stage.path('said'), 'utf8')).toBe('1\n1\n');
      },
    );

    test('outputs that were opened separately on one file overwrite each other, bare and wrapped', async (stage) => {
      const hook = "printf aaaaa; printf 'b\\n' >&2";
      for (const way of ['bare', 'wrapped'] as const) {
        const name = `both-${way}`;
        await withFiles(stage, ['/dev/null', 'r'], [name, 'w'], [name, 'r+'], (files) =>
          stage[way](['sh', '-c', hook], files),
        );
      }
      const [bare, wrapped] = ['bare', 'wrapped'].map((way) =>
        readFileSync(stage.path(`both-${way}`), 'utf8'),
      );
      expect(bare).toHaveLength(5);
      // Once two streams are separate, nobody knows which comes first.
      expect(['b\naaa', 'aaaaa']).toContain(wrapped);
    });

    test('a file on stdin is not read beyond what the hook reads, bare and wrapped', async (stage) => {
      writeFileSync(stage.path('in'), `${PAYLOAD}second\nthird\n`);
      for (const way of ['bare', 'wrapped'] as const) {
        const file = openSync(stage.path('in'), 'r');
        const one = ['sh', '-c', 'read line; echo "$line"'];
        const first = await stage[way](one, { stdin: file });
        const second = await stage[way](one, { stdin: file });
        const none = await stage[way](['true'], { stdin: file });
        const rest = await stage.bare(['cat'], { stdin: file });
        closeSync(file);
        expect(
          [first, second, none, rest].map(({ stdout }) => `${stdout}`),
          way,
        ).toEqual([PAYLOAD, 'second\n', '', 'third\n']);
      }
      const [first, second, none] = await stage.rows();
      expect(first).toMatchObject({
        stdin_bytes: PAYLOAD.length,
        tool_name: 'Bash',
        session_id: 's',
      });
      expect(second).toMatchObject({ stdin_bytes: 7, tool_name: null });
      expect(none).toMatchObject({ stdin_bytes: 0 });
    });

    test('a hook can seek in a file on stdin, and sees that it is a file', async (stage) => {
      writeFileSync(stage.path('in'), PAYLOAD);
      const hook = `import os, stat
print(os.read(0, 9), os.lseek(0, 1, os.SEEK_SET), os.read(0, 4), stat.S_IFMT(os.fstat(0).st_mode))`;
      for (const path of [stage.path('in'), '/dev/null', '/dev/zero']) {
        const [one, other] = [openSync(path, 'r'), openSync(path, 'r')];
        const bare = await stage.bare(['python3', '-IS', '-c', hook], { stdin: one });
        const wrapped = await stage.wrapped(['python3', '-IS', '-c', hook], { stdin: other });
        for (const file of [one, other]) closeSync(file);
        expect(brief(wrapped), path).toEqual(brief(bare));
      }
    });

    test('a file on stdin is stored from where the hook began, complete or up to the limit', async (stage) => {
      writeFileSync(stage.path('in'), `skipped\n${PAYLOAD}`);
      for (const [hook, cap] of [
        ['cat', '1000'],
        ['true', '10'],
      ] as const) {
        const file = openSync(stage.path('in'), 'r');
        readSync(file, Buffer.alloc(8));
        await stage.wrapped([hook], {
          stdin: file,
          flags: ['--name', hook, '--store-raw', '--max-bytes', cap],
        });
        closeSync(file);
      }
      await stage.rows();
      const stored = query(
        stage.home,
        `SELECT hook_name, body, truncated FROM hook_payloads JOIN hook_logs ON log_id = hook_logs.id
         WHERE stream = 'stdin' ORDER BY hook_logs.id`,
      ) as { body: Buffer }[];
      expect(stored.map((row) => ({ ...row, body: `${row.body}` }))).toEqual([
        { hook_name: 'cat', body: PAYLOAD, truncated: 0 },
        { hook_name: 'true', body: PAYLOAD.slice(0, 10), truncated: 1 },
      ]);
    });

    for (const closed of [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]]) {
      const which = closed.join(', ');
      test(`descriptors ${which} closed: the hook runs, and the record is complete`, async (stage) => {
        const hook = 'echo out 2>/dev/null; echo err >&2 2>/dev/null; echo ran >ran; exit 3';
        const options = { conditions: { close: closed }, input: PAYLOAD };
        const bare = await stage.bare(['sh', '-c', hook], options);
        const wrapped = await stage.wrapped(['sh', '-c', hook], options);
        expect(bare).toMatchObject({ code: 3, signal: null });
        expect(brief(wrapped)).toEqual(brief(bare));
        expect(readFileSync(stage.path('ran'), 'utf8')).toBe('ran\n');
        expect(await stage.onlyRow()).toMatchObject({ status: 'error', exit_code: 3 });
      });

      testIf(
        engine.capabilities.keepsClosedDescriptors,
        `descriptors ${which} closed are closed in the hook`,
        async (stage) => {
          const hook = 'for n in 0 1 2; do [ -e /proc/$$/fd/$n ] && echo $n >>open; done; true';
          await stage.wrapped(['sh', '-c', hook], { conditions: { close: closed } });
          const open = [0, 1, 2].filter((descriptor) => !closed.includes(descriptor));
          const seen = open.length === 0 ? '' : readFileSync(stage.path('open'), 'utf8');
          expect(seen).toBe(open.map((descriptor) => `${descriptor}\n`).join(''));
        },
      );
    }
  });
}

type File = readonly [name: string, flags: string];

async function withFiles<T>(
  stage: Stage,
  input: File,
  output: File,
  errors: File,
  work: (files: { stdin: number; stdout: number; stderr: number }) => Promise<T>,
): Promise<T> {
  const open = ([name, flags]: File): number =>
    openSync(name.startsWith('/') ? name : stage.path(name), flags);
  const [stdin, stdout, stderr] = [open(input), open(output), open(errors)];
  try {
    return await work({ stdin, stdout, stderr });
  } finally {
    for (const descriptor of [stdin, stdout, stderr]) closeSync(descriptor);
  }
}
