import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { brief } from './support/running.ts';
import type { Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';

/** Prints its own command line as the kernel has it: NUL-terminated, starting with argv[0]. */
const SHOW = ['sh', '-c', 'cat /proc/$$/cmdline; exit 0'];

const ARGUMENTS: ReadonlyArray<readonly [what: string, words: readonly string[]]> = [
  ['empty ones', ['', '', 'a', '']],
  ['blanks and tabs', [' ', '  two  ', '\t', 'a b']],
  ['newlines', ['\n', 'a\nb', 'end\n', '\r\n']],
  [
    'quotes and backslashes',
    ["'", '"', `'"'"'`, '\\', '\\n', '`date`', '$HOME', '$(date)', '*', '?', '~', '!', '#'],
  ],
  ['unicode', ['naïve — 日本語 🚀', '\u2028', 'e\u0301', '\ufeff', '\ufffd']],
  ['leading dashes', ['-', '-n', '-e', '--name', '--event=X', '--help', '--version', '-h']],
  ['double dashes', ['--', 'a', '--', '--', '-x']],
  ['HookBus options', ['--timeout', '1', '--fail-open', '--shell', 'true', '--dedupe', 'run']],
  ['control characters', ['\u0001', '\u001b[31m', '\u007f']],
  ['a thousand', Array.from({ length: 1000 }, (_, index) => `argument ${index}`)],
  ['one of 100 KB', ['x'.repeat(100_000)]],
];

const script = (stage: Stage, name: string, text: string, mode = 0o755): string => {
  writeFileSync(stage.path(name), text);
  chmodSync(stage.path(name), mode);
  return stage.path(name);
};

export function command(engine: Engine): void {
  topic(engine, 'the command', 'concurrent', ({ test, testIf }) => {
    for (const [what, words] of ARGUMENTS) {
      test(`arguments reach the hook unchanged: ${what}`, async (stage) => {
        const outcome = await stage.same([...SHOW, ...words]);
        expect(outcome.stdout.toString()).toBe(
          [...SHOW, ...words].map((word) => `${word}\0`).join(''),
        );
      });
    }

    testIf(
      engine.capabilities.passesRawBytes,
      'arguments reach the hook unchanged: not UTF-8',
      async (stage) => {
        const rawArguments = ['ff80fe', 'c328', '6120ff'];
        const outcome = await stage.same(SHOW, { conditions: { rawArguments } });
        expect(outcome.stdout.toString('hex')).toMatch(/00ff80fe00c328006120ff00$/);
      },
    );

    test('the hook gets the program name that was given', async (stage) => {
      for (const name of ['sh', '/bin/sh', '../work/shell']) {
        const link = `ln -sf /bin/sh ${stage.path('shell')}`;
        await stage.bare(['sh', '-c', link]);
        const outcome = await stage.same([name, ...SHOW.slice(1)]);
        expect(outcome.stdout.toString()).toMatch(new RegExp(`^${name.replaceAll('.', '\\.')}\0`));
      }
    });

    test('a script is found relative to the directory', async (stage) => {
      script(stage, 'hook.sh', '#!/bin/sh\necho "$0 $#"\nexit 6\n');
      expect(await stage.same(['./hook.sh', 'a', 'b'])).toMatchObject({ code: 6 });
    });

    test('a program is found by PATH, in its order', async (stage) => {
      mkdirSync(stage.path('one'));
      mkdirSync(stage.path('two'));
      script(stage, 'one/hook', '#!/bin/sh\necho one\n', 0o644);
      script(stage, 'two/hook', '#!/bin/sh\necho two\n');
      const PATH = `${stage.path('none')}:${stage.path('one')}:${stage.path('two')}:${process.env['PATH']}`;
      const outcome = await stage.same(['/bin/sh', '-c', 'exec hook'], { set: { PATH } });
      expect(outcome.stdout.toString()).toBe('two\n');
      expect(brief(await stage.wrapped(['hook'], { set: { PATH } }))).toEqual(brief(outcome));
    });

    test('a script without an interpreter line runs as sh would run it', async (stage) => {
      script(stage, 'hook', 'echo "$0 $1"\ncat\nexit 8\n');
      for (const words of [
        ['./hook', 'a b'],
        [stage.path('hook'), 'a b'],
      ]) {
        const expected = await stage.bare(['/bin/sh', '-c', '"$@"', 'sh', ...words], {
          input: 'payload',
        });
        expect(expected).toMatchObject({ code: 8 });
        expect(brief(await stage.wrapped(words, { input: 'payload' }))).toEqual(brief(expected));
      }
    });

    test('an empty script succeeds, as with sh', async (stage) => {
      script(stage, 'hook', '');
      expect(await stage.bare(['/bin/sh', '-c', './hook'])).toMatchObject({ code: 0 });
      expect(brief(await stage.wrapped(['./hook']))).toEqual({
        code: 0,
        signal: null,
        stdout: '',
        stderr: '',
      });
    });

    for (const [what, words, code, text] of [
      ['a name that is not on PATH', ['no-such-hook'], 127, /no-such-hook.*not found/],
      ['a missing path', ['./no/such/hook', 'a'], 127, /no\/such\/hook.*(not found|No such file)/],
      ['an empty name', [''], 127, /not found|Permission denied/],
      ['a path through a file', ['./plain/hook'], 127, /plain\/hook.*(not found|Not a directory)/],
      ['a script whose interpreter is missing', ['./orphan'], 127, /orphan/],
      ['a file that is not executable', ['./plain'], 126, /plain.*Permission denied/],
      ['a directory', ['./folder'], 126, /folder.*(Permission denied|[Ii]s a directory)/],
      ['a name of 5000 characters', ['x'.repeat(5000)], 127, /xxx/],
    ] as const) {
      test(`${what} is ${code}, with one line on stderr, and recorded as an error`, async (stage) => {
        script(stage, 'plain', 'echo no\n', 0o644);
        script(stage, 'orphan', '#!/no/such/interpreter\n');
        mkdirSync(stage.path('folder'));
        const shell = await stage.bare(['/bin/sh', '-c', '"$@"', 'sh', ...words]);
        expect(shell).toMatchObject({ code });
        const outcome = await stage.wrapped(words, { input: '{"session_id":"s"}\n' });
        expect(outcome).toMatchObject({ code, signal: null, stdout: Buffer.from('') });
        expect(outcome.stderr.toString()).toMatch(/^[^\n]+\n$/);
        expect(outcome.stderr.toString()).toMatch(text);
        expect(await stage.onlyRow()).toMatchObject({ status: 'error', signal: null });
      });
    }

    test('a hook that exits with 126 or 127 differs from one that could not start', async (stage) => {
      for (const code of [125, 126, 127]) {
        await stage.same(['sh', '-c', `echo mine >&2; exit ${code}`]);
      }
      expect((await stage.rows()).map((row) => row.exit_code)).toEqual([125, 126, 127]);
    });

    test('without a command the exit code is 125, never 2', async (stage) => {
      for (const words of [
        ['run'],
        ['run', '--'],
        ['run', '--name', 'x'],
        ['run', '--name', 'x', '--'],
      ]) {
        const outcome = await stage.hookbus(...words);
        expect(brief(outcome), words.join(' ')).toMatchObject({
          code: 125,
          signal: null,
          stdout: '',
        });
      }
    });
  });
}
