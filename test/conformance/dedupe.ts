import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { brief, briefly, type Running } from './support/running.ts';
import type { RunOptions, Stage } from './support/stage.ts';
import { type Topic, topic } from './support/topic.ts';
import { until } from './support/until.ts';

const payload = (name: string): string =>
  readFileSync(new URL(`../../fixtures/payloads/${name}`, import.meta.url), 'utf8');

const PRE = payload('PreToolUse.Bash.json');
const POST = payload('PostToolUse.Bash.json');
const TOOL_USE = JSON.parse(PRE).tool_use_id as string;

/** Says on a file that it ran, then does the rest. */
const counted = (line: string): string[] => ['sh', '-c', `echo run >>count; ${line}`];

function runs(stage: Stage): number {
  try {
    return readFileSync(stage.path('count'), 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}

const FLAGS = ['--name', 'probe', '--dedupe'];

const run = (stage: Stage, line: string, input = PRE, flags: readonly string[] = FLAGS) =>
  stage.wrapped(counted(line), { flags, input });

const statuses = async (stage: Stage) =>
  (await stage.rows()).map(({ status, exit_code: code }) => [status, code]);

/** Deduplication as its callers see it. With a daemon the launcher asks that; without one Node asks the database. */
export function dedupe(engine: Engine, withDaemon = false): void {
  const name = `runs a duplicate once${withDaemon ? ', with a daemon' : ''}`;
  topic(engine, name, 'sequential', (topics) => {
    const { test: plain } = topics;
    const test: Topic['test'] = (title, body, timeoutMs) =>
      plain(
        title,
        async (stage) => {
          if (withDaemon) await startDaemon(stage);
          await body(stage);
        },
        timeoutMs,
      );
    results(test);
    keys(test);
    waiting(test);
    doubts(test);
    halves(test);
  });
}

async function startDaemon(stage: Stage): Promise<void> {
  const [program, ...words] = stage.engine.command;
  await stage.startBare([program, ...words, 'daemon', 'run']);
  await until('the daemon', async () => {
    const { stdout } = await stage.hookbus('daemon', 'status', '--json');
    return JSON.parse(stdout.toString()).running === true;
  });
}

function results(test: Topic['test']): void {
  test('a hook that blocks answers its duplicate with the same block', async (stage) => {
    const line = 'echo "{\\"a\\":1}"; echo no >&2; exit 2';
    const first = await run(stage, line);
    const second = await run(stage, line);
    expect(brief(first)).toEqual({ code: 2, signal: null, stdout: '{"a":1}\n', stderr: 'no\n' });
    expect(brief(second)).toEqual(brief(first));
    expect(runs(stage)).toBe(1);
    const [one, other] = await stage.rows();
    expect(one).toMatchObject({ status: 'blocked', dedupe_key: `probe:PreToolUse:${TOOL_USE}` });
    expect(other).toMatchObject({
      status: 'dedupe_skip',
      exit_code: 2,
      dedupe_key: `probe:PreToolUse:${TOOL_USE}`,
      error: `duplicate of ${one?.execution_id}\nno`,
      stdout_bytes: 8,
      stdout_kind: 'json',
      duration_ms: null,
    });
  });

  test('where a hook cannot block, the duplicate exits 0 without output', async (stage) => {
    const first = await run(stage, 'echo said; exit 0', POST);
    const second = await run(stage, 'echo said; exit 0', POST);
    expect(brief(first)).toMatchObject({ code: 0, stdout: 'said\n' });
    expect(brief(second)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(await statuses(stage)).toEqual([
      ['success', 0],
      ['dedupe_skip', 0],
    ]);
  });

  test('--on-duplicate goes before the event', async (stage) => {
    const replay = [...FLAGS, '--on-duplicate', 'replay'];
    for (const _ of [1, 2]) {
      expect(brief(await run(stage, 'echo said', POST, replay)).stdout).toBe('said\n');
    }
    const skip = ['--name', 'other', '--dedupe', '--on-duplicate=skip'];
    expect(brief(await run(stage, 'exit 2', PRE, skip)).code).toBe(2);
    expect(brief(await run(stage, 'exit 2', PRE, skip)).code).toBe(0);
    expect(runs(stage)).toBe(2);
  });

  test('a result is replayed to the byte, empty, binary and of some size', async (stage) => {
    const outputs = [
      'true',
      'head -c 150000 /dev/urandom >noise; cat noise; cat noise >&2',
      "printf 'a\\0b\\377'",
    ];
    for (const [index, line] of outputs.entries()) {
      const flags = ['--name', `hook-${index}`, '--dedupe'];
      const first = await run(stage, line, PRE, flags);
      expect(brief(await run(stage, line, PRE, flags))).toEqual(brief(first));
      expect(runs(stage)).toBe(index + 1);
    }
  });

  test('a hook that fails, is killed or times out runs again', async (stage) => {
    for (const [index, line] of ['exit 1', 'exit 127', 'kill -9 $$', 'sleep 30'].entries()) {
      const flags = ['--name', `hook-${index}`, '--dedupe', '--timeout', '0.3'];
      const first = await run(stage, line, PRE, flags);
      const second = await run(stage, line, PRE, flags);
      expect(brief(second)).toEqual(brief(first));
      expect(runs(stage)).toBe(2 * (index + 1));
    }
    const notFound = await stage.wrapped(['./missing'], { flags: FLAGS, input: PRE });
    expect(notFound.code).toBe(127);
    expect((await stage.rows()).filter(({ status }) => status === 'dedupe_skip')).toEqual([]);
  }, 60_000);

  test('output over the cap is no result, and the duplicate runs', async (stage) => {
    const flags = [...FLAGS, '--max-bytes', '100'];
    for (const _ of [1, 2]) {
      const outcome = await run(stage, 'head -c 101 /dev/zero', PRE, flags);
      expect(outcome.stdout).toHaveLength(101);
    }
    expect(runs(stage)).toBe(2);
  });

  test('under --guard a failure is no result, and a block is', async (stage) => {
    const guarded = [...FLAGS, '--guard'];
    for (const _ of [1, 2]) expect((await run(stage, 'exit 9', PRE, guarded)).code).toBe(0);
    expect(runs(stage)).toBe(2);
    for (const _ of [1, 2]) expect((await run(stage, 'exit 2', PRE, guarded)).code).toBe(2);
    expect(runs(stage)).toBe(3);
  });

  test('no payload is stored for it, but the outputs that a duplicate may get', async (stage) => {
    await run(stage, 'echo secret-of-the-hook', POST);
    await run(stage, 'echo wanted', PRE, ['--name', 'other', '--dedupe']);
    await stage.drain();
    const db = new Sqlite(join(stage.home, 'hook_bus.db'), { readonly: true });
    try {
      expect(db.prepare('SELECT count(*) FROM hook_payloads').pluck().get()).toBe(0);
      const kept = db.prepare('SELECT stdout FROM dedupe_keys ORDER BY hook_name').pluck().all();
      expect(kept.map((bytes) => (bytes === null ? null : String(bytes)))).toEqual([
        'wanted\n',
        null,
      ]);
    } finally {
      db.close();
    }
  });
}

function keys(test: Topic['test']): void {
  const keyed = (stage: Stage, template: string, input = PRE, hook = 'probe') =>
    run(stage, 'true', input, ['--name', hook, '--dedupe-key', template]);

  test('a template is filled from the payload and the words', async (stage) => {
    const template = '{hook_name}/{event}/{tool_name}/{tool_input.command}/{{x}}';
    await keyed(stage, template);
    await keyed(stage, template);
    expect(runs(stage)).toBe(1);
    const { hook_name: hook, dedupe_key: key } = (await stage.rows())[1] ?? {};
    const { command } = JSON.parse(PRE).tool_input;
    expect([hook, key]).toEqual(['probe', `probe/PreToolUse/Bash/${command}/{x}`]);
  });

  test('another value, another event and another hook make another key', async (stage) => {
    const other = PRE.replace(TOOL_USE, 'toolu_other');
    await keyed(stage, '{tool_use_id}');
    await keyed(stage, '{tool_use_id}', other);
    await keyed(stage, '{tool_use_id}', PRE, 'other');
    expect(runs(stage)).toBe(3);
    await keyed(stage, '{event}:{tool_use_id}');
    await keyed(stage, '{event}:{tool_use_id}', POST);
    expect(runs(stage)).toBe(5);
  });

  test('an absent, null or empty field makes no key', async (stage) => {
    for (const template of ['{tool_input.nothing}', '{tool_response.stdout}', '{n}', '{e}']) {
      const input = PRE.replace('{', '{"n":null,"e":"",');
      await keyed(stage, template, input);
      await keyed(stage, template, input);
    }
    expect(runs(stage)).toBe(8);
    expect((await stage.rows()).map((row) => row.dedupe_key)).toEqual(Array(8).fill(null));
  });

  test('a template that makes no sense runs the hook, and status says so', async (stage) => {
    await keyed(stage, '{tool_use_id');
    await keyed(stage, '{tool_use_id');
    expect(runs(stage)).toBe(2);
    await stage.drain();
    const { stdout } = await stage.hookbus('status', '--json');
    expect(stdout.toString()).toContain('--dedupe-key: a { without its other half');
  });

  test('a long key, and one with a secret, are recorded by their digest', async (stage) => {
    const input = PRE.replace('"tool_input":{', `"tool_input":{"long":"${'x'.repeat(300)}",`);
    await keyed(stage, '{tool_input.long}', input);
    await keyed(stage, `ghp_${'a1B2'.repeat(9)}-{tool_use_id}`);
    for (const { dedupe_key: key } of await stage.rows()) expect(key).toMatch(/^sha256:\w{64}$/);
  });

  test('without a tool use the payload is the key, whatever blanks end it', async (stage) => {
    const stop = payload('Stop.json');
    await run(stage, 'true', stop);
    await run(stage, 'true', stop.trimEnd());
    await run(stage, 'true', stop.replace('"stop"', '"stop" ').replace('{', '{"x":1,'));
    expect(runs(stage)).toBe(2);
    expect((await stage.rows())[0]?.dedupe_key).toMatch(/^probe:Stop:\w{64}$/);
  });

  test('nothing at all on stdin is no key', async (stage) => {
    await run(stage, 'true', '');
    await run(stage, 'true', '');
    expect(runs(stage)).toBe(2);
  });

  test('a key runs out after its time', async (stage) => {
    const flags = [...FLAGS, '--dedupe-ttl', '4'];
    await run(stage, 'true', PRE, flags);
    await run(stage, 'true', PRE, flags);
    expect(runs(stage)).toBe(1);
    await until('the key to run out', async () => {
      await run(stage, 'true', PRE, flags);
      return runs(stage) === 2;
    });
  });

  test('a shell line is deduplicated like any other', async (stage) => {
    const flags = ['--dedupe', '--shell', 'echo run >>count; cat | wc -c'];
    const options: RunOptions = { flags, input: PRE };
    const first = await stage.wrapped([], options);
    expect(first.stdout.toString().trim()).toBe(String(Buffer.byteLength(PRE)));
    expect(brief(await stage.wrapped([], options))).toEqual(brief(first));
    expect(runs(stage)).toBe(1);
  });
}

function waiting(test: Topic['test']): void {
  const start = async (stage: Stage, line: string, flags = FLAGS): Promise<Running> => {
    const running = await stage.startWrapped(counted(line), { flags, input: PRE });
    return running;
  };
  const first = async (stage: Stage, line: string): Promise<Running> => {
    const running = await start(stage, line);
    await until('the first to run', () => runs(stage) === 1);
    return running;
  };
  const GO = 'until [ -e go ]; do sleep 0.02; done;';
  const go = (stage: Stage) => stage.bare(['touch', 'go']);
  const isWaiting = (stage: Stage, running: Running) =>
    until('the duplicate to wait', async () => {
      // It is on record as begun, and its hook is not there.
      const { stdout } = await stage.bare(['sh', '-c', `ls ${stage.home}/spool/*.part | wc -l`]);
      return !running.hasExited() && Number(stdout.toString()) >= 2;
    });

  test('a duplicate of one that runs waits for its result', async (stage) => {
    const one = await first(stage, `${GO} echo told; exit 2`);
    const other = await start(stage, 'echo never');
    await isWaiting(stage, other);
    await go(stage);
    const outcome = await one.finish();
    expect(brief(outcome)).toMatchObject({ code: 2, stdout: 'told\n' });
    expect(brief(await other.finish())).toEqual(brief(outcome));
    expect(runs(stage)).toBe(1);
  });

  test('when the first is killed, one that waits runs', async (stage) => {
    const one = await first(stage, `${GO} true`);
    const other = await start(stage, 'echo in its stead');
    await isWaiting(stage, other);
    one.killGroup('SIGKILL');
    expect(brief(await other.finish())).toMatchObject({ code: 0, stdout: 'in its stead\n' });
    expect(runs(stage)).toBe(2);
  });

  test('when the first fails, of two that wait one runs and the other gets its result', async (stage) => {
    const one = await first(stage, `${GO} exit 1`);
    const others = [await start(stage, 'echo second'), await start(stage, 'echo second')];
    await isWaiting(stage, others[1] as Running);
    await go(stage);
    expect((await one.finish()).code).toBe(1);
    for (const other of others) {
      expect(brief(await other.finish())).toMatchObject({ code: 0, stdout: 'second\n' });
    }
    expect(runs(stage)).toBe(2);
  });

  test('--timeout bounds the waiting, and the hook runs', async (stage) => {
    await first(stage, `${GO} true`);
    const other = await start(stage, 'echo late', [...FLAGS, '--timeout', '0.5']);
    expect(brief(await other.finish())).toMatchObject({ code: 0, stdout: 'late\n' });
    expect(runs(stage)).toBe(2);
    await go(stage);
  });

  test('a signal ends one that waits, and it is on record', async (stage) => {
    const one = await first(stage, `${GO} true`);
    const other = await start(stage, 'true');
    await isWaiting(stage, other);
    other.kill('SIGTERM');
    expect(await other.exit()).toEqual({ code: null, signal: 'SIGTERM' });
    await go(stage);
    await one.finish();
    const rows = await stage.rows();
    expect(rows.map(({ status }) => status).sort()).toEqual(['error', 'success']);
    expect(runs(stage)).toBe(1);
  });

  test('a signal that ends nobody leaves one that waits to wait', async (stage) => {
    const one = await first(stage, `${GO} echo told`);
    const other = await start(stage, 'echo never');
    await isWaiting(stage, other);
    for (const signal of ['SIGCONT', 'SIGWINCH', 'SIGURG'] as const) other.kill(signal);
    await go(stage);
    await one.finish();
    expect(brief(await other.finish())).toMatchObject({ code: 0, stdout: 'told\n' });
    expect(runs(stage)).toBe(1);
  });

  test('where duplicates are skipped, none waits', async (stage) => {
    const skip = [...FLAGS, '--on-duplicate', 'skip'];
    const one = await start(stage, `${GO} true`, skip);
    await until('the first to run', () => runs(stage) === 1);
    expect(brief(await run(stage, 'true', PRE, skip))).toMatchObject({ code: 0, stdout: '' });
    expect(one.hasExited()).toBe(false);
    await go(stage);
    await one.finish();
    expect(runs(stage)).toBe(1);
  });
}

function doubts(test: Topic['test']): void {
  test('a payload that is not complete in time runs, with all of its input', async (stage) => {
    for (const _ of [1, 2]) {
      const running = await stage.startWrapped(counted('head -n 1'), { flags: FLAGS });
      running.stdin.write('{"half": ');
      const before = performance.now();
      await until('the hook to run', () => runs(stage) > _ - 1);
      expect(performance.now() - before).toBeLessThan(5000);
      running.stdin.end('"an object"}\n');
      expect(brief(await running.finish()).stdout).toBe('{"half": "an object"}\n');
    }
    expect(runs(stage)).toBe(2);
  });

  test('an object is complete without a newline or an end of input', async (stage) => {
    for (const _ of [1, 2]) {
      const running = await stage.startWrapped(counted('head -c 5'), { flags: FLAGS });
      running.stdin.write(PRE.trimEnd());
      expect((await running.exit()).code).toBe(0);
    }
    expect(runs(stage)).toBe(1);
  });

  test('the hook gets every byte of a large and odd payload', async (stage) => {
    for (const stdin of ['socket', 'pipe'] as const) {
      const filler = JSON.stringify({ tool_use_id: `of ${stdin}`, x: 'é\u0001'.repeat(400_000) });
      const input = `${JSON.stringify(JSON.parse(filler), null, 1)}\r\n\r\n`;
      const outcome = await stage.wrapped(counted('cat'), { flags: FLAGS, input, stdin });
      expect(briefly(outcome.stdout)).toBe(briefly(Buffer.from(input)));
    }
    expect(runs(stage)).toBe(2);
  });

  test('a duplicate lets a caller write to the end', async (stage) => {
    const input = JSON.stringify({ tool_use_id: 'big', x: 'y'.repeat(700_000) });
    for (const _ of [1, 2]) {
      const running = await stage.startWrapped(counted('cat >/dev/null'), { flags: FLAGS, input });
      expect((await running.finish()).code).toBe(0);
      expect(running.stdinError()).toBeUndefined();
    }
    expect(runs(stage)).toBe(1);
  });

  test('the hook runs where no state directory can be had', async (stage) => {
    const set = { HOOKBUS_HOME: '/proc/none' };
    for (const _ of [1, 2]) {
      const outcome = await stage.wrapped(counted('cat'), { flags: FLAGS, input: PRE, set });
      expect(brief(outcome)).toMatchObject({ code: 0, stdout: PRE });
    }
    expect(runs(stage)).toBe(2);
  });

  test('the hook runs where the database is locked', async (stage) => {
    await run(stage, 'true', PRE, ['--name', 'before']);
    await stage.drain();
    const db = new Sqlite(join(stage.home, 'hook_bus.db'));
    try {
      db.exec('BEGIN EXCLUSIVE');
      const outcome = await run(stage, 'cat');
      expect(brief(outcome)).toMatchObject({ code: 0, stdout: PRE });
    } finally {
      db.close();
    }
    expect(runs(stage)).toBe(2);
  });

  test('switched off, nothing is deduplicated', async (stage) => {
    const set = { HOOKBUS_ENABLED: '0' };
    for (const _ of [1, 2]) {
      await stage.wrapped(counted('true'), { flags: FLAGS, input: PRE, set });
    }
    expect(runs(stage)).toBe(2);
  });
}

/** Ends that look like results and are none: a decision would get lost. */
function halves(test: Topic['test']): void {
  const DENIES = 'echo deny; exit 0';

  test('a hook that was told to end gives no result, whatever it exits with', async (stage) => {
    const line = "trap 'exit 0' TERM; echo >ready; until [ -e never ]; do sleep 0.02; done";
    const one = await stage.startWrapped(counted(line), { flags: FLAGS, input: PRE });
    await until('the first to listen', () => existsSync(stage.path('ready')));
    one.kill('SIGTERM');
    expect(await one.exit()).toEqual({ code: 0, signal: null });
    expect(brief(await run(stage, 'exit 2'))).toMatchObject({ code: 2 });
    expect(runs(stage)).toBe(2);
  });

  test('what nobody heard to its end is no result', async (stage) => {
    // The first one says something until nobody takes it any more.
    const line = `trap '' PIPE; [ -e go ] || until ! echo on; do sleep 0.02; done; ${DENIES}`;
    for (const [stdout, input] of [
      ['pipe', PRE],
      ['socket', PRE],
      ['pipe', POST],
    ] as const) {
      const flags = ['--name', `to a ${stdout} of ${input.length}`, '--dedupe'];
      const one = await stage.startWrapped(counted(line), { flags, input, stdout });
      one.stdout.close();
      expect(await one.exit()).toEqual({ code: 0, signal: null });
      await stage.bare(['touch', 'go']);
      expect(brief(await run(stage, line, input, flags))).toMatchObject({ stdout: 'deny\n' });
      await stage.bare(['rm', 'go']);
    }
    expect(runs(stage)).toBe(6);
  });

  test('a first one that could say nothing does not silence its duplicate', async (stage) => {
    for (const close of [[1], [2], [1, 2]]) {
      const flags = ['--name', `without ${close}`, '--dedupe'];
      const options = { flags, input: PRE, conditions: { close } };
      expect((await stage.wrapped(counted(DENIES), options)).code).toBe(0);
      expect(brief(await run(stage, DENIES, PRE, flags))).toMatchObject({ stdout: 'deny\n' });
    }
  });

  test('one inside of the first does not wait for it, nor is it skipped', async (stage) => {
    const inner = [...stage.engine.command, 'run', ...FLAGS, '--', ...counted('echo no; exit 2')];
    for (const [index, input] of [PRE, POST].entries()) {
      for (const words of [inner, ['sh', '-c', '"$@"; exit $?', 'sh', ...inner]]) {
        const flags = ['--name', 'probe', '--dedupe-key', `${index} ${words.length}`];
        const within = words.map((word) => (word === '--dedupe' ? flags.slice(2).join('=') : word));
        const outcome = await stage.wrapped(within, { flags, input });
        expect(brief(outcome)).toMatchObject({ code: 2, stdout: 'no\n' });
      }
    }
    expect(runs(stage)).toBe(4);
  });

  test('half a character in a key is as good as a whole one', async (stage) => {
    const flags = ['--name', 'probe', '--dedupe-key', '{tool_input.command}'];
    const halved = JSON.stringify({ ...JSON.parse(PRE), tool_input: { command: 'a\ud83d' } });
    const other = JSON.stringify({ ...JSON.parse(PRE), tool_input: { command: 'a\ud83c' } });
    for (const input of [halved, halved, other]) {
      expect(brief(await run(stage, 'exit 2', input, flags)).code).toBe(2);
    }
    expect(runs(stage)).toBe(2);
    expect((await stage.rows())[0]?.dedupe_key).toMatch(/^sha256:/);
  });
}
