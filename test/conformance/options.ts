import { inflateSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { type PayloadRow, readPayloads } from './support/rows.ts';
import { brief } from './support/running.ts';
import type { InputOptions, Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';

const INPUT = `{"session_id":"s","text":"${'in '.repeat(200)}"}\n`;
const OUTPUT = 'out '.repeat(300);
const HOOK = ['sh', '-c', `cat >/dev/null; printf '%s' '${OUTPUT}'; echo err >&2`];
const USUAL = ['--name', 'probe', '--event', 'PreToolUse'];

export function options(engine: Engine): void {
  topic(engine, 'options', 'concurrent', ({ test }) => {
    for (const [what, flags] of [
      ['an unknown option', ['--no-such-option']],
      ['an unknown option with a value', ['--colour=red']],
      ['an unknown short option', ['-z']],
      ['an invalid time', ['--timeout', 'soon']],
      ['a negative time', ['--timeout', '-1']],
      ['an invalid size', ['--max-bytes', 'many']],
      ['an unknown mode for duplicates', ['--on-duplicate', 'laugh']],
      ['an option without its value at the end', ['--name']],
      ['an empty value', ['--name', '', '--event', '']],
      ['the same option twice', ['--name', 'first', '--name', 'second']],
    ] as const) {
      test(`${what} before -- does not stop the hook`, async (stage) => {
        const hook = ['sh', '-c', 'cat; echo err >&2; exit 3'];
        const bare = await stage.bare(hook, { input: 'payload' });
        expect(brief(await stage.wrapped(hook, { input: 'payload', flags }))).toEqual(brief(bare));
        expect(await stage.onlyRow()).toMatchObject({ exit_code: 3 });
      });
    }

    test('an option and its value may be one word', async (stage) => {
      await stage.wrapped(['true'], { flags: ['--name=probe', '--event=Stop', '--tool=a=b'] });
      expect(await stage.onlyRow()).toMatchObject({
        hook_name: 'probe',
        event_type: 'Stop',
        tool_name: 'a=b',
      });
    });

    test('without -- the first word that is not an option begins the command', async (stage) => {
      const outcome = await stage.hookbus('run', '--name', 'probe', 'echo', '--name', 'word');
      expect(brief(outcome)).toEqual({
        code: 0,
        signal: null,
        stdout: '--name word\n',
        stderr: '',
      });
    });

    for (const [what, line, code] of [
      ['a pipeline', "printf 'a\\nb\\n' | sort -r | head -n 1", 0],
      ['its stdin', 'read first; cat; echo "$first" >&2; exit 2', 2],
      ['a list with a redirection', 'X=1 && echo "$X" 2>&1; (exit 7)', 7],
      ['a line that sh cannot parse', 'if then', 2],
      ['a missing command', 'no-such-hook', 127],
      ['an empty line', '', 0],
      ['quotes and newlines', 'echo "it\'s"\necho \'"$HOME"\'', 0],
    ] as const) {
      test(`--shell runs a line as /bin/sh -c does: ${what}`, async (stage) => {
        const input = 'one\ntwo\n';
        const bare = await stage.bare(['/bin/sh', '-c', line], { input });
        expect(bare).toMatchObject({ code });
        const run = await stage.startBare([...engine.command, 'run', ...USUAL, '--shell', line]);
        run.stdin.end(input);
        expect(brief(await run.finish())).toEqual(brief(bare));
        expect(await stage.onlyRow()).toMatchObject({ exit_code: code });
      });
    }

    test('--shell passes on death by a signal', async (stage) => {
      const outcome = await stage.hookbus('run', '--shell', 'echo out; kill -TERM $$');
      expect(brief(outcome)).toEqual({
        code: null,
        signal: 'SIGTERM',
        stdout: 'out\n',
        stderr: '',
      });
    });

    test('no payload is stored by default', async (stage) => {
      expect(await payloads(stage, {})).toEqual([]);
    });

    test('--store-raw stores the streams, whatever the environment says', async (stage) => {
      const rows = await payloads(stage, {
        flags: [...USUAL, '--store-raw'],
        set: { HOOKBUS_STORE_RAW: '0' },
      });
      expect(
        rows.map(({ stream, encoding, truncated, body }) => [
          stream,
          encoding,
          truncated,
          `${body}`,
        ]),
      ).toEqual([
        ['stderr', 'identity', 0, 'err\n'],
        ['stdin', 'identity', 0, INPUT],
        ['stdout', 'identity', 0, OUTPUT],
      ]);
    });

    test('HOOKBUS_STORE_RAW stores the streams', async (stage) => {
      const rows = await payloads(stage, { set: { HOOKBUS_STORE_RAW: '1' } });
      expect(rows.map(({ stream, body }) => [stream, `${body}`])).toEqual([
        ['stderr', 'err\n'],
        ['stdin', INPUT],
        ['stdout', OUTPUT],
      ]);
    });

    test('--max-bytes caps what is stored, not what is counted, whatever the environment says', async (stage) => {
      const set = { HOOKBUS_STORE_RAW: '1', HOOKBUS_MAX_BYTES: '100000' };
      const rows = await payloads(stage, { flags: [...USUAL, '--max-bytes', '10'], set });
      expect(rows.map(({ stream, truncated, body }) => [stream, truncated, `${body}`])).toEqual([
        ['stderr', 0, 'err\n'],
        ['stdin', 1, INPUT.slice(0, 10)],
        ['stdout', 1, OUTPUT.slice(0, 10)],
      ]);
      expect(await stage.onlyRow()).toMatchObject({
        stdin_bytes: INPUT.length,
        stdout_bytes: OUTPUT.length,
      });
    });

    test('HOOKBUS_MAX_BYTES caps what is stored', async (stage) => {
      const rows = await payloads(stage, {
        set: { HOOKBUS_STORE_RAW: '1', HOOKBUS_MAX_BYTES: '4' },
      });
      expect(rows.map(({ truncated, body }) => [truncated, body.length])).toEqual([
        [0, 4],
        [1, 4],
        [1, 4],
      ]);
    });

    test('the cap is 200000 bytes by default', async (stage) => {
      const outcome = await stage.wrapped(['cat'], {
        flags: ['--store-raw'],
        input: 'x'.repeat(200_001),
      });
      expect(outcome.stdout).toHaveLength(200_001);
      await stage.rows();
      const rows = readPayloads(stage.home).filter((row) => row.stream !== 'stderr');
      expect(rows.map(({ truncated, body }) => [truncated, body.length])).toEqual([
        [1, 200_000],
        [1, 200_000],
      ]);
    });

    test('--compress stores a standard zlib stream, whatever the environment says', async (stage) => {
      const set = { HOOKBUS_COMPRESS: '0' };
      const rows = await payloads(stage, { flags: [...USUAL, '--store-raw', '--compress'], set });
      const stdout = rows.find((row) => row.stream === 'stdout');
      expect(stdout?.encoding).toBe('zlib');
      expect(stdout?.body.length).toBeLessThan(OUTPUT.length);
      expect(inflateSync(stdout?.body ?? Buffer.alloc(0)).toString()).toBe(OUTPUT);
    });

    test('the cap counts bytes before compression', async (stage) => {
      const rows = await payloads(stage, {
        flags: ['--store-raw', '--compress', '--max-bytes', '400'],
      });
      const stdout = rows.find((row) => row.stream === 'stdout');
      expect(stdout?.truncated).toBe(1);
      const body = stdout?.body ?? Buffer.alloc(0);
      const whole = stdout?.encoding === 'zlib' ? inflateSync(body) : body;
      expect(whole.toString()).toBe(OUTPUT.slice(0, 400));
    });
  });
}

/** What is stored for one run of the hook above, by stream. */
async function payloads(stage: Stage, how: InputOptions): Promise<PayloadRow[]> {
  const outcome = await stage.wrapped(HOOK, { ...how, input: INPUT });
  expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: OUTPUT, stderr: 'err\n' });
  await stage.onlyRow();
  return readPayloads(stage.home).sort((a, b) => a.stream.localeCompare(b.stream));
}
