import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { brief, briefly } from './support/running.ts';
import { topic } from './support/topic.ts';

const MIB = 1024 * 1024;
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const SIZES = [0, 1, 65_535, 65_536, 65_537, 10 * MIB];

export function streams(engine: Engine): void {
  topic(engine, 'the streams', 'concurrent', ({ test }) => {
    for (const kind of ['socket', 'pipe'] as const) {
      const stdio = { stdin: kind, stdout: kind, stderr: kind };

      for (const size of SIZES) {
        test(`${size} bytes go in and out through ${kind}s unchanged, and are counted`, async (stage) => {
          const input = randomBytes(size);
          const outcome = await stage.wrapped(['cat'], { ...stdio, input });
          expect(brief(outcome)).toEqual({
            code: 0,
            signal: null,
            stdout: briefly(input),
            stderr: '',
          });
          expect(await stage.onlyRow()).toMatchObject({
            status: 'success',
            stdin_bytes: size,
            stdout_bytes: size,
            stderr_bytes: 0,
          });
        });
      }

      test(`every byte value goes in, and out on both streams, through ${kind}s`, async (stage) => {
        const outcome = await stage.same(['sh', '-c', 'tee copy; cat copy >&2'], {
          ...stdio,
          input: EVERY_BYTE,
        });
        expect(outcome.stdout.equals(EVERY_BYTE)).toBe(true);
        expect(outcome.stderr.equals(EVERY_BYTE)).toBe(true);
      });

      test(`10 MiB on stderr arrive in full through ${kind}s, apart from stdout`, async (stage) => {
        const input = randomBytes(10 * MIB);
        const outcome = await stage.wrapped(['sh', '-c', 'echo out; cat >&2; echo out'], {
          ...stdio,
          input,
        });
        expect(brief(outcome)).toEqual({
          code: 0,
          signal: null,
          stdout: 'out\nout\n',
          stderr: briefly(input),
        });
        expect(await stage.onlyRow()).toMatchObject({
          stdout_bytes: 8,
          stderr_bytes: input.length,
        });
      });

      test(`3 MiB on stdout and stderr at the same time arrive in full through ${kind}s`, async (stage) => {
        const hook = `yes out | head -c ${3 * MIB} & yes err | head -c ${3 * MIB} >&2; wait`;
        const outcome = await stage.same(['sh', '-c', hook], stdio);
        expect(outcome.stdout).toHaveLength(3 * MIB);
        expect(outcome.stderr).toHaveLength(3 * MIB);
      });
    }

    test('output that ends without a newline gets none', async (stage) => {
      expect(await stage.same(['printf', '{"continue":true}'])).toMatchObject({ code: 0 });
    });

    test('the copies that `tee` writes to both streams are exact', async (stage) => {
      const input = randomBytes(200_000);
      const outcome = await stage.same(['sh', '-c', 'tee copy; cat copy >&2; exit 3'], { input });
      expect(outcome).toMatchObject({ code: 3 });
    });

    test('a byte order mark and bytes that are not UTF-8 stay unchanged', async (stage) => {
      const input = Buffer.from('efbbbf7b22636f6d6d616e64223a22ff80fe22c3287d0d0a', 'hex');
      const outcome = await stage.same(['cat'], { input });
      expect(outcome.stdout.equals(input)).toBe(true);
    });
  });
}
