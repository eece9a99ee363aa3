import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { endProcess } from '../conformance/support/processes.ts';
import { aState, CLI, start, until } from '../support/daemon.ts';
import { processesOf } from '../support/daemons-left.ts';
import { hookbusInTerminal, hookbusProcess } from '../support/hookbus.ts';

type State = ReturnType<typeof aState>;

/** A state directory and a directory of hooks. No daemon, so each command ingests the spool. */
function aStage() {
  const state = aState();
  const directory = join(state.home, 'work');
  mkdirSync(directory);
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOOKBUS_ENABLED: '1',
    HOOKBUS_HOME: state.home,
    HOOKBUS_STORE_RAW: '1',
    HOOKBUS_DAEMON: 'off',
  };
  return {
    state,
    env,
    directory,
    hook(name: string, text: string): string {
      const path = join(directory, name);
      writeFileSync(path, `#!/bin/sh\n${text}\n`);
      chmodSync(path, 0o755);
      return path;
    },
    /** Records one execution, as an agent would cause it. */
    async run(
      command: readonly string[],
      input: string | Uint8Array,
      more: object = {},
      place = directory,
    ) {
      const words = [execPath, CLI, 'run', '--name', 'guard', '--', ...command];
      const { ended } = start(
        ['sh', '-c', 'cd "$1" && shift && exec "$@" 2>/dev/null', '-', place, ...words],
        { ...env, ...more },
        input,
      );
      return ended;
    },
    replay: (...words: string[]) =>
      hookbusProcess(['replay', ...words], env, existsSync(directory) ? directory : undefined),
    /** What a user sees and types. */
    atTerminal: (input: string, ...words: string[]) =>
      hookbusInTerminal(['replay', ...words], 100, env, { cwd: directory, input }),
  };
}

interface Report {
  readonly replayed: number;
  readonly changed: number;
  readonly replays: readonly {
    readonly id: number;
    readonly changed: boolean;
    readonly redacted: boolean;
    readonly differences: readonly string[];
    readonly recorded: Record<string, unknown>;
    readonly replayed: Record<string, unknown>;
  }[];
  readonly refused: readonly { readonly id: number; readonly reason: string }[];
}

const GUARD = 'grep -q rm && { echo "no rm" >&2; exit 2; }; echo "{\\"a\\": 1}"';

const payload = (command: string): string =>
  `${JSON.stringify({ session_id: 's-1', hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: { command } })}\n`;

const rowsOf = (state: State): unknown[] => state.rows('SELECT * FROM hook_logs ORDER BY id');

describe('hookbus replay', () => {
  it('exits 0 for the same hook, and shows for an edited one which verdicts changed', async () => {
    const stage = aStage();
    const hook = stage.hook('guard.sh', GUARD);
    for (const command of ['rm -rf x', 'ls', 'rm y', 'pwd'])
      await stage.run([hook], payload(command));
    const same = stage.replay('--hook', 'guard', '--last', '50', '--json');
    expect(same).toMatchObject({ stderr: '', exitCode: 0 });
    expect(JSON.parse(same.stdout)).toMatchObject({ replayed: 4, changed: 0, refused: [] });
    const before = rowsOf(stage.state);
    const metrics = hookbusProcess(['metrics', '--json'], stage.env).stdout;

    stage.hook('guard.sh', `${GUARD.replace('rm', 'rm.-rf')} >&2; echo '{ "a" : 1 }'`);
    const edited = stage.replay('--hook', 'guard', '--json');
    expect(edited.exitCode).toBe(1);
    const report = JSON.parse(edited.stdout) as Report;
    expect(
      report.replays.map(({ id, changed, differences }) => [id, changed, differences]),
    ).toEqual([
      [1, false, []],
      // The same JSON spelled differently is the same to an agent.
      [2, false, ['stdout', 'stderr']],
      [3, true, ['decision', 'status', 'exit_code', 'stdout', 'stderr']],
      [4, false, ['stdout', 'stderr']],
    ]);
    expect(report.replays[2]).toMatchObject({
      recorded: { status: 'blocked', exit_code: 2, signal: null },
      replayed: { status: 'success', exit_code: 0, stdout_kind: 'json' },
    });
    const received = stage.replay('--hook', 'guard');
    expect(received.stdout).toContain(
      'Replayed 4 executions. The agent would act differently in 1 case.',
    );
    expect(received.stdout).toMatch(
      /^ 3 {2}guard +PreToolUse +blocked +success +decision, status, exit code/m,
    );

    // Recorded as replays, and nowhere else.
    expect(rowsOf(stage.state)).toEqual(before);
    expect(hookbusProcess(['metrics', '--json'], stage.env).stdout).toBe(metrics);
    expect(stage.state.rows('SELECT DISTINCT log_id FROM replays')).toHaveLength(4);
    const shown = hookbusProcess(['show', '3', '--json'], stage.env).stdout;
    expect((JSON.parse(shown) as { replays: object[] }).replays[0]).toMatchObject({
      status: 'success',
      changed: true,
      command: hook,
    });
  });

  it('passes the hook the recorded bytes and directory, and the variables of a run', async () => {
    const stage = aStage();
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));
    await stage.run(['sha256sum'], bytes);
    const same = stage.replay('1');
    expect(same.stdout).toContain('The agent would act the same.');
    expect(same.exitCode).toBe(0);
    const out = join(stage.directory, 'seen');
    const line = `pwd -P > ${out}; cat >/dev/null; env >> ${out}; echo "$0:$1" >> ${out}`;
    expect(stage.replay('1', '--', 'sh', '-c', line, "it's", '--json').exitCode).toBe(1);
    const seen = readFileSync(out, 'utf8');
    const [{ correlation_id: cause } = { correlation_id: '' }] = stage.state.rows<{
      correlation_id: string;
    }>('SELECT correlation_id FROM hook_logs');
    expect(seen.split('\n')[0]).toBe(stage.directory);
    expect(seen).toContain(`HOOKBUS_CORRELATION_ID=${cause}\n`);
    expect(seen).toMatch(new RegExp(`^TRACEPARENT=00-${cause}-[0-9a-f]{16}-01$`, 'm'));
    expect(seen).toContain("it's:--json\n");
  });

  it('records no execution of a command that is itself wrapped', async () => {
    const stage = aStage();
    await stage.run(['true'], payload('ls'));
    const { exitCode } = stage.replay(
      '1',
      '--',
      execPath,
      CLI,
      'run',
      '--name',
      'inner',
      '--',
      'true',
    );
    expect(exitCode).toBe(0);
    hookbusProcess(['status'], stage.env);
    expect(stage.state.rows('SELECT hook_name FROM hook_logs')).toEqual([{ hook_name: 'guard' }]);
  });

  it('ends a hook and all that it started when its time runs out, and caps its output', async () => {
    const stage = aStage();
    await stage.run(['true'], payload('ls'));
    const before = performance.now();
    const late = stage.replay(
      '1',
      '--timeout',
      '0.3',
      '--json',
      '--',
      'sh',
      '-c',
      'sleep 987 & yes',
    );
    expect(performance.now() - before).toBeLessThan(8000);
    expect(JSON.parse(late.stdout)).toMatchObject({
      replays: [{ changed: true, replayed: { status: 'timeout', exit_code: 124 } }],
    });
    await until('the end of all its processes', () => processesOf(stage.state.home).length === 0);
  });

  it('does not wait for background processes of a hook', async () => {
    const stage = aStage();
    await stage.run(['echo', 'done'], payload('ls'));
    const before = performance.now();
    const pidFile = join(stage.directory, 'pid');
    const line = `sleep 987 & echo $! > ${pidFile}; echo done`;
    const { exitCode } = stage.replay('1', '--', 'sh', '-c', line);
    expect(performance.now() - before).toBeLessThan(10_000);
    endProcess(Number(readFileSync(pidFile, 'utf8')));
    expect(exitCode).toBe(0);
  });

  it('reports a signal, a missing command, and one that does not read its stdin', async () => {
    const stage = aStage();
    await stage.run(['sh', '-c', 'kill -9 $$'], payload('x'.repeat(150_000)));
    const report = (...words: string[]) =>
      (JSON.parse(stage.replay('1', '--json', ...words).stdout) as Report).replays[0];
    expect(report()).toMatchObject({ changed: false, replayed: { signal: 'SIGKILL' } });
    expect(report('--', 'nosuch')).toMatchObject({ replayed: { status: 'error', exit_code: 127 } });
    expect(report('--', '')).toMatchObject({ replayed: { exit_code: 127 } });
    expect(report('--', 'true')).toMatchObject({ replayed: { status: 'success' } });
  });

  it('says what cannot be replayed, and why', async () => {
    const stage = aStage();
    await stage.run(['true'], payload('ls'), { HOOKBUS_STORE_RAW: '0' });
    await stage.run(['true'], payload('ls'), { HOOKBUS_MAX_BYTES: '10' });
    await stage.run(['true', '--password=hunter2secret'], payload('ls'));
    await stage.run(['true'], payload('ls'));
    const refusal = (...words: string[]): string => {
      const { stdout, stderr, exitCode } = stage.replay(...words);
      expect({ stdout, exitCode, lines: stderr.split('\n').length }).toEqual({
        stdout: '',
        exitCode: 1,
        lines: 2,
      });
      return stderr;
    };
    expect(refusal('1')).toMatch(/execution 1 cannot be replayed: its payload is not stored/);
    expect(refusal('2')).toMatch(/is truncated to 10 of \d+ bytes/);
    expect(refusal('3')).toMatch(
      /its recorded command has a redacted secret; add the command after --/,
    );
    expect(refusal('99')).toMatch(/no execution has the number 99/);
    expect(refusal()).toMatch(/missing argument ID/);
    expect(refusal('4', '--hook', 'guard')).toMatch(/IDs and --hook cannot be used together/);
    expect(refusal('4', '--timeout', '0')).toMatch(/--timeout must be/);
    // Next to one that can be replayed: that one is, and the others are listed.
    const both = stage.replay('1', '4', '2', '4', '--json');
    expect(both.exitCode).toBe(1);
    const report = JSON.parse(both.stdout) as Report;
    expect(report.replays.map(({ id }) => id)).toEqual([4]);
    expect(report.refused.map(({ id }) => id)).toEqual([1, 2]);
    rmSync(stage.directory, { recursive: true });
    expect(refusal('4')).toMatch(/its working directory does not exist any more: /);
  });

  it('says if secrets in the payload were redacted', async () => {
    const stage = aStage();
    await stage.run(
      ['true'],
      payload('curl -H "Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789"'),
    );
    const { stdout } = stage.replay('1');
    expect(stdout).toContain('Secrets were redacted from the stored payload');
    expect((JSON.parse(stage.replay('1', '--json').stdout) as Report).replays[0]?.redacted).toBe(
      true,
    );
  });

  it('shows its progress on a terminal, and nowhere else', async () => {
    const stage = aStage();
    for (let count = 0; count < 3; count += 1) await stage.run(['true'], payload('ls'));
    expect(stage.replay('--hook', 'guard').stderr).toBe('');
    const shown = stage.atTerminal('', '--hook', 'guard', '--yes');
    expect(shown).toContain('Replaying 2 of 3: guard');
    expect(shown).toContain('Replayed 3 executions. The agent would act the same in every case.');
  });

  describe('a hook by its name', () => {
    const note = (stage: ReturnType<typeof aStage>) => join(stage.directory, 'ran');

    /** A hook that ran here, and one with the same name in another work tree, which was changed since. */
    async function twoTrees() {
      const stage = aStage();
      const other = join(stage.state.home, 'other');
      mkdirSync(join(other, '.git'), { recursive: true });
      mkdirSync(join(stage.directory, '.git'));
      await stage.run([stage.hook('guard.sh', 'exit 0')], payload('here'));
      writeFileSync(join(other, 'guard.sh'), 'exit 0\n');
      await stage.run(['sh', './guard.sh'], payload('there'), {}, other);
      return { stage, other };
    }

    it('replays this work tree only, unless the user chooses otherwise and confirms', async () => {
      const { stage, other } = await twoTrees();
      writeFileSync(join(other, 'guard.sh'), `echo PWNED > ${note(stage)}\n`);
      const { stdout, exitCode } = stage.replay('--hook', 'guard', '--json');
      const report = JSON.parse(stdout) as Report;
      expect([exitCode, report.refused]).toEqual([0, []]);
      expect(existsSync(note(stage))).toBe(false);
      const refused = stage.replay('--hook', 'guard', '--everywhere');
      expect(refused).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('--everywhere needs --yes'),
      });
      expect(existsSync(note(stage))).toBe(false);
      const all = stage.replay('--hook', 'guard', '--everywhere', '--yes', '--json');
      expect((JSON.parse(all.stdout) as Report).replayed).toBeGreaterThan(report.replayed);
      expect(existsSync(note(stage))).toBe(true);
    });

    it('says if all executions are from other work trees', async () => {
      const { stage, other } = await twoTrees();
      rmSync(join(stage.directory, '.git'), { recursive: true });
      mkdirSync(join(stage.directory, 'below/.git'), { recursive: true });
      const { stderr } = hookbusProcess(
        ['replay', '--hook', 'guard'],
        stage.env,
        join(stage.directory, 'below'),
      );
      expect(stderr).toContain('no execution of guard in this work tree');
      expect(stderr).toContain('--everywhere');
      expect(existsSync(other)).toBe(true);
    });

    it.each([
      ['\n', false],
      ['n\n', false],
      ['\u0004', false],
      ['y\n', true],
    ])('shows each command with its directory at a terminal, and asks; %j', async (input, runs) => {
      const stage = aStage();
      const line = `cat > /dev/null; echo ran >> ${note(stage)}`;
      for (const text of ['ls', 'ls -l']) await stage.run(['sh', '-c', line], payload(text));
      rmSync(note(stage));
      const screen = stage.atTerminal(input, '--hook', 'guard');
      expect(screen).toContain(`cat > /dev/null; echo ran >> ${note(stage)}`);
      expect(screen).toContain(`in ${stage.directory}\n    2 times`);
      expect(screen).toContain(runs ? 'Replayed 2 executions' : 'nothing was replayed');
      expect(existsSync(note(stage))).toBe(runs);
    });

    it('says if the script has changed since', async () => {
      const stage = aStage();
      const hook = stage.hook('guard.sh', 'exit 0');
      await stage.run(['sh', './guard.sh'], payload('ls'));
      const changes = (...words: string[]) =>
        (
          JSON.parse(stage.replay('--hook', 'guard', '--json', ...words).stdout) as {
            replays: { script_changed: boolean }[];
          }
        ).replays.map(({ script_changed }) => script_changed);
      expect(changes()).toEqual([false]);
      expect(stage.replay('1').stdout).not.toContain('has changed since');
      utimesSync(hook, new Date(), new Date(Date.now() + 1000));
      expect(changes()).toEqual([true]);
      expect(changes('--', 'true')).toEqual([false]);
      for (const words of [['1'], ['--hook', 'guard']])
        expect(stage.replay(...words).stdout.replaceAll('\n', '')).toContain(
          `Changed since the recording: ${hook}`,
        );
      expect(stage.atTerminal('n\n', '--hook', 'guard')).toContain(`${hook} has changed since`);
    });
  });

  it('is deleted with its execution, and counts for no breaker, key or status', async () => {
    const stage = aStage();
    await stage.run(['true'], payload('ls'));
    hookbusProcess(['config', 'set', 'breaker.enabled', 'true'], stage.env);
    for (let count = 0; count < 3; count += 1) stage.replay('1', '--', 'false');
    const status = JSON.parse(hookbusProcess(['status', '--json'], stage.env).stdout) as {
      gates: unknown[];
      breaker: { recommended: unknown[] };
      database: { executions: number };
    };
    expect(status).toMatchObject({
      gates: [],
      breaker: { recommended: [] },
      database: { executions: 1 },
    });
    expect(stage.state.rows('SELECT 1 FROM dedupe_keys')).toEqual([]);
    expect(stage.state.rows('SELECT 1 FROM replays')).toHaveLength(3);
    hookbusProcess(['cleanup', '--older-than', '0d'], stage.env);
    expect(stage.state.rows('SELECT 1 FROM replays')).toEqual([]);
  });
});
