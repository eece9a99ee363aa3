import { closeSync, existsSync, mkdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect } from 'vitest';
import { recordsIn } from '../support/spooled.ts';
import type { Engine } from './support/engine.ts';
import { makePipe } from './support/pipes.ts';
import { brief, briefly, type Running } from './support/running.ts';
import type { RunOptions, Stage } from './support/stage.ts';
import { type Topic, topic, WRITTEN_BEFORE } from './support/topic.ts';
import { until } from './support/until.ts';

const payload = (name: string): string =>
  readFileSync(new URL(`../../fixtures/payloads/${name}`, import.meta.url), 'utf8');

const PRE = payload('PreToolUse.Bash.json');
const POST = payload('PostToolUse.Bash.json');
const TOOL_USE = JSON.parse(PRE).tool_use_id as string;

/** Notes in a file that it ran, then does the rest. */
const counted = (line: string): string[] => ['sh', '-c', `echo run >>count; ${line}`];

/** Always the same hook, which runs the shell line in LINE. */
const VARIED = counted('eval "$LINE"');

function runs(stage: Stage): number {
  try {
    return readFileSync(stage.path('count'), 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}

const STOP = payload('Stop.json');

const FLAGS = ['--name', 'probe', '--dedupe'];
/** For a hook that cannot block: duplicates wait, and get what the first execution gave. */
const REPLAY = [...FLAGS, '--on-duplicate', 'replay'];
/** How long, in ms, the tests check that a caller who has not read everything sees no exit. */
const UNREAD_MS = 200;

/** A refusal with exit code 0. */
const denial = (event: string): string =>
  `echo '${JSON.stringify({ hookSpecificOutput: { hookEventName: event, permissionDecision: 'deny' } })}'`;

const run = (stage: Stage, line: string, input = PRE, flags: readonly string[] = FLAGS) =>
  stage.wrapped(counted(line), { flags, input });

const statuses = async (stage: Stage) =>
  (await stage.rows()).map(({ status, exit_code: code }) => [status, code]);

/** Deduplication as callers see it. With a daemon, the launcher asks it; without one, Node asks the database. */
export function dedupe(engine: Engine, withDaemon = false): void {
  const name = `runs a duplicate once${withDaemon ? ', with a daemon' : ''}`;
  const register = ({ test: plain }: Topic): void => {
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
    refusals(test);
    guards(test);
    keys(test);
    waiting(test);
    uncertain(test);
    halves(test);
  };
  topic(engine, name, 'concurrent', register, WRITTEN_BEFORE);
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
    const { session_id: session } = JSON.parse(PRE);
    const key = expect.stringMatching(
      new RegExp(`^probe:PreToolUse:${session}:${TOOL_USE}:\\w{64}:\\w{32}$`),
    );
    expect(one).toMatchObject({ status: 'blocked', dedupe_key: key });
    expect(other).toMatchObject({
      status: 'dedupe_skip',
      exit_code: 2,
      dedupe_key: one?.dedupe_key,
      error: `refused again, as a duplicate of ${one?.execution_id}\nno`,
      stdout_bytes: 8,
      stdout_kind: 'json',
      duration_ms: null,
    });
  });

  test('a duplicate ends when its caller has read all output of the first one, or by a signal', async (stage) => {
    const flags = [...REPLAY, '--max-bytes', '400000'];
    const line = 'head -c 300000 /dev/zero; echo err >&2; exit 2';
    expect((await run(stage, line, PRE, flags)).stdout).toHaveLength(300_000);
    for (const ends of ['reading', 'signal']) {
      const pipe = await makePipe();
      const other = await stage.startWrapped(counted(line), { flags, stdout: pipe.write });
      other.stdin.end(PRE);
      closeSync(pipe.write);
      const piece = Buffer.alloc(65_536);
      // Until somebody reads, the pipe gets only as much as it holds.
      let length = readSync(pipe.read, piece, 0, 1, null);
      const end = performance.now() + UNREAD_MS;
      await until('the time to pass', () => other.hasExited() || performance.now() > end);
      expect(other.hasExited()).toBe(false);
      if (ends === 'signal') other.kill('SIGTERM');
      else for (let got = 1; got > 0; length += got) got = readSync(pipe.read, piece);
      const code = ends === 'signal' ? null : 2;
      expect(await other.exit()).toEqual({ code, signal: code === null ? 'SIGTERM' : null });
      closeSync(pipe.read);
      if (ends === 'reading') expect(length).toBe(300_000);
    }
    expect(runs(stage)).toBe(1);
  });

  test('if a hook cannot block, its duplicate exits 0 without output', async (stage) => {
    const first = await run(stage, 'echo said; exit 0', POST);
    const second = await run(stage, 'echo said; exit 0', POST);
    expect(brief(first)).toMatchObject({ code: 0, stdout: 'said\n' });
    expect(brief(second)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(await statuses(stage)).toEqual([
      ['success', 0],
      ['dedupe_skip', 0],
    ]);
  });

  test('--on-duplicate overrides the event', async (stage) => {
    const replay = [...FLAGS, '--on-duplicate', 'replay'];
    for (const _ of [1, 2]) {
      expect(brief(await run(stage, 'echo said', POST, replay)).stdout).toBe('said\n');
    }
    expect(runs(stage)).toBe(1);
    const deny = ['--name', 'denies', '--dedupe', '--on-duplicate=deny'];
    for (const _ of [1, 2]) {
      expect(brief(await run(stage, 'echo said', POST, deny)).stdout).toBe('said\n');
    }
    expect(runs(stage)).toBe(3);
  });

  test('--on-duplicate skip means deny if a hook can block, with a warning in status', async (stage) => {
    const skip = ['--name', 'other', '--dedupe', '--on-duplicate=skip'];
    for (const _ of [1, 2]) expect(brief(await run(stage, 'exit 2', PRE, skip)).code).toBe(2);
    expect(runs(stage)).toBe(1);
    for (const _ of [1, 2]) await run(stage, 'echo allowed', STOP, skip);
    expect(runs(stage)).toBe(3);
    const once = ['--name', 'replays', '--dedupe', '--on-duplicate=replay'];
    await run(stage, 'true', PRE, once);
    await stage.drain();
    const { stdout } = await stage.hookbus('status', '--json');
    const notices = JSON.parse(stdout.toString()).notices as { text: string }[];
    const expected = '--on-duplicate: expected deny where a hook can block, got';
    expect(notices.map(({ text }) => text).sort()).toEqual([
      `other: ${expected} "skip"; it acts as deny`,
      `replays: ${expected} "replay"; on PreToolUse it repeats an allow`,
    ]);
  });

  test('an empty, a binary and a large result are replayed byte for byte', async (stage) => {
    const outputs = [
      'true',
      'head -c 150000 /dev/urandom >noise; cat noise; cat noise >&2',
      "printf 'a\\0b\\377'",
    ];
    for (const [index, line] of outputs.entries()) {
      const flags = ['--name', `hook-${index}`, '--dedupe'];
      const first = await run(stage, `${line}; exit 2`, PRE, flags);
      expect(first.code).toBe(2);
      expect(brief(await run(stage, `${line}; exit 2`, PRE, flags))).toEqual(brief(first));
      expect(runs(stage)).toBe(index + 1);
    }
  });

  test('a hook that fails, is killed or times out runs again', async (stage) => {
    for (const [index, line] of ['exit 1', 'exit 127', 'kill -9 $$', 'sleep 30'].entries()) {
      const flags = ['--name', `hook-${index}`, '--dedupe', '--timeout', '0.5'];
      const first = await run(stage, line, POST, flags);
      const second = await run(stage, line, POST, flags);
      expect(brief(second)).toEqual(brief(first));
      expect(runs(stage)).toBe(2 * (index + 1));
    }
    const notFound = await stage.wrapped(['./missing'], { flags: FLAGS, input: PRE });
    expect(notFound.code).toBe(127);
    expect((await stage.rows()).filter(({ status }) => status === 'dedupe_skip')).toEqual([]);
  });

  test('output over the limit is not a result, so the duplicate runs', async (stage) => {
    const flags = [...FLAGS, '--max-bytes', '100'];
    for (const _ of [1, 2]) {
      const outcome = await run(stage, 'head -c 101 /dev/zero; exit 2', PRE, flags);
      expect(outcome.stdout).toHaveLength(101);
    }
    expect(runs(stage)).toBe(2);
    // On an event where duplicates are skipped, since nobody knows any more what the first one decided.
    const line = `printf '{"decision":"block","reason":"%0200d"}' 1`;
    for (const _ of [1, 2]) expect((await run(stage, line, POST, flags)).stdout.length).toBe(232);
    expect(runs(stage)).toBe(4);
  });

  test('under --fail-open a failure is not a result, and a success is', async (stage) => {
    const forgiving = [...FLAGS, '--fail-open'];
    for (const _ of [1, 2]) expect((await run(stage, 'exit 9', POST, forgiving)).code).toBe(0);
    expect(runs(stage)).toBe(2);
    for (const _ of [1, 2]) expect((await run(stage, 'exit 0', POST, forgiving)).code).toBe(0);
    expect(runs(stage)).toBe(3);
  });

  test('no payload is stored for it, only the output that a duplicate may get', async (stage) => {
    await run(stage, 'echo secret-of-the-hook', POST);
    await run(stage, 'echo allowed-by-the-hook', PRE);
    await run(stage, 'echo refused; exit 2', PRE, ['--name', 'other', '--dedupe']);
    await run(stage, 'echo wanted', STOP, ['--name', 'test', ...REPLAY.slice(2)]);
    await stage.drain();
    const db = new Sqlite(join(stage.home, 'hook_bus.db'), { readonly: true });
    try {
      expect(db.prepare('SELECT count(*) FROM hook_payloads').pluck().get()).toBe(0);
      const kept = db.prepare('SELECT stdout FROM dedupe_keys ORDER BY hook_name').pluck().all();
      expect(kept.map((bytes) => (bytes === null ? null : String(bytes)))).toEqual([
        'refused\n',
        null,
        'wanted\n',
      ]);
    } finally {
      db.close();
    }
  });
}

/** Where a hook can block, an allow is never given to an execution that did not run. */
function refusals(test: Topic['test']): void {
  const twice = async (stage: Stage, line: string, input: string, name: string) => {
    const before = runs(stage);
    const flags = ['--name', name, '--dedupe'];
    const first = await run(stage, line, input, flags);
    expect(brief(await run(stage, line, input, flags))).toEqual(brief(first));
    return runs(stage) - before;
  };
  const on = (event: string): string => PRE.replace('"PreToolUse"', JSON.stringify(event));

  test('a duplicate of an allow runs', async (stage) => {
    for (const input of [PRE, STOP, on('Frobnicate'), '{"tool_use_id":"t"}']) {
      expect(await twice(stage, 'echo fine', input, `of ${input.length}`)).toBe(2);
    }
    const allows = denial('PreToolUse').replace('deny', 'allow');
    expect(await twice(stage, allows, PRE, 'a reason')).toBe(2);
    expect(await twice(stage, allows.replace('allow', 'ask'), PRE, 'asks')).toBe(2);
  });

  test('a denial in JSON is repeated, in the form of each agent', async (stage) => {
    const request = { hookEventName: 'PermissionRequest', decision: { behavior: 'deny' } };
    const denials: [string, object][] = [
      [
        'PreToolUse',
        { hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'deny' } },
      ],
      ['PreToolUse', { continue: false, stopReason: 'no' }],
      ['PermissionRequest', { hookSpecificOutput: request }],
      ['Stop', { decision: 'block', reason: 'go on' }],
      ['BeforeTool', { decision: 'deny', reason: 'no' }],
      ['beforeShellExecution', { permission: 'deny' }],
      ['preToolUse', { permissionDecision: 'deny' }],
    ];
    for (const [index, [event, said]] of denials.entries()) {
      const line = `echo '${JSON.stringify(said)}'`;
      expect(await twice(stage, line, on(event), `hook-${index}`), event).toBe(1);
    }
    // For a permission request no exit code decides.
    expect(await twice(stage, 'exit 2', on('PermissionRequest'), 'codes')).toBe(2);
  });

  test('a refusal is repeated even if duplicates are skipped', async (stage) => {
    const blocks = `echo '{"decision":"block","reason":"no"}'`;
    expect(await twice(stage, blocks, POST, 'blocks')).toBe(1);
    // Another hook with that name is another hook, even with a template.
    for (const [index, key] of [FLAGS, ['--name', 'probe', '--dedupe-key', 'k']].entries()) {
      await run(stage, 'echo fine', POST, key);
      const outcome = await run(stage, `: ${index}; ${blocks}`, POST, key);
      expect(brief(outcome).stdout).toBe('{"decision":"block","reason":"no"}\n');
    }
    expect(brief(await run(stage, blocks, POST)).stdout).toBe(
      '{"decision":"block","reason":"no"}\n',
    );
  });

  test('a slow first execution does not delay its duplicates', async (stage) => {
    const GO = 'until [ -e go ]; do sleep 0.02; done;';
    const line = '[ -e mine ] || exit 2; ';
    await stage.bare(['touch', 'mine']);
    const flags = ['--name', 'probe', '--dedupe-key', 'one for all'];
    const hook = counted(`${line}rm mine; ${GO} true`);
    const first = await stage.startWrapped(hook, { flags, input: PRE });
    await until('the first to run', () => runs(stage) === 1 && !existsSync(stage.path('mine')));
    for (const _ of [1, 2]) {
      expect((await stage.wrapped(hook, { flags, input: PRE })).code).toBe(2);
    }
    expect(first.hasExited()).toBe(false);
    expect(runs(stage)).toBe(2);
    await stage.bare(['touch', 'go']);
    expect((await first.finish()).code).toBe(0);
    // It allowed, but what another execution refused meanwhile still counts.
    expect((await stage.wrapped(hook, { flags, input: PRE })).code).toBe(2);
    expect(runs(stage)).toBe(2);
  });

  test('a forged row can refuse, but never allow', async (stage) => {
    const flags = ['--name', 'probe', '--dedupe-key', 'k'];
    expect((await run(stage, 'exit 2', PRE, flags)).code).toBe(2);
    const db = new Sqlite(join(stage.home, 'hook_bus.db'));
    try {
      const refused = () =>
        until(
          'the refusal',
          () => db.prepare('SELECT exit_code FROM dedupe_keys').pluck().get() === 2,
        );
      for (const [code, said] of [
        [0, ''],
        [0, null],
        [0, '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow"}}'],
        [1, ''],
        [255, ''],
      ] as const) {
        await refused();
        db.prepare(
          "UPDATE dedupe_keys SET exit_code = ?, stdout = ?, stderr = x'', state = 'done'",
        ).run(code, said === null ? null : Buffer.from(said));
        expect((await run(stage, 'exit 2', PRE, flags)).code).toBe(2);
      }
      await refused();
      // A claim that never ends, by a process that is alive.
      db.prepare("UPDATE dedupe_keys SET state = 'running', exit_code = NULL, owner_pid = ?").run(
        process.pid,
      );
      expect((await run(stage, 'exit 2', PRE, flags)).code).toBe(2);
    } finally {
      db.close();
    }
    expect(runs(stage)).toBe(7);
  });

  test('an allow that an older version stored allows nothing', async (stage) => {
    await run(stage, 'true', PRE, ['--name', 'other', '--dedupe']);
    await stage.drain();
    const db = new Sqlite(join(stage.home, 'hook_bus.db'));
    try {
      const add = db.prepare(`INSERT INTO dedupe_keys
        (dedupe_key, hook_name, execution_id, state, exit_code, stdout, stderr, created_at, expires_at)
        VALUES (?, 'probe', 'old', 'done', 0, x'', x'', '2026-01-01T00:00:00.000Z', '9999-01-01T00:00:00.000Z')`);
      add.run(`probe:PreToolUse:${TOOL_USE}`);
      add.run('k');
    } finally {
      db.close();
    }
    for (const flags of [FLAGS, ['--name', 'probe', '--dedupe-key', 'k']]) {
      expect((await run(stage, 'exit 2', PRE, flags)).code).toBe(2);
    }
  });
}

/** Two hooks that decide never answer for each other. */
function guards(test: Topic['test']): void {
  const DENY = '#!/bin/sh\necho run >>count\n[ "$1" = paths ] || exit 2\n';
  const script = (stage: Stage, path: string, text = DENY): void => {
    mkdirSync(dirname(stage.path(path)), { recursive: true });
    writeFileSync(stage.path(path), text, { mode: 0o755 });
  };
  const guard = (stage: Stage, command: readonly string[], input = PRE, flags = ['--dedupe']) =>
    stage.wrapped(command, { flags, input });
  const answers = async (
    stage: Stage,
    commands: readonly (readonly string[])[],
    flags?: string[],
  ) => {
    const codes = [];
    for (const command of commands) codes.push((await guard(stage, command, PRE, flags)).code);
    return codes;
  };

  test('two scripts with one name have different keys', async (stage) => {
    script(stage, 'a/guard.sh', '#!/bin/sh\nexit 0\n');
    script(stage, 'b/guard.sh');
    expect(await answers(stage, [['a/guard.sh'], ['b/guard.sh'], ['a/guard.sh']])).toEqual([
      0, 2, 0,
    ]);
    const words = (path: string) => ['sh', stage.path(path)];
    expect(await answers(stage, [words('b/guard.sh'), words('a/guard.sh')])).toEqual([2, 0]);
    const keyed = ['--name', 'guard', '--dedupe-key', '{tool_use_id}'];
    expect(await answers(stage, [['b/guard.sh'], ['a/guard.sh']], keyed)).toEqual([2, 0]);
  });

  test('one script with different arguments has different keys', async (stage) => {
    script(stage, 'guard.sh');
    const commands = [
      ['./guard.sh', 'paths'],
      ['./guard.sh', 'secrets'],
      ['./guard.sh', 'paths'],
    ];
    expect(await answers(stage, commands)).toEqual([0, 2, 0]);
    expect(await answers(stage, commands, ['--dedupe-key', 'k'])).toEqual([0, 2, 0]);
  });

  test('the same id in another session, or with other input, makes another key', async (stage) => {
    script(stage, 'guard.sh', '#!/bin/sh\necho run >>count\n! grep -q rm.-rf || exit 2\n');
    const call = (session: string, command: string): string =>
      JSON.stringify({ ...JSON.parse(PRE), session_id: session, tool_input: { command } });
    for (const [input, code] of [
      [call('s1', 'ls'), 0],
      [call('s2', 'rm -rf /'), 2],
      [call('s1', 'rm -rf /'), 2],
      [call('s1', 'ls'), 0],
    ] as const) {
      expect((await guard(stage, ['./guard.sh'], input)).code).toBe(code);
    }
    expect(runs(stage)).toBe(4);
    expect((await guard(stage, ['./guard.sh'], call('s2', 'rm -rf /'))).code).toBe(2);
    expect(runs(stage)).toBe(4);
  });

  test('a hook decides again after something has changed', async (stage) => {
    script(stage, 'guard.sh', '#!/bin/sh\n[ ! -e evil ] || exit 2\n');
    const call = JSON.stringify({ ...JSON.parse(PRE), tool_use_id: undefined });
    expect((await guard(stage, ['./guard.sh'], call)).code).toBe(0);
    await stage.bare(['touch', 'evil']);
    expect((await guard(stage, ['./guard.sh'], call)).code).toBe(2);
  });

  test('an edited guard decides again, whatever runs it', async (stage) => {
    const commands: [string[], string[]][] = [
      [['--dedupe'], ['./guard.sh']],
      [['--dedupe-key', '{tool_input.command}'], ['./guard.sh']],
      [['--dedupe'], ['sh', 'guard.sh']],
      [['--dedupe'], ['env', 'X=1', 'sh', '-e', stage.path('guard.sh'), '--strict']],
      [['--dedupe'], ['sh', '-c', 'cat | sh ./guard.sh']],
      [['--dedupe', '--shell', 'cat | sh guard.sh'], []],
    ];
    for (const [index, [key, command]] of commands.entries()) {
      const flags = ['--name', `guard-${index}`, ...key];
      for (const code of [0, 2, 0]) {
        script(stage, 'guard.sh', `#!/bin/sh\nexit ${code} # ${code === 0 ? 'may' : 'must not'}\n`);
        expect((await guard(stage, command, PRE, flags)).code, `${flags} ${command}`).toBe(code);
      }
    }
  });

  test('the same hook in another directory has another key', async (stage) => {
    script(stage, 'guard.sh', '#!/bin/sh\n[ -e allowed ] || exit 2\n');
    mkdirSync(stage.path('other'));
    writeFileSync(stage.path('other/allowed'), '');
    const command = [stage.path('guard.sh')];
    expect((await guard(stage, command)).code).toBe(2);
    const elsewhere = { flags: ['--dedupe'], input: PRE, cwd: stage.path('other') };
    expect((await stage.wrapped(command, elsewhere)).code).toBe(0);
  });

  test('a guard in two settings files refuses once for both', async (stage) => {
    script(stage, 'guard.sh');
    for (const _ of ['project', 'user']) {
      expect((await guard(stage, [stage.path('guard.sh')])).code).toBe(2);
    }
    expect(runs(stage)).toBe(1);
    expect((await statuses(stage)).map(([status]) => status)).toEqual(['blocked', 'dedupe_skip']);
  });
}

function keys(test: Topic['test']): void {
  const keyed = (stage: Stage, template: string, input = PRE, hook = 'probe') =>
    run(stage, 'exit 2', input, ['--name', hook, '--dedupe-key', template]);

  test('a template is filled from the payload and the words', async (stage) => {
    const template = '{hook_name}/{event}/{tool_name}/{tool_input.command}/{{x}}';
    await keyed(stage, template);
    await keyed(stage, template);
    expect(runs(stage)).toBe(1);
    const { hook_name: hook, dedupe_key: key } = (await stage.rows())[1] ?? {};
    const { command } = JSON.parse(PRE).tool_input;
    expect([hook, key?.slice(0, -33)]).toEqual(['probe', `probe/PreToolUse/Bash/${command}/{x}`]);
    expect(key).toMatch(/:[0-9a-f]{32}$/);
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

  test('with an invalid template the hook runs, with a warning in status', async (stage) => {
    await keyed(stage, '{tool_use_id');
    await keyed(stage, '{tool_use_id');
    expect(runs(stage)).toBe(2);
    await stage.drain();
    const { stdout } = await stage.hookbus('status', '--json');
    expect(stdout.toString()).toContain('--dedupe-key: unmatched {');
  });

  test('a long key, and one with a secret, are recorded as their digest', async (stage) => {
    const input = PRE.replace('"tool_input":{', `"tool_input":{"long":"${'x'.repeat(300)}",`);
    await keyed(stage, '{tool_input.long}', input);
    await keyed(stage, `ghp_${'a1B2'.repeat(9)}-{tool_use_id}`);
    for (const { dedupe_key: key } of await stage.rows())
      expect(key).toMatch(/^sha256:\w{64}:\w{32}$/);
  });

  test('without a tool use the payload is the key, without its trailing blanks', async (stage) => {
    const stop = payload('Stop.json');
    await run(stage, 'exit 2', stop);
    await run(stage, 'exit 2', stop.trimEnd());
    await run(stage, 'exit 2', stop.replace('"stop"', '"stop" ').replace('{', '{"x":1,'));
    expect(runs(stage)).toBe(2);
    expect((await stage.rows())[0]?.dedupe_key).toMatch(/^probe:Stop:[\w-]+::\w{64}:\w{32}$/);
  });

  test('an empty stdin makes no key', async (stage) => {
    await run(stage, 'true', '');
    await run(stage, 'true', '');
    expect(runs(stage)).toBe(2);
  });

  test('a key expires after its time to live', async (stage) => {
    const flags = [...FLAGS, '--dedupe-ttl', '4'];
    await run(stage, 'exit 2', PRE, flags);
    await run(stage, 'exit 2', PRE, flags);
    expect(runs(stage)).toBe(1);
    await until('the key to run out', async () => {
      await run(stage, 'exit 2', PRE, flags);
      return runs(stage) === 2;
    });
  });

  test('a shell line is deduplicated like any other', async (stage) => {
    const flags = ['--dedupe', '--shell', 'echo run >>count; cat | wc -c; exit 2'];
    const options: RunOptions = { flags, input: PRE };
    const first = await stage.wrapped([], options);
    expect(first.stdout.toString().trim()).toBe(String(Buffer.byteLength(PRE)));
    expect(brief(await stage.wrapped([], options))).toEqual(brief(first));
    expect(runs(stage)).toBe(1);
  });
}

function waiting(test: Topic['test']): void {
  const start = async (stage: Stage, line: string, flags = REPLAY): Promise<Running> => {
    const running = await stage.startWrapped(VARIED, { flags, input: STOP, set: { LINE: line } });
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
      // Its start is recorded, and its hook is gone.
      const begun = recordsIn(join(stage.home, 'spool')).filter(({ name }) =>
        name.endsWith('.part'),
      );
      return !running.hasExited() && begun.length >= 2;
    });

  test('a duplicate of a running execution waits for its result', async (stage) => {
    const one = await first(stage, `${GO} echo first; exit 2`);
    const other = await start(stage, 'echo never');
    await isWaiting(stage, other);
    await go(stage);
    const outcome = await one.finish();
    expect(brief(outcome)).toMatchObject({ code: 2, stdout: 'first\n' });
    expect(brief(await other.finish())).toEqual(brief(outcome));
    expect(runs(stage)).toBe(1);
  });

  test('a waiter runs if the first one is killed', async (stage) => {
    const one = await first(stage, `${GO} true`);
    const other = await start(stage, 'echo in its stead');
    await isWaiting(stage, other);
    one.killGroup('SIGKILL');
    expect(brief(await other.finish())).toMatchObject({ code: 0, stdout: 'in its stead\n' });
    expect(runs(stage)).toBe(2);
  });

  test('one of two waiters runs if the first one fails, and the other gets its result', async (stage) => {
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
    const other = await start(stage, 'echo late', [...REPLAY, '--timeout', '0.5']);
    expect(brief(await other.finish())).toMatchObject({ code: 0, stdout: 'late\n' });
    expect(runs(stage)).toBe(2);
    await go(stage);
  });

  test('a signal ends a waiter, which is recorded', async (stage) => {
    const one = await first(stage, `${GO} true`);
    const other = await start(stage, 'true');
    await isWaiting(stage, other);
    other.kill('SIGTERM');
    expect(await other.exit()).toEqual({ code: null, signal: 'SIGTERM' });
    await go(stage);
    await one.finish();
    // A signal before the engine can note it leaves only the begin of the record.
    await stage.drain();
    const rows = await stage.rows();
    expect(rows.map(({ status }) => status).sort()).toEqual(['error', 'success']);
    expect(runs(stage)).toBe(1);
  });

  test('a harmless signal does not end the wait', async (stage) => {
    const one = await first(stage, `${GO} echo first`);
    const other = await start(stage, 'echo never');
    await isWaiting(stage, other);
    for (const signal of ['SIGCONT', 'SIGWINCH', 'SIGURG'] as const) other.kill(signal);
    await go(stage);
    await one.finish();
    expect(brief(await other.finish())).toMatchObject({ code: 0, stdout: 'first\n' });
    expect(runs(stage)).toBe(1);
  });

  test('an execution waits at most five seconds', async (stage) => {
    const one = await first(stage, `${GO} true`);
    const before = performance.now();
    const other = await start(stage, `${GO} true`);
    await until('the duplicate to run', () => runs(stage) === 2);
    expect(performance.now() - before).toBeGreaterThan(4000);
    await go(stage);
    for (const running of [one, other]) expect((await running.finish()).code).toBe(0);
  });

  test('no duplicate waits if duplicates are skipped', async (stage) => {
    const hook = counted(`${GO} true`);
    const one = await stage.startWrapped(hook, { flags: FLAGS, input: POST });
    await until('the first to run', () => runs(stage) === 1);
    expect(brief(await stage.wrapped(hook, { flags: FLAGS, input: POST }))).toMatchObject({
      code: 0,
      stdout: '',
    });
    expect(one.hasExited()).toBe(false);
    await go(stage);
    await one.finish();
    expect(runs(stage)).toBe(1);
  });
}

function uncertain(test: Topic['test']): void {
  test('the hook runs, and gets the complete payload, if that does not arrive in time', async (stage) => {
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
      const options = { flags: FLAGS, opening: POST.trimEnd() };
      const running = await stage.startWrapped(counted('head -c 5'), options);
      expect((await running.exit()).code).toBe(0);
    }
    expect(runs(stage)).toBe(1);
  });

  test('the hook gets every byte of a large and unusual payload', async (stage) => {
    for (const stdin of ['socket', 'pipe'] as const) {
      const filler = JSON.stringify({ tool_use_id: `of ${stdin}`, x: 'é\u0001'.repeat(400_000) });
      const input = `${JSON.stringify(JSON.parse(filler), null, 1)}\r\n\r\n`;
      const outcome = await stage.wrapped(counted('cat'), { flags: FLAGS, input, stdin });
      expect(briefly(outcome.stdout)).toBe(briefly(Buffer.from(input)));
    }
    expect(runs(stage)).toBe(2);
  });

  test('a duplicate lets its caller write everything', async (stage) => {
    const line = 'set -o pipefail; cat payload | "$@"';
    const wrapped = [...stage.engine.command, 'run', ...FLAGS, '--', ...counted('cat >/dev/null')];
    // A `cat` that starts late on a busy machine makes its payload no duplicate, but not each time.
    for (let round = 1; round <= 20; round += 1) {
      const before = runs(stage);
      const input = { hook_event_name: 'PostToolUse', round, x: 'y'.repeat(700_000) };
      writeFileSync(stage.path('payload'), JSON.stringify(input));
      for (const _ of [1, 2]) {
        // A `cat` that cannot write everything fails, and is never as slow as the test on a busy machine.
        expect((await stage.bare(['bash', '-c', line, 'bash', ...wrapped])).code).toBe(0);
      }
      if (runs(stage) === before + 1) return;
    }
    expect.unreachable('the second call of no round was a duplicate');
  });

  test('the hook runs without a state directory', async (stage) => {
    const set = { HOOKBUS_HOME: '/proc/none' };
    for (const _ of [1, 2]) {
      const outcome = await stage.wrapped(counted('cat'), { flags: FLAGS, input: PRE, set });
      expect(brief(outcome)).toMatchObject({ code: 0, stdout: PRE });
    }
    expect(runs(stage)).toBe(2);
  });

  test('the hook runs if the database is locked', async (stage) => {
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

  test('with recording off, nothing is deduplicated', async (stage) => {
    const set = { HOOKBUS_ENABLED: '0' };
    for (const _ of [1, 2]) {
      await stage.wrapped(counted('true'), { flags: FLAGS, input: PRE, set });
    }
    expect(runs(stage)).toBe(2);
  });
}

/** Ends that look like results but are not: repeating one would lose a decision. */
function halves(test: Topic['test']): void {
  const DENIES = 'echo deny; exit 0';
  const named = (name: string): string[] => ['--name', name, ...REPLAY.slice(2)];

  test('a hook that was asked to end gives no result, whatever its exit code', async (stage) => {
    const line = "trap 'exit 0' TERM; echo >ready; until [ -e never ]; do sleep 0.02; done";
    const options = { flags: REPLAY, input: STOP };
    const one = await stage.startWrapped(VARIED, { ...options, set: { LINE: line } });
    await until('the first to listen', () => existsSync(stage.path('ready')));
    one.kill('SIGTERM');
    expect(await one.exit()).toEqual({ code: 0, signal: null });
    const other = await stage.wrapped(VARIED, { ...options, set: { LINE: 'exit 2' } });
    expect(other.code).toBe(2);
    expect(runs(stage)).toBe(2);
  });

  test('output that nobody read to its end is not a result', async (stage) => {
    // The first execution writes until nobody reads it any more.
    const line = `trap '' PIPE; [ -e go ] || until ! echo on; do sleep 0.02; done; ${DENIES}`;
    for (const [stdout, input, mode] of [
      ['pipe', STOP, 'replay'],
      ['socket', STOP, 'replay'],
      ['pipe', POST, 'skip'],
    ] as const) {
      const flags = ['--name', `to a ${stdout} of ${mode}`, '--dedupe', '--on-duplicate', mode];
      const one = await stage.startWrapped(counted(line), { flags, input, stdout });
      one.stdout.close();
      expect(await one.exit()).toEqual({ code: 0, signal: null });
      await stage.bare(['touch', 'go']);
      expect(brief(await run(stage, line, input, flags))).toMatchObject({ stdout: 'deny\n' });
      await stage.bare(['rm', 'go']);
    }
    expect(runs(stage)).toBe(6);
  });

  test('a first execution without a reader does not silence its duplicate', async (stage) => {
    for (const close of [[1], [2], [1, 2]]) {
      const flags = named(`without ${close}`);
      const options = { flags, input: STOP, conditions: { close } };
      expect((await stage.wrapped(counted(DENIES), options)).code).toBe(0);
      expect(brief(await run(stage, DENIES, STOP, flags))).toMatchObject({ stdout: 'deny\n' });
    }
  });

  test('an execution inside the first one neither waits for it nor is skipped', async (stage) => {
    // If nobody decides, a key is exactly what its template gives.
    const input = payload('Notification.json');
    for (const mode of ['replay', 'skip']) {
      const keyed = (key: string) => [
        '--name',
        'probe',
        `--dedupe-key=${key}`,
        '--on-duplicate',
        mode,
      ];
      for (const [index, shell] of [[], ['sh', '-c', '"$@"; exit $?', 'sh']].entries()) {
        const flags = keyed(`${mode} ${index}`);
        const words = [
          ...stage.engine.command,
          'run',
          ...flags,
          '--',
          ...counted('echo no; exit 2'),
        ];
        const outcome = await stage.wrapped([...shell, ...words], { flags, input });
        expect(brief(outcome)).toMatchObject({ code: 2, stdout: 'no\n' });
      }
    }
    expect(runs(stage)).toBe(4);
  });

  test('half a surrogate pair in a key works like any other character', async (stage) => {
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
