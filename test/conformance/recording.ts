import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { query, readPayloads } from './support/rows.ts';
import { brief, briefly } from './support/running.ts';
import type { RunOptions, Stage } from './support/stage.ts';
import { type Topic, topic, WRITTEN_BEFORE } from './support/topic.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const KINDS: ReadonlyArray<readonly [kind: string, stdout: string]> = [
  ['empty', ''],
  ['text', 'plain text\n'],
  ['text', '[1, 2]\n'],
  ['text', '"{}"\n'],
  ['json', '{}'],
  ['json', '  \n{"continue": true, "a": [{"b": "}"}], "c": "\\"{"}\n\n'],
  ['broken', '{"continue": true'],
  ['broken', '{} {}\n'],
  ['broken', '{"a": 1} done\n'],
  ['broken', '{{}\n'],
];

const NAMES: ReadonlyArray<readonly [words: readonly string[], name: string]> = [
  [['sh', './guard_rm.sh', 'a.txt'], 'guard_rm'],
  [['sh', 'some/where/check-format.v2.sh'], 'check-format.v2'],
  [['true'], 'true'],
  [['/bin/true', '--flag'], 'true'],
];

/** Only its user can read what a run makes; `homeFor` returns the state directory, below an empty directory. */
async function staysPrivate(stage: Stage, homeFor: (place: string) => RunOptions['set']) {
  for (const umask of [0o000, 0o022, 0o077]) {
    const place = stage.path(`mask-${umask.toString(8)}`);
    mkdirSync(place, { mode: 0o700 });
    const set = { ...homeFor(place), HOOKBUS_STORE_RAW: '1' };
    await stage.wrapped(['echo', 'out'], { set, conditions: { umask } });
    expect(modes(place).length).toBeGreaterThan(2);
    expect(modes(place).filter(([, mode]) => mode !== '700' && mode !== '600')).toEqual([]);
  }
}

export function recording(engine: Engine): void {
  const register = ({ test, testIf }: Topic): void => {
    test('a row says what ran, where and when', async (stage) => {
      const before = new Date().toISOString();
      await stage.wrapped(['sh', '-c', 'exit 3', "it's", 'b c'], {
        input: '{"session_id":"s","tool_name":"Bash"}\n',
      });
      const row = await stage.onlyRow();
      expect(row).toMatchObject({
        hook_name: 'probe',
        event_type: 'PreToolUse',
        tool_name: 'Bash',
        session_id: 's',
        tool_use_id: null,
        cwd: stage.directory,
        status: 'error',
        exit_code: 3,
        signal: null,
        dedupe_key: null,
      });
      expect(row.command).toMatch(/^sh -c 'exit 3' .*b c/);
      expect(row.execution_id).toMatch(UUID_V7);
      expect(row.created_at).toMatch(UTC);
      expect([before, row.created_at, new Date().toISOString()].sort()[1]).toBe(row.created_at);
    });

    for (const [words, name] of NAMES) {
      test(`the default name of \`${words.join(' ')}\` is ${name}`, async (stage) => {
        await stage.wrapped(words, { flags: [] });
        expect((await stage.onlyRow()).hook_name).toBe(name);
      });
    }

    for (const [kind, text] of KINDS) {
      test(`the stdout ${JSON.stringify(text)} is ${kind}`, async (stage) => {
        const outcome = await stage.wrapped(['cat'], { input: text });
        expect(outcome.stdout.toString()).toBe(text);
        const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
        expect(await stage.onlyRow()).toMatchObject({
          stdout_kind: kind,
          stdout_digest: text === '' ? null : digest,
        });
      });
    }

    test('the digest is of the first 64 KiB of stdout', async (stage) => {
      const input = randomBytes(100_000);
      await stage.wrapped(['cat'], { input });
      const digest = createHash('sha256')
        .update(input.subarray(0, 65_536))
        .digest('hex')
        .slice(0, 16);
      expect(await stage.onlyRow()).toMatchObject({ stdout_digest: digest, stdout_kind: 'text' });
    });

    test('a large JSON object on stdout is distinguished from a broken one', async (stage) => {
      const large = `{"a":"${'x'.repeat(300_000)}"}\n`;
      await stage.wrapped(['cat'], { input: large, flags: ['--name', 'whole'] });
      await stage.wrapped(['cat'], { input: `${large}x`, flags: ['--name', 'more'] });
      const kinds = (await stage.rows()).map((row) => `${row.hook_name} ${row.stdout_kind}`);
      expect(kinds.sort()).toEqual(['more broken', 'whole json']);
    });

    test('the error of a failure is the end of its stderr, at most 2 KB', async (stage) => {
      const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`).join('\n');
      await stage.wrapped(['sh', '-c', 'cat >&2; exit 1'], { input: `${lines}\n` });
      const { error, stderr_bytes } = await stage.onlyRow();
      expect(error).toMatch(/line 498\nline 499$/);
      expect(Buffer.byteLength(error ?? '')).toBeLessThanOrEqual(2048);
      expect(Buffer.byteLength(error ?? '')).toBeGreaterThan(1500);
      expect(stderr_bytes).toBe(lines.length + 1);
    });

    test('no part of a key that a hook prints before it fails is recorded', async (stage) => {
      const lines = Array.from({ length: 48 }, () => randomBytes(48).toString('base64'));
      const key = [
        `-----BEGIN RSA PRIVATE ${'KEY'}-----`,
        ...lines,
        `-----END RSA PRIVATE ${'KEY'}-----`,
      ];
      const trace = 'Traceback (most recent call last):\n'.repeat(26);
      // Followed by enough text that its end is in what is stored, and by enough that only its end is in what is recorded.
      for (const behind of [trace, 'x\n'.repeat(7500)]) {
        const input = `${key.join('\n')}\n${behind}`;
        await stage.wrapped(['sh', '-c', 'cat >&2; exit 1'], { input });
      }
      const errors = (await stage.rows()).map(({ error }) => error ?? '').join('\n');
      expect(errors).toContain('Traceback');
      expect(lines.filter((line) => errors.includes(line.slice(-20)))).toEqual([]);
    });

    test('no text of a row contains a secret', async (stage) => {
      const secret = ['gh', 'p_', randomBytes(18).toString('hex')].join('');
      const input = JSON.stringify({
        ...{ session_id: `s-${secret}`, tool_name: `t-${secret}`, tool_use_id: `u-${secret}` },
        hook_event_name: `e-${secret}`,
      });
      const words = ['sh', '-c', `echo ${secret} >&2; exit 1`, '-a', secret];
      await stage.wrapped(words, { input, flags: ['--name', `hook-${secret}`, '--dedupe'] });
      const row = await stage.onlyRow();
      expect(row.hook_name).toMatch(/^hook-\[redacted:[\w-]+\]$/);
      expect(JSON.stringify(row)).not.toContain(secret);
      const holders = modes(stage.home).filter(
        ([path, mode]) => mode === '600' && readFileSync(path).includes(secret),
      );
      expect(holders).toEqual([]);
    });

    const SECRET = 'password=hunter2';
    const failing = ['sh', '-c', `echo ${SECRET} >&2; exit 1`];

    test('HOOKBUS_REDACT=0 alone stores no secret, and gives a notice', async (stage) => {
      for (const [config, redacted] of [
        [undefined, 1],
        ['{}', 1],
        ['{"redact":true}', 1],
        ['{"redact":false', 1],
        ['{"redact":"no"}', 1],
        ['{"redact":false}', 0],
      ] as const) {
        stage.makeHome();
        const file = join(stage.home, 'config.json');
        if (config !== undefined) writeFileSync(file, config, { mode: 0o600 });
        const set = { HOOKBUS_REDACT: '0', HOOKBUS_STORE_RAW: '1' };
        await stage.wrapped(failing, { set, input: `{"text":"${SECRET}"}\n` });
        const row = (await stage.rows()).at(-1);
        expect({ config, redacted: row?.redacted }).toEqual({ config, redacted });
        const bodies = readPayloads(stage.home).filter(({ log_id }) => log_id === row?.id);
        const stored = `${row?.error} ${row?.command} ${bodies.map(({ body }) => body)}`;
        expect({ config, isThere: stored.includes('hunter2') }).toEqual({
          config,
          isThere: redacted === 0,
        });
      }
      const notices = query<{ text: string; count: number }>(
        stage.home,
        "SELECT text, count FROM notices WHERE text LIKE '%HOOKBUS%'",
      );
      expect(notices).toEqual([
        { text: expect.stringContaining('probe: HOOKBUS_REDACT=off has no effect'), count: 5 },
      ]);
    });

    test('redact in config.json alone stores no secret', async (stage) => {
      stage.makeHome();
      writeFileSync(join(stage.home, 'config.json'), '{"redact":false}', { mode: 0o600 });
      await stage.wrapped(failing);
      expect(await stage.onlyRow()).toMatchObject({
        redacted: 1,
        error: 'password=[redacted:secret-assignment]',
      });
    });

    test('a long command and a long name are truncated', async (stage) => {
      await stage.wrapped(['true', 'word '.repeat(4000)], { flags: ['--name', 'n'.repeat(500)] });
      const row = await stage.onlyRow();
      expect(row.hook_name).toBe(`${'n'.repeat(199)}…`);
      expect(Buffer.byteLength(row.command)).toBeLessThan(4100);
      expect(row.command).toMatch(/^true 'word word .*…$/);
    });

    test('a success has no error text, whatever it wrote to stderr', async (stage) => {
      await stage.wrapped(['sh', '-c', 'echo noise >&2']);
      expect(await stage.onlyRow()).toMatchObject({
        status: 'success',
        error: null,
        stderr_bytes: 6,
      });
    });

    testIf(
      engine.capabilities.makesHome,
      'the state directory is private, whatever the mask',
      (stage) => staysPrivate(stage, (place) => ({ HOOKBUS_HOME: join(place, 'state') })),
    );
    test('the default state directory is private, whatever the mask', (stage) =>
      staysPrivate(stage, (place) => ({ HOOKBUS_HOME: undefined, HOME: place })));

    test('no input or output of a hook is in the state directory unless requested', async (stage) => {
      const secret = `canary-${randomUUID()}`;
      const input = JSON.stringify({ session_id: 's', prompt: secret });
      const outcome = await stage.wrapped(['sh', '-c', 'cat; env'], {
        input,
        set: { SOME_VARIABLE: secret },
      });
      expect(outcome.stdout.toString().split(secret)).toHaveLength(3);
      await stage.rows();
      const holders = modes(stage.home).filter(
        ([path, mode]) => mode === '600' && readFileSync(path).includes(secret),
      );
      expect(holders).toEqual([]);
    });

    test('thirty executions at once give thirty exact rows', async (stage) => {
      const numbers = Array.from({ length: 30 }, (_, index) => index);
      const outcomes = await Promise.all(
        numbers.map((number) => {
          const input = `{"session_id":"session-${number}","text":"${'x'.repeat(number * 1000)}"}\n`;
          const flags = ['--name', `hook-${number}`, '--event', 'PreToolUse'];
          return stage.wrapped(['sh', '-c', `cat; echo ${number} >&2; exit ${number}`], {
            flags,
            input,
            // Written before the start: on a busy machine a launcher does not wait for one that comes more than 10 ms later.
            stdin: 'pipe',
            deadlineMs: 120_000,
          });
        }),
      );
      const expected = numbers.map((number) => {
        const stdout = Buffer.from(
          `{"session_id":"session-${number}","text":"${'x'.repeat(number * 1000)}"}\n`,
        );
        return {
          code: number,
          signal: null,
          stdout: briefly(stdout),
          stderr: `${number}\n`,
          size: stdout.length,
        };
      });
      expect(outcomes.map(brief)).toEqual(expected.map(({ size: _, ...outcome }) => outcome));
      await stage.drain();
      const rows = (await stage.rows()).sort((a, b) => Number(a.exit_code) - Number(b.exit_code));
      expect(
        rows.map((row) => [row.hook_name, row.session_id, row.exit_code, row.stdin_bytes]),
      ).toEqual(expected.map(({ code, size }) => [`hook-${code}`, `session-${code}`, code, size]));
    });

    test('a run leaves nothing in the directory of the hook', async (stage) => {
      await stage.wrapped(['sh', '-c', 'cat; exit 1'], { input: 'payload' });
      expect(readdirSync(stage.directory)).toEqual([]);
    });
  };
  topic(engine, 'the record', 'concurrent', register, WRITTEN_BEFORE);
}

/** Everything in a directory and the directory itself, with modes in octal; links have none. */
function modes(directory: string): Array<readonly [path: string, mode: string]> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return [directory, ...names.map((name) => join(directory, name))].flatMap((path) => {
    const stat = lstatSync(path);
    return stat.isSymbolicLink() ? [] : [[path, (stat.mode & 0o777).toString(8)] as const];
  });
}
