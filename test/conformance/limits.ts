import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Engine } from './support/engine.ts';
import { isAlive, sessionMembers } from './support/processes.ts';
import { brief, python } from './support/running.ts';
import { topic } from './support/topic.ts';
import { until } from './support/until.ts';

const TIMEOUT = ['--name', 'probe', '--timeout', '1'];
const canMount = spawnSync('sh', ['-c', 'unshare -m mount -t tmpfs none /mnt']).status === 0;

export function limits(engine: Engine): void {
  topic(engine, '--timeout', 'concurrent', ({ test, testIf }) => {
    test('a hook that takes too long ends with 124, and its output so far has been passed on', async (stage) => {
      const run = await stage.startWrapped(['sh', '-c', 'echo out; echo err >&2; exec sleep 60'], {
        flags: TIMEOUT,
      });
      await run.stdout.sees('out\n');
      await run.stderr.sees('err\n');
      expect(run.hasExited()).toBe(false);
      expect(brief(await run.finish())).toEqual({
        code: 124,
        signal: null,
        stdout: 'out\n',
        stderr: 'err\n',
      });
      expect(await stage.onlyRow()).toMatchObject({
        status: 'timeout',
        stdout_bytes: 4,
        stderr_bytes: 4,
      });
      await until('the end of all processes', () => sessionMembers(run.pid).length === 0);
    });

    test('a hook that takes too long gets SIGTERM first', async (stage) => {
      const hook = "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.02; done";
      const outcome = await stage.wrapped(['sh', '-c', hook], { flags: TIMEOUT });
      expect(brief(outcome)).toMatchObject({ code: 124, signal: null, stdout: 'ready\nasked\n' });
      expect(await stage.onlyRow()).toMatchObject({ status: 'timeout' });
    });

    test('a hook that ignores SIGTERM is gone after the grace period, and so are its children', async (stage) => {
      const hook = "trap '' TERM; sleep 60 & echo $$ $!; while :; do sleep 60; done";
      const run = await stage.startWrapped(['sh', '-c', hook], { flags: TIMEOUT });
      expect(await run.finish(6000)).toMatchObject({ code: 124, signal: null });
      const [self, child] = run.stdout.text.trim().split(' ').map(Number);
      expect([self, child].map((pid) => isAlive(pid ?? 0))).toEqual([false, false]);
      await until('the end of all processes', () => sessionMembers(run.pid).length === 0);
      expect(await stage.onlyRow()).toMatchObject({ status: 'timeout' });
    });

    test('the children of a hook that takes too long get SIGTERM too', async (stage) => {
      const child = "trap 'echo child asked; exit 0' TERM; while :; do sleep 0.02; done";
      const outcome = await stage.wrapped(['sh', '-c', `(${child}) & wait`], { flags: TIMEOUT });
      expect(brief(outcome)).toMatchObject({ code: 124, stdout: 'child asked\n' });
    });

    for (const [what, words, within] of [
      ['', ['silent'], []],
      [', with an empty environment', ['cleared'], []],
      [', with that and no stream, seen before', ['cleared', 'silent', 'slow'], []],
      [', below a run in the hook', ['silent'], ['run', '--name', 'inner', '--']],
    ] as const) {
      test(`a grandchild in another session, two forks away, that ignores SIGTERM${what} is gone too`, async (stage) => {
        const report = stage.path('pid');
        const inner = within.length > 0 ? [...engine.command, ...within] : [];
        // Long enough for Python to start on a busy machine.
        const flags = ['--name', 'probe', '--timeout', '4'];
        const hook = [...inner, ...python('daemonise.py', report, ...words)];
        const run = await stage.startWrapped(hook, { flags });
        await until('the grandchild to start', () => existsSync(report));
        const grandchild = Number(readFileSync(report, 'utf8'));
        stage.adopt(grandchild);
        expect(isAlive(grandchild)).toBe(true);
        expect(await run.exit()).toEqual({ code: 124, signal: null });
        await until('the grandchild to be gone', () => !isAlive(grandchild), 3000);
      });
    }

    test('processes that others started meanwhile, with other variables, are left alone', async (stage) => {
      const other = await stage.startBare(['sleep', '60']);
      const run = await stage.startWrapped(['sh', '-c', 'echo ready; exec sleep 60'], {
        flags: TIMEOUT,
      });
      await run.stdout.sees('ready');
      const later = await stage.startWrapped(['sh', '-c', 'echo ready; exec sleep 60']);
      await later.stdout.sees('ready');
      expect(await run.exit()).toEqual({ code: 124, signal: null });
      expect([other.hasExited(), later.hasExited()]).toEqual([false, false]);
    });

    for (const [what, hides] of [
      ['there is no /proc', ['-m', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$0" "$@"']],
      ["/proc is another pid namespace's", ['-pf']],
    ] as const) {
      testIf(
        canMount || 'a namespace needs a privilege',
        `if ${what}, a hook that takes too long gets SIGTERM, and later SIGKILL`,
        async (stage) => {
          // It handles SIGTERM, but does not exit.
          const hook = "trap 'echo asked' TERM; echo $$; while :; do sleep 0.02; done";
          const own = [...engine.command, 'run', ...TIMEOUT, '--', 'sh', '-c', hook];
          const run = await stage.startBare(['unshare', ...hides, ...own]);
          expect(await run.finish(8000)).toMatchObject({ code: 124, signal: null });
          expect(run.stdout.text).toMatch(/^\d+\nasked\n$/);
          await until('the end of all processes', () => sessionMembers(run.pid).length === 0);
        },
      );
    }

    for (const event of ['PreToolUse', 'Stop', 'BeforeTool', 'beforeShellExecution', undefined]) {
      test(`a refusal by exit code within the grace period counts, on ${event ?? 'an unknown event'}`, async (stage) => {
        const hook =
          "exec 3>&2 2>&-; trap 'echo no >&3; exit 2' TERM; echo ready; while :; do sleep 0.02; done";
        const flags = [...TIMEOUT, ...(event === undefined ? [] : ['--event', event])];
        const outcome = await stage.wrapped(['sh', '-c', hook], { flags });
        expect(brief(outcome)).toEqual({
          code: 2,
          signal: null,
          stdout: 'ready\n',
          stderr: 'no\n',
        });
        expect(await stage.onlyRow()).toMatchObject({
          status: 'blocked',
          exit_code: 2,
          error: 'timed out after 1 s\nno',
        });
      });
    }

    for (const event of ['PreToolUse', 'PermissionRequest', 'PostToolUse']) {
      test(`a refusal by JSON within the grace period counts, on ${event}`, async (stage) => {
        const said =
          event === 'PostToolUse'
            ? { decision: 'block', reason: 'no' }
            : {
                hookSpecificOutput: {
                  hookEventName: event,
                  ...(event === 'PreToolUse'
                    ? { permissionDecision: 'deny' }
                    : { decision: { behavior: 'deny' } }),
                },
              };
        const json = JSON.stringify(said);
        const hook = `exec 2>&-; trap "printf '%s' '$SAID'; exit 0" TERM; while :; do sleep 0.02; done`;
        const flags = [...TIMEOUT, '--event', event];
        const outcome = await stage.wrapped(['sh', '-c', hook], { flags, set: { SAID: json } });
        expect(brief(outcome)).toEqual({ code: 0, signal: null, stdout: json, stderr: '' });
        expect(await stage.onlyRow()).toMatchObject({
          status: 'success',
          exit_code: 0,
          error: 'timed out after 1 s',
        });
      });
    }

    for (const [what, end] of [
      ['an allow', 'exit 0'],
      ['exit 1', 'exit 1'],
      ['half an object', `printf '{"decision":"block"'; exit 0`],
    ] as const) {
      test(`${what} within the grace period is still a timeout`, async (stage) => {
        const hook = `trap "${end.replaceAll('"', '\\"')}" TERM; while :; do sleep 0.02; done`;
        const flags = [...TIMEOUT, '--event', 'PreToolUse'];
        expect(await stage.wrapped(['sh', '-c', hook], { flags })).toMatchObject({ code: 124 });
        expect(await stage.onlyRow()).toMatchObject({ status: 'timeout' });
      });
    }

    // HookBus does not know all agents, so it passes on whatever may be a refusal for one of them.
    for (const [what, end, event, code] of [
      ['exit 2 on any event', 'exit 2', 'PermissionRequest', 2],
      ['exit 2 on an event that cannot block', 'exit 2', 'Notification', 2],
      ['one whole object', `echo '{"decision":"approve"}'; exit 0`, 'PreToolUse', 0],
      ['one whole object, whatever the code', `echo '{"deny":1}'; exit 1`, 'PreToolUse', 1],
    ] as const) {
      test(`${what} within the grace period is passed on`, async (stage) => {
        const hook = `trap "${end.replaceAll('"', '\\"')}" TERM; while :; do sleep 0.02; done`;
        const flags = [...TIMEOUT, '--event', event];
        expect(await stage.wrapped(['sh', '-c', hook], { flags })).toMatchObject({ code });
        expect(await stage.onlyRow()).toMatchObject({
          exit_code: code,
          error: expect.stringContaining('timed out after 1 s'),
        });
      });
    }

    test('a refusal within the grace period is not repeated for a duplicate, which runs', async (stage) => {
      const hook = "trap 'exit 2' TERM; echo run >>count; while :; do sleep 0.02; done";
      const flags = [...TIMEOUT, '--dedupe'];
      const input = '{"hook_event_name":"PreToolUse","session_id":"s","tool_use_id":"t"}\n';
      for (const _ of [1, 2]) {
        expect(await stage.wrapped(['sh', '-c', hook], { flags, input })).toMatchObject({
          code: 2,
        });
      }
      expect(readFileSync(stage.path('count'), 'utf8')).toBe('run\nrun\n');
    });

    test('a hook that ends in time behaves as without the option', async (stage) => {
      const hook = ['sh', '-c', 'cat; echo err >&2; exit 2'];
      const bare = await stage.bare(hook, { input: 'payload' });
      const flags = ['--name', 'probe', '--timeout', '20'];
      expect(brief(await stage.wrapped(hook, { flags, input: 'payload' }))).toEqual(brief(bare));
      expect(await stage.onlyRow()).toMatchObject({ status: 'blocked', exit_code: 2 });
    });

    test('a hook that itself exits with 124 is not a timeout', async (stage) => {
      expect(await stage.wrapped(['sh', '-c', 'exit 124'], { flags: TIMEOUT })).toMatchObject({
        code: 124,
      });
      expect(await stage.onlyRow()).toMatchObject({ status: 'error', exit_code: 124 });
    });

    test('output of a background child is still passed on after a hook that ended in time', async (stage) => {
      const run = await stage.startWrapped(
        ['sh', '-c', '(while [ ! -e go ]; do sleep 0.02; done; echo late) & exit 3'],
        {
          flags: TIMEOUT,
        },
      );
      expect(await run.exit()).toEqual({ code: 3, signal: null });
      writeFileSync(stage.path('go'), '');
      await run.stdout.end();
      expect(run.stdout.text).toBe('late\n');
    });
  });
}
