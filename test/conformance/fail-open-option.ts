import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { canBlock, EVENT_NAMES } from '../../src/domain/events.ts';
import type { Engine } from './support/engine.ts';
import { sessionMembers } from './support/processes.ts';
import { brief } from './support/running.ts';
import type { Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';
import { until } from './support/until.ts';

const MIB = 1024 * 1024;
const NAME = ['--name', 'probe', '--fail-open'];
const FORGIVING = [...NAME, '--event', 'PostToolUse'];

const payloadOf = (event: string): string =>
  `${JSON.stringify({ session_id: 's', hook_event_name: event, tool_name: 'Bash' })}\n`;

/** Events of other agents; the last belongs to none. */
const FOREIGN = ['BeforeTool', 'beforeShellExecution', 'preToolUse', 'PreSkillShellCommand', 'X'];
const BLOCKING = [...EVENT_NAMES.filter(canBlock), ...FOREIGN];

const DENY = '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny"}}';

/** Ways to fail; each may be a refusal for some agent. */
const FAILURES = [
  ['exits 1 with JSON', ['sh', '-c', `cat; echo '${DENY}'; echo err >&2; exit 1`]],
  ['exits 3', ['sh', '-c', 'cat; echo out; echo err >&2; exit 3']],
  ['dies by a signal', ['sh', '-c', 'cat; echo out; kill -KILL $$']],
  ['does not exist', ['no-such-hook']],
] as const;

/** The warnings about options that `status` shows; others are about what the hooks answered. */
const noticesOf = async (stage: Stage): Promise<string[]> => {
  const report = JSON.parse(String((await stage.hookbus('status', '--json')).stdout));
  const texts = report.notices.map(({ text }: { text: string }) => text);
  return texts.filter((text: string) => / --(?:fail-open|guard) /.test(text));
};

/** `--fail-open` forgives a failure if a hook cannot block, and only then. */
export function failOpenOption(engine: Engine): void {
  topic(engine, '--fail-open', 'concurrent', ({ test }) => {
    for (const [what, hook, row] of [
      ['exits 1', 'exit 1', { status: 'error', exit_code: 1 }],
      ['exits 255', 'exit 255', { status: 'error', exit_code: 255 }],
      ['dies by a signal', 'kill -KILL $$', { status: 'error', signal: 'SIGKILL' }],
    ] as const) {
      test(`a hook that ${what} succeeds silently, and its real end is recorded`, async (stage) => {
        const outcome = await stage.wrapped(['sh', '-c', `echo out; echo err >&2; ${hook}`], {
          flags: FORGIVING,
        });
        expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
        expect(await stage.onlyRow()).toMatchObject({ ...row, stdout_bytes: 4, stderr_bytes: 4 });
      });
    }

    for (const code of [0, 2]) {
      test(`a hook that exits ${code} is passed through with its output`, async (stage) => {
        const hook = ['sh', '-c', `cat; echo err >&2; exit ${code}`];
        const bare = await stage.bare(hook, { input: 'payload' });
        expect(brief(await stage.wrapped(hook, { flags: FORGIVING, input: 'payload' }))).toEqual(
          brief(bare),
        );
      });
    }

    test('a hook that cannot start succeeds silently', async (stage) => {
      expect(brief(await stage.wrapped(['no-such-hook'], { flags: FORGIVING }))).toEqual({
        code: 0,
        signal: null,
        stdout: '',
        stderr: '',
      });
      expect(await stage.onlyRow()).toMatchObject({ status: 'error' });
    });

    test('a hook that takes too long succeeds silently', async (stage) => {
      const hook = ['sh', '-c', 'echo out; exec sleep 60'];
      const outcome = await stage.wrapped(hook, { flags: [...FORGIVING, '--timeout', '0.5'] });
      expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
      expect(await stage.onlyRow()).toMatchObject({ status: 'timeout' });
    });

    for (const kind of ['socket', 'pipe'] as const) {
      test(`what the background child of a failed hook writes later is dropped, through a ${kind}, and does not end the child`, async (stage) => {
        const child =
          'trap "" TERM; until [ -e go ]; do sleep 0.02; done; echo late && echo late >&2 && echo >survived';
        const run = await stage.startWrapped(['sh', '-c', `(${child}) & echo early; exit 1`], {
          flags: FORGIVING,
          stdout: kind,
          stderr: kind,
        });
        // Even a caller that waits for the end of output does not wait for the child.
        const outcome = await run.finish();
        expect(existsSync(stage.path('go'))).toBe(false);
        writeFileSync(stage.path('go'), '');
        await until('the child to have written', () => existsSync(stage.path('survived')));
        expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
        await until('the end of all processes', () => sessionMembers(run.pid).length === 0);
      });
    }

    test('output of the background child of a successful hook is still passed on', async (stage) => {
      const hook = '(until [ -e go ]; do sleep 0.02; done; echo late) & echo early';
      const run = await stage.startWrapped(['sh', '-c', hook], { flags: FORGIVING });
      expect(await run.exit()).toEqual({ code: 0, signal: null });
      writeFileSync(stage.path('go'), '');
      await run.stdout.end();
      expect(run.stdout.text).toBe('early\nlate\n');
    });

    test('nothing is passed on before the end of a hook with little output', async (stage) => {
      const run = await stage.startWrapped(
        ['sh', '-c', 'echo out; echo err >&2; echo >wrote; read line'],
        { flags: FORGIVING },
      );
      await until('the hook to write', () => existsSync(stage.path('wrote')));
      expect(run.stdout.length + run.stderr.length).toBe(0);
      run.stdin.end('go on\n');
      expect(brief(await run.finish())).toEqual({
        code: 0,
        signal: null,
        stdout: 'out\n',
        stderr: 'err\n',
      });
    });

    test('7 MiB of output are held back and dropped when the hook fails', async (stage) => {
      const outcome = await stage.wrapped(['sh', '-c', `yes | head -c ${7 * MIB}; exit 1`], {
        flags: FORGIVING,
      });
      expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
      expect(await stage.onlyRow()).toMatchObject({ status: 'error', stdout_bytes: 7 * MIB });
    });

    test('output over 8 MiB is streamed after all, and everything is then as without the option', async (stage) => {
      const hook = `yes | head -c ${9 * MIB}; read line; echo err >&2; exit 1`;
      const run = await stage.startWrapped(['sh', '-c', hook], { flags: FORGIVING });
      await until('the output to be streamed', () => run.stdout.length === 9 * MIB);
      run.stdin.end('go on\n');
      const outcome = await run.finish();
      expect(outcome).toMatchObject({ code: 1, signal: null });
      expect(outcome.stdout.equals(Buffer.alloc(9 * MIB, 'y\n'))).toBe(true);
      expect(String(outcome.stderr)).toBe('err\n');
      expect(await stage.onlyRow()).toMatchObject({ status: 'error', exit_code: 1 });
    });

    // A socket holds more of it than is read at once, so the hook is gone while the rest is still to be read.
    test('output a little over 8 MiB delays nobody', async (stage) => {
      for (const more of [2000, 6000, 10_000, 22_000, 30_000, 34_000, 38_000]) {
        const length = 8 * MIB + more;
        const outcome = await stage.wrapped(['head', '-c', `${length}`, '/dev/zero'], {
          flags: FORGIVING,
          stdout: 'socket',
        });
        expect(outcome).toMatchObject({ code: 0, signal: null });
        expect(outcome.stdout).toHaveLength(length);
      }
    });

    test('a signal from the caller still ends the hook', async (stage: Stage) => {
      const run = await stage.startWrapped(['sh', '-c', 'echo $$ >pid; exec sleep 60'], {
        flags: FORGIVING,
      });
      await until(
        'the hook to start',
        () => existsSync(stage.path('pid')) && readFileSync(stage.path('pid'), 'utf8') !== '',
      );
      run.killGroup('SIGTERM');
      await run.finish();
      await until('the end of all processes', () => sessionMembers(run.pid).length === 0);
      expect(await stage.onlyRow()).toMatchObject({ status: 'error', signal: 'SIGTERM' });
    });

    for (const event of BLOCKING) {
      test(`on ${event} a hook's output and exit code are passed on anyway`, async (stage) => {
        const [, hook] = FAILURES[0];
        const input = payloadOf(event);
        const bare = await stage.bare(hook, { input });
        expect(brief(await stage.wrapped(hook, { flags: NAME, input }))).toEqual(brief(bare));
        // On a busy machine the payload may come too late to name it.
        const said = `^probe: --fail-open is ignored: (a hook may block on "${event}"|the event is unknown)`;
        expect(await noticesOf(stage)).toEqual([expect.stringMatching(said)]);
      });
    }

    for (const input of [
      '{"clineVersion":"3","hookName":"PostToolUse","taskId":"t"}',
      '{"hookName":"PostToolUse","taskId":"t"}',
    ]) {
      test(`Cline can refuse after a tool, so a failure is passed on: ${input}`, async (stage) => {
        const [, hook] = FAILURES[1];
        const bare = await stage.bare(hook, { input });
        expect(
          brief(await stage.wrapped(hook, { flags: FORGIVING, input, stdin: 'pipe' })),
        ).toEqual(brief(bare));
        expect(await noticesOf(stage)).toEqual([
          expect.stringMatching(
            '^probe: --fail-open is ignored: a hook may block on "PostToolUse"',
          ),
        ]);
      });
    }

    test('a late payload of Cline counts before anything is dropped', async (stage) => {
      const run = await stage.startWrapped(
        ['sh', '-c', 'echo >started; cat >/dev/null; echo out; exit 1'],
        { flags: FORGIVING },
      );
      run.stdin.write('{"hookName":"PostToolUse",');
      await until('the hook to start', () => existsSync(stage.path('started')));
      run.stdin.end('"taskId":"t"}');
      expect(brief(await run.finish())).toMatchObject({ code: 1, stdout: 'out\n' });
    });

    for (const [what, hook] of FAILURES) {
      test(`if it can block, a hook that ${what} behaves as without the option`, async (stage) => {
        const input = payloadOf('PreToolUse');
        const without = await stage.wrapped(hook, { flags: ['--name', 'probe'], input });
        expect(brief(await stage.wrapped(hook, { flags: NAME, input }))).toEqual(brief(without));
      });
    }

    test('if it can block, a hook that takes too long ends with 124', async (stage) => {
      const flags = [...NAME, '--timeout', '0.5'];
      const input = payloadOf('Stop');
      const outcome = await stage.wrapped(['sh', '-c', 'echo out; exec sleep 60'], {
        flags,
        input,
      });
      expect(brief(outcome)).toMatchObject({ code: 124, stdout: 'out\n' });
    });

    test('if it can block, output is passed on while the hook writes it', async (stage) => {
      const run = await stage.startWrapped(['sh', '-c', 'echo out; read line; read line'], {
        flags: [...NAME, '--event', 'PreToolUse'],
      });
      await run.stdout.sees('out\n');
      run.stdin.end('go on\n\n');
      expect((await run.finish()).code).toBe(0);
    });

    for (const [what, flags, input] of [
      ['can block by the payload alone', ['--event', 'PostToolUse'], payloadOf('PreToolUse')],
      ['can block by --event alone', ['--event', 'PreToolUse'], payloadOf('PostToolUse')],
      ['is not named', [], '{}\n'],
      ['is not named, without a payload,', [], ''],
      ['has an empty name', ['--event', ''], '{"hook_event_name":""}\n'],
    ] as const) {
      test(`an event that ${what} counts as one that can block`, async (stage) => {
        const hook = ['sh', '-c', 'cat; echo out; echo err >&2; exit 1'];
        const bare = await stage.bare(hook, { input });
        expect(
          brief(await stage.wrapped(hook, { flags: [...NAME, ...flags], input, stdin: 'pipe' })),
        ).toEqual(brief(bare));
        expect(await noticesOf(stage)).toEqual([
          expect.stringMatching(/^probe: --fail-open is ignored: /),
        ]);
      });
    }

    test('a late payload with an event that can block counts before anything is dropped', async (stage) => {
      const hook = ['sh', '-c', 'echo ready >"$STARTED"; cat; echo out; exit 1'];
      for (const flags of [NAME, FORGIVING]) {
        const started = stage.path(`started-${flags.length}`);
        const run = await stage.startWrapped(hook, { flags, set: { STARTED: started } });
        await until('the hook to start', () => existsSync(started));
        const late = payloadOf('PreToolUse');
        run.stdin.end(late);
        expect(brief(await run.finish())).toMatchObject({ code: 1, stdout: `${late}out\n` });
      }
    });

    for (const [what, line] of [
      ['a JSON object', `echo '{"continue":false}'`],
      ['a JSON object after blanks', `printf ' \\n\\t{"decision":"block","reason":"no"}'`],
      ['a JSON object after a byte order mark', `printf '\\357\\273\\277{"decision":"block"}'`],
      ['a JSON object after text', `echo log; echo '{"decision":"block"}'`],
      ['an unfinished object', `printf '{"decision":"block"'`],
      ['a JSON object on stderr', `echo '{"decision":"block"}' >&2`],
    ] as const) {
      test(`${what} may steer the agent whatever the exit code, so it is passed on with that`, async (stage) => {
        for (const end of ['exit 1', 'kill -TERM $$']) {
          const hook = ['sh', '-c', `echo err >&2; ${line}; ${end}`];
          if (what.endsWith('stderr')) hook[2] = `${line}; ${end}`;
          const bare = await stage.bare(hook, { input: payloadOf('PostToolUse') });
          const input = payloadOf('PostToolUse');
          expect(brief(await stage.wrapped(hook, { flags: NAME, input }))).toEqual(brief(bare));
        }
      });
    }

    test('--guard is its old name, and causes a warning', async (stage) => {
      const flags = ['--name', 'probe', '--guard', '--event', 'PostToolUse'];
      const outcome = await stage.wrapped(['sh', '-c', 'echo out; exit 1'], { flags });
      expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
      expect(await noticesOf(stage)).toEqual([
        'probe: --guard is now called --fail-open; a guard is a hook that can refuse',
      ]);
    });

    test('--guard is ignored too if a hook can block', async (stage) => {
      const flags = ['--name', 'probe', '--guard'];
      const input = payloadOf('PreToolUse');
      const outcome = await stage.wrapped(['sh', '-c', 'cat; exit 1'], { flags, input });
      expect(brief(outcome)).toMatchObject({ code: 1, stdout: input });
      expect(await noticesOf(stage)).toHaveLength(2);
    });
  });
}
