import { writeFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { brief } from './support/running.ts';
import { topic } from './support/topic.ts';
import { within } from './support/until.ts';

const LARGE = Buffer.alloc(10 * 1024 * 1024, 'payload ');
const PAYLOAD = '{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Bash"}\n';

/** Stays until the test makes the file `go` in its directory. */
const UNTIL_GO = 'while [ ! -e go ]; do sleep 0.02; done';

/** Writes everything; resolves once the other side has read it. */
const writeAll = (stream: Writable, bytes: Buffer): Promise<string | undefined> =>
  new Promise((resolve) => {
    stream.write(bytes, (error) => resolve(error ? String(error) : undefined));
  });

export function input(engine: Engine): void {
  topic(engine, 'stdin', 'concurrent', ({ test }) => {
    for (const kind of ['socket', 'pipe'] as const) {
      test(`a hook that reads one line of a ${kind} that is never closed ends with it`, async (stage) => {
        const run = await stage.startWrapped(['sh', '-c', 'read line; echo "got $line"'], {
          stdin: kind,
          opening: PAYLOAD,
        });
        const outcome = await run.finish();
        expect(brief(outcome)).toEqual({
          code: 0,
          signal: null,
          stdout: `got ${PAYLOAD}`,
          stderr: '',
        });
        expect(await stage.onlyRow()).toMatchObject({
          stdin_bytes: PAYLOAD.length,
          tool_name: 'Bash',
        });
      });

      test(`a hook that reads nothing ends while a ${kind} is open and silent`, async (stage) => {
        const run = await stage.startWrapped(['sh', '-c', 'echo done; exit 2'], { stdin: kind });
        expect(brief(await run.finish())).toEqual({
          code: 2,
          signal: null,
          stdout: 'done\n',
          stderr: '',
        });
        expect(await stage.onlyRow()).toMatchObject({ status: 'blocked', stdin_bytes: 0 });
      });

      test(`a hook that ignores 10 MiB on a ${kind} does not disturb its caller while it runs`, async (stage) => {
        const hook = `echo started; ${UNTIL_GO}; echo done; exit 3`;
        const run = await stage.startWrapped(['sh', '-c', hook], { stdin: kind });
        run.stdin.write(LARGE);
        await run.stdout.sees('started\n');
        expect(run.stdinError()).toBeUndefined();
        writeFileSync(stage.path('go'), '');
        expect(brief(await run.finish())).toMatchObject({
          code: 3,
          stdout: 'started\ndone\n',
          stderr: '',
        });
        expect(await stage.onlyRow()).toMatchObject({ status: 'error', exit_code: 3 });
      });

      test(`a hook that closes its stdin early lets the caller write 10 MiB to a ${kind}`, async (stage) => {
        const hook = `read line; exec 0<&-; echo closed; ${UNTIL_GO}; echo "$line"`;
        const run = await stage.startWrapped(['sh', '-c', hook], { stdin: kind });
        expect(
          await within('the payload to be taken', writeAll(run.stdin, Buffer.from(PAYLOAD))),
        ).toBeUndefined();
        await run.stdout.sees('closed\n');
        expect(await within('10 MiB to be taken', writeAll(run.stdin, LARGE))).toBeUndefined();
        writeFileSync(stage.path('go'), '');
        expect(brief(await run.finish())).toMatchObject({
          code: 0,
          stdout: `closed\n${PAYLOAD}`,
          stderr: '',
        });
        expect(run.stdinError()).toBeUndefined();
      });
    }

    test('a hook that ends without reading does not wait for a payload that keeps coming', async (stage) => {
      const run = await stage.startWrapped(['true']);
      run.stdin.write(LARGE);
      expect(await run.exit()).toEqual({ code: 0, signal: null });
    });

    test('a hook that ends early sees the same beginning of a large payload', async (stage) => {
      const outcome = await stage.same(['head', '-c', '100'], { input: LARGE });
      expect(outcome.stdout.toString()).toBe(LARGE.subarray(0, 100).toString());
    });

    test('the hook starts although its stdin is silent', async (stage) => {
      const run = await stage.startWrapped(['sh', '-c', 'echo started; cat']);
      await run.stdout.sees('started\n');
      run.stdin.end('late input');
      expect(brief(await run.finish())).toMatchObject({ code: 0, stdout: 'started\nlate input' });
    });

    test('the end of input reaches the hook at once when there is no input', async (stage) => {
      await stage.same(['sh', '-c', 'cat; echo end'], { input: '' });
      expect(await stage.onlyRow()).toMatchObject({ stdin_bytes: 0, stdout_bytes: 4 });
    });

    test('the end of input reaches the hook only when the caller ends it', async (stage) => {
      const run = await stage.startWrapped([
        'sh',
        '-c',
        'read line; echo "got $line"; cat; echo end',
      ]);
      run.stdin.write('first\n');
      await run.stdout.sees('got first\n');
      run.stdin.write('second\n');
      await run.stdout.sees('second\n');
      expect(run.stdout.text).not.toContain('end');
      run.stdin.end();
      expect(brief(await run.finish())).toMatchObject({
        code: 0,
        stdout: 'got first\nsecond\nend\n',
      });
    });

    test('the hook answers each line before the next is written', async (stage) => {
      const run = await stage.startWrapped([
        'sh',
        '-c',
        'while read line; do echo "answer to $line"; done',
      ]);
      let expected = '';
      for (let round = 1; round <= 50; round += 1) {
        run.stdin.write(`question ${round}\n`);
        expected += `answer to question ${round}\n`;
        await run.stdout.sees(expected);
      }
      run.stdin.end();
      expect(await run.finish()).toMatchObject({ code: 0, signal: null });
    });

    test('a payload that comes byte by byte arrives complete', async (stage) => {
      const run = await stage.startWrapped(['cat']);
      for (const byte of Buffer.from(PAYLOAD)) await writeAll(run.stdin, Buffer.from([byte]));
      run.stdin.end();
      expect(brief(await run.finish())).toMatchObject({ code: 0, stdout: PAYLOAD });
    });
  });
}
