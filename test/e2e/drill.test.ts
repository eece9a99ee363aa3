import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { aState, CLI, start } from '../support/daemon.ts';
import { hookbus, hookbusProcess } from '../support/hookbus.ts';

interface Report {
  readonly refuses: number;
  readonly passes: number;
  readonly unsure: number;
  readonly not_drilled: number;
  readonly guards: readonly {
    readonly hook_name: string;
    readonly verdict: string;
    readonly reason: string | null;
    readonly drills: readonly {
      readonly id: number;
      readonly verdict: string;
      readonly why: string | null;
      readonly redacted: boolean;
      readonly script: string | null;
      readonly script_digest_then: string | null;
      readonly script_digest_now: string | null;
    }[];
  }[];
}

const GUARD = 'grep -q "rm -rf" && { echo "no rm" >&2; exit 2; }; exit 0';

/** What the documentation of Claude Code recommends: JSON, and exit 0. */
const JSON_GUARD = `grep -q push && echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"no push"}}'; exit 0`;

const payload = (command: string, id = 'toolu_1'): string =>
  JSON.stringify({
    session_id: `s-${id}`,
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_input: { command },
    tool_use_id: id,
  });

/** A project with hooks that are called as project hooks are, and no daemon. */
function aProject() {
  const state = aState();
  const project = join(state.home, 'project');
  mkdirSync(join(project, 'hooks'), { recursive: true });
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOOKBUS_ENABLED: '1',
    HOOKBUS_HOME: state.home,
    HOOKBUS_DAEMON: 'off',
  };
  return {
    ...{ state, project, env },
    hook(name: string, text: string): string {
      const path = join(project, 'hooks', `${name}.sh`);
      writeFileSync(path, `#!/bin/sh\n${text}\n`);
      chmodSync(path, 0o755);
      return path;
    },
    async run(name: string, input: string, more: Record<string, string> = {}): Promise<void> {
      const line = `"$CLAUDE_PROJECT_DIR"/hooks/${name}.sh`;
      const set = { ...env, HOOKBUS_STORE_RAW: 'deny', CLAUDE_PROJECT_DIR: project, ...more };
      const words = [execPath, CLI, 'run', '--shell', line];
      const call = [
        'sh',
        '-c',
        'cd "$1" && shift && exec "$@" 2>/dev/null',
        '-',
        project,
        ...words,
      ];
      await start(call, set, input).ended;
    },
    ask: (...words: string[]) => hookbusProcess(words, env, state.home),
    drill(...words: string[]): Report & { readonly exitCode: number | null } {
      const { stdout, stderr, exitCode } = hookbusProcess(
        ['drill', ...words, '--json'],
        env,
        state.home,
      );
      expect(stderr).toBe('');
      return { ...(JSON.parse(stdout) as Report), exitCode };
    },
  };
}

const verdicts = ({ guards }: Report) =>
  guards.map(({ hook_name, verdict }) => [hook_name, verdict]);

describe('hookbus drill', () => {
  it('tries the latest different refusals again, and names both digests of a changed script', async () => {
    const { hook, run, drill, ask, state } = aProject();
    const path = hook('guard', GUARD);
    hook('push', JSON_GUARD);
    hook('format', 'exit 0');
    for (const [at, command] of ['rm -rf a', 'rm -rf b', 'rm -rf a', 'ls'].entries())
      await run('guard', payload(command, `toolu_${at}`));
    await run('push', payload('git push'));
    await run('format', payload('ls'));

    const good = drill();
    expect(good).toMatchObject({ refuses: 2, passes: 0, not_drilled: 0, exitCode: 0 });
    // The same call twice is one drill, whatever its session and tool use.
    expect(good.guards[0]?.drills.map(({ id }) => id)).toEqual([3, 2]);
    expect(ask('drill').stdout).toContain('2 guards still refuse what they refused.');

    hook('guard', GUARD.replace('rm -rf', 'rm -fr'));
    const bad = drill();
    expect(verdicts(bad)).toEqual([
      ['guard', 'passes'],
      ['push', 'refuses'],
    ]);
    expect(bad.exitCode).toBe(1);
    const [one] = bad.guards[0]?.drills ?? [];
    expect(one).toMatchObject({ verdict: 'passes', script: path });
    expect(one?.script_digest_then).toMatch(/^[0-9a-f]{64}$/);
    expect(one?.script_digest_now).toMatch(/^[0-9a-f]{64}$/);
    expect(one?.script_digest_now).not.toBe(one?.script_digest_then);
    const { stdout, exitCode } = ask('drill', 'guard');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^1 guard does not refuse what it refused\.\n/);
    expect(stdout.replaceAll('\n', '')).toContain(`${one?.script_digest_then?.slice(0, 12)}…`);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(drill('push')).toMatchObject({ refuses: 1, exitCode: 0 });

    // They are replays, and no executions.
    expect(state.rows('SELECT DISTINCT decision FROM replays ORDER BY 1')).toEqual([
      { decision: 'deny' },
      { decision: 'none' },
    ]);
    expect(state.rows('SELECT 1 FROM hook_logs')).toHaveLength(6);
  });

  it('says what it cannot drill and what to type, and is unsure after redaction', async () => {
    const { project, hook, run, drill, ask } = aProject();
    hook('unstored', GUARD);
    await run('unstored', payload('rm -rf a'), { HOOKBUS_STORE_RAW: '0' });
    hook('short', GUARD);
    await run('short', payload('rm -rf a'), { HOOKBUS_MAX_BYTES: '20' });
    hook('secrets', 'grep -q ghp_ && exit 2; exit 0');
    await run('secrets', payload(`echo ghp_${'a1B2'.repeat(9)}`));
    const report = drill();
    expect(report).toMatchObject({ refuses: 0, passes: 0, unsure: 1, not_drilled: 2, exitCode: 0 });
    expect(report.guards[0]?.drills[0]).toMatchObject({ redacted: true, verdict: 'unsure' });
    const { stdout } = ask('drill');
    expect(stdout).toMatch(/^No guard was proved to refuse\./);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'unstored cannot be drilled: no payload of its refusals is stored completely. Set HOOKBUS_STORE_RAW=deny',
    );
    // Somebody who asks for a guard by its name wants a proof.
    expect(drill('unstored').exitCode).toBe(1);
    expect(drill('secrets').exitCode).toBe(1);
    expect(drill('nobody')).toMatchObject({ not_drilled: 1, exitCode: 1 });

    hook('gone', GUARD);
    await run('gone', payload('rm -rf a'));
    expect(drill('gone').exitCode).toBe(0);
    renameSync(project, `${project}-elsewhere`);
    const [gone] = drill('gone').guards;
    expect(gone).toMatchObject({ verdict: 'not_drilled' });
    expect(gone?.reason).toContain('its working directory does not exist any more');
  });

  it('outlives hooks that hang, flood, cannot start, or delete their directory', async () => {
    const { project, hook, run, drill } = aProject();
    for (const name of ['hangs', 'floods', 'missing', 'nested']) {
      hook(name, GUARD);
      await run(name, payload('rm -rf a'));
      await run(name, payload('rm -rf b'));
    }
    hook('hangs', 'sleep 60 & sleep 60');
    hook('floods', 'yes');
    rmSync(join(project, 'hooks', 'missing.sh'));
    const report = drill('--timeout', '0.5');
    expect(report.exitCode).toBe(1);
    const why = (name: string) =>
      report.guards.find(({ hook_name }) => hook_name === name)?.drills[0]?.why;
    expect(why('hangs')).toBe('it did not answer within 0.5 s');
    expect(why('floods')).toBe('it did not answer within 0.5 s');
    expect(why('missing')).toBe('it cannot start (exit code 127)');
    expect(report.guards.find(({ hook_name }) => hook_name === 'nested')?.verdict).toBe('refuses');
    hook('nested', `rm -r ${project}; exit 2`);
    const [nested] = drill('nested').guards;
    expect(nested).toMatchObject({ verdict: 'refuses' });
    expect(nested?.drills).toHaveLength(1);
  });

  it('lists at a terminal what would run, and runs nothing without a yes', async () => {
    const { state, hook, run, env, project } = aProject();
    hook('guard', GUARD);
    await run('guard', payload('rm -rf a'));
    hook('guard', `touch ${join(project, 'ran')}; ${GUARD}`);
    const user = (...answers: string[]) => ({ columns: 100, answers });
    const no = await hookbus(['drill'], env, project, user('n'));
    expect(no.exitCode).toBe(1);
    expect(no.stderr).toContain(`"$CLAUDE_PROJECT_DIR"/hooks/guard.sh\n    in ${project}\n`);
    expect(no.stderr).toContain('guard.sh has changed since');
    expect(state.rows('SELECT 1 FROM replays')).toEqual([]);
    const yes = await hookbus(['drill'], env, project, user('y'));
    expect(yes.exitCode).toBe(0);
    expect(readFileSync(join(project, 'ran'), 'utf8')).toBe('');
  });
});

describe('hookbus replay', () => {
  it('gives the hook the recorded variables of the agent, and says first that a refusal is lost', async () => {
    const { hook, run, ask } = aProject();
    hook('guard', GUARD);
    await run('guard', payload('rm -rf a'));
    expect(ask('replay', '1')).toMatchObject({ exitCode: 0, stderr: '' });
    hook('guard', 'exit 1');
    const { stdout, exitCode } = ask('replay', '1');
    expect(exitCode).toBe(1);
    expect(stdout.split('\n')[1]).toBe('The hook refused this call then, and does not now.');
    expect(stdout).toMatch(/^decision +deny +none +differs$/m);
    const json = JSON.parse(ask('replay', '1', '--json').stdout) as {
      replays: { differences: string[] }[];
    };
    expect(json).toMatchObject({ refusals_lost: 1 });
    expect(json.replays[0]?.differences[0]).toBe('decision');
  });
});
