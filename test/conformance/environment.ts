import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { makePipe } from './support/pipes.ts';
import { parseStat } from './support/processes.ts';
import { brief, type Conditions } from './support/running.ts';
import type { InputOptions, Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';

/** Variables that the hook may have beyond the caller's. */
const OWN_VARIABLES = ['HOOKBUS_CORRELATION_ID', 'TRACEPARENT'];

const ODD_VARIABLES = {
  EMPTY: '',
  LINES: 'one\ntwo\n',
  EQUATION: 'a=b=c',
  UNICODE: 'naïve 日本語 🚀',
  'dotted.name-x': '1',
  'BASH_FUNC_f%%': '() { :; }',
  _: '/usr/bin/caller',
  CLAUDE_PROJECT_DIR: '/home/dev/app',
};

export function environment(engine: Engine): void {
  const can = engine.capabilities;

  topic(engine, 'the environment', 'concurrent', ({ test, testIf }) => {
    test('variables are the same, except for the two of HookBus', async (stage) => {
      const set = { set: ODD_VARIABLES };
      const bare = await variables(stage, 'bare', set);
      const wrapped = await variables(stage, 'wrapped', set);
      expect(wrapped.filter((entry) => !OWN_VARIABLES.includes(nameOf(entry)))).toEqual(bare);
      expect(
        wrapped
          .map(nameOf)
          .filter((name) => OWN_VARIABLES.includes(name))
          .sort(),
      ).toEqual(OWN_VARIABLES);
    });

    test('an inherited TRACEPARENT is replaced, not repeated', async (stage) => {
      const set = { TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
      const wrapped = await variables(stage, 'wrapped', { set });
      expect(wrapped.filter((entry) => nameOf(entry) === 'TRACEPARENT')).toHaveLength(1);
    });

    testIf(can.passesRawBytes, 'variables that are not UTF-8 are the same', async (stage) => {
      const conditions = { rawEnvironment: { RAW: 'ff80fe', ALSO: 'c328' } };
      const bare = await variables(stage, 'bare', { conditions });
      expect(bare).toContain('RAW=\u00ff\u0080\u00fe');
      const wrapped = await variables(stage, 'wrapped', { conditions });
      expect(wrapped.filter((entry) => !OWN_VARIABLES.includes(nameOf(entry)))).toEqual(bare);
    });

    test('the directory is the same', async (stage) => {
      const outcome = await stage.same(['readlink', '/proc/self/cwd']);
      expect(outcome.stdout.toString()).toBe(`${stage.directory}\n`);
    });

    testIf(can.startsInDeletedDirectory, 'the hook runs in a deleted directory', async (stage) => {
      const conditions = { deletedDirectory: stage.path('gone') };
      const outcome = await stage.same(['sh', '-c', 'readlink /proc/self/cwd; cat; exit 3'], {
        conditions,
        input: 'x',
      });
      expect(outcome).toMatchObject({ code: 3 });
      expect(outcome.stdout.toString()).toMatch(/gone \(deleted\)\nx$/);
    });

    for (const leads of [true, false]) {
      test(`group and session are the same when hookbus ${leads ? 'leads its session' : 'is in the group of its caller'}`, async (stage) => {
        for (const way of ['bare', 'wrapped'] as const) {
          const run = await (way === 'bare' ? stage.startBare : stage.startWrapped)(
            ['cat', '/proc/self/stat'],
            { leads },
          );
          run.stdin.end();
          const { group, session } = parseStat((await run.finish()).stdout.toString());
          const own = parseStat(readFileSync('/proc/self/stat', 'latin1'));
          const expected = leads
            ? { group: run.pid, session: run.pid }
            : { group: own.group, session: own.session };
          expect({ group, session }, way).toEqual(expected);
        }
      });
    }

    test('niceness is the same', async (stage) => {
      const nice = async (way: 'bare' | 'wrapped'): Promise<number> => {
        const outcome = await stage[way](['cat', '/proc/self/stat'], { conditions: { nice: 3 } });
        return parseStat(outcome.stdout.toString()).nice;
      };
      expect(await nice('wrapped')).toBe(await nice('bare'));
    });

    test('the file mode mask is the same', async (stage) => {
      for (const umask of [0o000, 0o022, 0o077, 0o137]) {
        const wrapped = await selfStatus(stage, 'wrapped', { umask });
        expect(wrapped['Umask']).toBe(umask.toString(8).padStart(4, '0'));
      }
    });

    const limits = {
      CORE: [0, null],
      FSIZE: [50_000_000, null],
      STACK: [4_194_304, null],
    } as const;
    test('limits are the same', async (stage) => {
      const bare = await selfLimits(stage, 'bare', { limits });
      const wrapped = await selfLimits(stage, 'wrapped', { limits });
      expect(wrapped.filter(notOpenFiles)).toEqual(bare.filter(notOpenFiles));
    });

    test('unlimited cores stay unlimited for the hook', async (stage) => {
      const unlimited = { limits: { CORE: [null, null] } } as const;
      expect(await selfLimits(stage, 'wrapped', unlimited)).toContainEqual(
        expect.stringMatching(/^Max core file size +unlimited/),
      );
    });

    testIf(can.keepsOpenFileLimit, 'the limit of open files is the same', async (stage) => {
      const fewer = { limits: { NOFILE: [256, 1024] } } as const;
      const wrapped = await selfLimits(stage, 'wrapped', fewer);
      expect(wrapped.filter((line) => !notOpenFiles(line))).toEqual([
        expect.stringMatching(/ 256 +1024 /),
      ]);
    });

    test('no signal is blocked or ignored for the hook when none is for hookbus', async (stage) => {
      const wrapped = await selfStatus(stage, 'wrapped', {});
      expect(wrapped).toEqual(await selfStatus(stage, 'bare', {}));
      // conditions.py starts both with nothing blocked or ignored, whoever started the tests.
      expect(wrapped).toMatchObject({ SigBlk: '0000000000000000', SigIgn: '0000000000000000' });
    });

    for (const [what, conditions] of [
      ['SIGHUP ignored, as under nohup', { ignore: ['SIGHUP'] }],
      ['SIGPIPE ignored, as under Python', { ignore: ['SIGPIPE'] }],
      [
        'SIGINT and SIGQUIT ignored, as in the background of a shell',
        { ignore: ['SIGINT', 'SIGQUIT'] },
      ],
      ['SIGUSR1 blocked', { block: ['SIGUSR1'] }],
      ['SIGTERM and SIGCHLD blocked', { block: ['SIGTERM', 'SIGCHLD'] }],
      ['SIGCHLD ignored', { ignore: ['SIGCHLD'] }],
    ] as const) {
      testIf(can.inheritsSignalState, `the hook inherits ${what}`, async (stage) => {
        expect(await selfStatus(stage, 'wrapped', conditions)).toEqual(
          await selfStatus(stage, 'bare', conditions),
        );
        expect(await stage.onlyRow()).toMatchObject({ status: 'success' });
      });
    }

    testIf(
      can.inheritsSignalState,
      'SIGHUP ignored by the caller ends neither hookbus nor the hook',
      async (stage) => {
        const run = await stage.startWrapped(
          ['sh', '-c', 'echo ready; read line; echo "$line"; exit 3'],
          {
            conditions: { ignore: ['SIGHUP'] },
          },
        );
        await run.stdout.sees('ready\n');
        run.killGroup('SIGHUP');
        run.stdin.end('went on\n');
        expect(await run.finish()).toMatchObject({
          code: 3,
          stdout: Buffer.from('ready\nwent on\n'),
        });
      },
    );

    for (const stdin of ['pipe', 'socket'] as const) {
      testIf(
        can.inheritsDescriptors,
        `an open file at 3 reaches the hook, with a ${stdin} on stdin`,
        async (stage) => {
          const file = openSync(stage.path('file'), 'w');
          const hook = ['sh', '-c', 'cat; echo through 3 >&3'];
          const outcome = await stage.wrapped(hook, { more: [file], stdin, input: 'x' });
          closeSync(file);
          expect(brief(outcome)).toMatchObject({ code: 0, stdout: 'x', stderr: '' });
          expect(readFileSync(stage.path('file'), 'utf8')).toBe('through 3\n');
        },
      );
    }

    testIf(can.inheritsDescriptors, 'pipes at 3 and 4 reach the hook', async (stage) => {
      const [there, back] = [await makePipe(), await makePipe()];
      const run = await stage.startWrapped(['sh', '-c', 'read line <&3; echo "$line" >&4'], {
        more: [there.read, back.write],
      });
      writeSync(there.write, 'through 3 and 4\n');
      run.stdin.end();
      expect(await run.finish()).toMatchObject({ code: 0, stderr: Buffer.from('') });
      const buffer = Buffer.alloc(100);
      expect(buffer.subarray(0, readSync(back.read, buffer)).toString()).toBe('through 3 and 4\n');
      for (const descriptor of [there.read, there.write, back.read, back.write])
        closeSync(descriptor);
    });

    test('the hook has no descriptor that it would not have otherwise', async (stage) => {
      await stage.same(['ls', '/proc/self/fd']);
    });

    for (const [what, PATH] of [
      ['lacking', undefined],
      ['empty', ''],
    ] as const) {
      test(`PATH ${what}: the hook runs by its path`, async (stage) => {
        expect(
          await stage.same(['/bin/sh', '-c', 'echo hi; exit 5'], { set: { PATH } }),
        ).toMatchObject({ code: 5 });
      });
    }

    test('without PATH: a program is found where the system looks', async (stage) => {
      const set = { PATH: undefined };
      const shell = await stage.bare(['/bin/sh', '-c', 'uname'], { set });
      const outcome = await stage.wrapped(['uname'], { set });
      expect(outcome).toEqual(shell);
    });

    test('PATH empty: a program that is not in the directory is not found', async (stage) => {
      expect(await stage.wrapped(['uname'], { set: { PATH: '' } })).toMatchObject({ code: 127 });
    });
  });
}

const nameOf = (entry: string): string => entry.slice(0, entry.indexOf('='));
const notOpenFiles = (line: string): boolean => !line.startsWith('Max open files');

/** The environment as the kernel gave it to the hook, sorted; one character per byte. */
async function variables(
  stage: Stage,
  way: 'bare' | 'wrapped',
  options: InputOptions,
): Promise<string[]> {
  const outcome = await stage[way](['cat', '/proc/self/environ'], options);
  expect(outcome).toMatchObject({ code: 0 });
  return outcome.stdout
    .toString('latin1')
    .split('\0')
    .filter((entry) => entry !== '')
    .sort();
}

/** The umask and the blocked and ignored signals of a process in the hook's place. */
async function selfStatus(
  stage: Stage,
  way: 'bare' | 'wrapped',
  conditions: Conditions,
): Promise<Record<string, string>> {
  const outcome = await stage[way](['cat', '/proc/self/status'], { conditions });
  const lines = [...outcome.stdout.toString().matchAll(/^(Umask|SigBlk|SigIgn):\s*(\S+)$/gm)];
  expect(lines).toHaveLength(3);
  return Object.fromEntries(lines.map(([, name, value]) => [name, value]));
}

async function selfLimits(
  stage: Stage,
  way: 'bare' | 'wrapped',
  conditions: Conditions,
): Promise<string[]> {
  const outcome = await stage[way](['cat', '/proc/self/limits'], { conditions });
  return outcome.stdout.toString().trim().split('\n');
}
