import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { canBlock, EVENT_NAMES } from '../../src/domain/events.ts';
import { gateLine, gatePath } from '../../src/gates/gate-file.ts';
import { canHavePolicy, underPolicy } from '../support/policy.ts';
import type { Engine } from './support/engine.ts';
import { brief } from './support/running.ts';
import type { RunOptions, Stage } from './support/stage.ts';
import { topic } from './support/topic.ts';

const DENY = 'cat >/dev/null; echo no >&2; exit 2';
const DENIED = { code: 2, signal: null, stdout: '', stderr: 'no\n' };
const SKIPPED = { code: 0, signal: null, stdout: '', stderr: '' };
const DAY_MS = 86_400_000;

const flags = (name = 'guard', event = 'PreToolUse') => ['--name', name, '--event', event];

async function guarded(stage: Stage, options: RunOptions = {}, command = ['sh', '-c', DENY]) {
  return brief(await stage.wrapped(command, { flags: flags(), input: '{}\n', ...options }));
}

/** Closes the gate of the guard, or of this command. */
function close(stage: Stage, text: string, command = `sh -c '${DENY}'`): void {
  stage.makeHome();
  const gates = join(stage.home, 'gates');
  mkdirSync(gates, { recursive: true, mode: 0o700 });
  writeFileSync(gatePath(gates, { hookName: 'guard', command }), text);
}

const later = (ms = 60_000) => Date.now() + ms;

/** Command lines, and their shell form. */
const COMMANDS: readonly (readonly [argv: readonly string[], command: string])[] = [
  [['sh', '-c', 'exit 2'], "sh -c 'exit 2'"],
  [['/bin/sh', '-c', 'exit 2'], 'exit 2'],
  [['/bin/sh', '-c', 'exit 2', 'x'], "/bin/sh -c 'exit 2' x"],
  [['/bin/sh', '-c', `echo "it's" é | cat; exit 2`], `echo "it's" é | cat; exit 2`],
  [['sh', '-c', 'exit 2', `it's`, '', 'a b', '-x=1'], `sh -c 'exit 2' 'it'\\''s' '' 'a b' -x=1`],
  [['sh', '-c', 'exit 2', 'a@b%c+d=e:f,g./h-_'], `sh -c 'exit 2' a@b%c+d=e:f,g./h-_`],
  [['sh', '-c', 'exit 2', 'naïve', '🚀', 'x\n'], `sh -c 'exit 2' 'naïve' '🚀' 'x\n'`],
  [['sh', '-c', 'exit 2', 'x'.repeat(3000)], `sh -c 'exit 2' ${'x'.repeat(3000)}`],
];

export function gates(engine: Engine): void {
  topic(engine, 'a gate', 'concurrent', ({ test }) => {
    for (const [argv, command] of COMMANDS) {
      test(`of ${JSON.stringify(command.slice(0, 60))} keeps that command from running, and no other with its name`, async (stage) => {
        close(stage, `off ${later()}\n`, command);
        expect(await guarded(stage, {}, [...argv])).toEqual(SKIPPED);
        expect(await guarded(stage, {}, [...argv, 'more'])).toMatchObject({ code: 2 });
        expect(await guarded(stage)).toEqual(DENIED);
        const [row] = await stage.rows();
        expect(row).toMatchObject({ status: 'breaker_skip', error: 'off', command });
      });
    }

    for (const [what, set] of [
      ['the disk is full', { conditions: { limits: { FSIZE: [0, null] } } }],
      ['the spool is a file', {}],
    ] as const) {
      test(`skips nothing that cannot be recorded, since ${what}`, async (stage) => {
        close(stage, `off ${later()}\n`);
        if (what === 'the spool is a file') writeFileSync(join(stage.home, 'spool'), '');
        expect(await guarded(stage, set)).toEqual(DENIED);
      });
    }

    test('is found by a command that is not UTF-8', async (stage) => {
      const end = '\ufffd\ufffd\ufffdx\ufffd';
      close(stage, `off ${later()}\n`, `sh -c 'exit 2' 'a${end}'`);
      const line = `exec "$@" "$(printf 'a\\355\\240\\200x\\377')"`;
      const run = [...engine.command, 'run', ...flags(), '--', 'sh', '-c', 'exit 2'];
      expect(brief(await stage.bare(['sh', '-c', line, 'sh', ...run]))).toEqual(SKIPPED);
    });

    for (const [text, counts] of [
      [() => `off ${later()}`, true],
      [() => `off ${later()}\n{"hook":"guard"}\n`, true],
      [() => `off ${later(7 * DAY_MS - 60_000)}\n`, true],
      [() => `off ${later(7 * DAY_MS + 60_000)}\n`, false],
      [() => 'off 0\n', false],
      [() => 'off 999999999999999\n', false],
      [() => `off ${later(-1)}\n`, false],
      [() => `off  ${later()}\n`, false],
      [() => `off ${later()} \n`, false],
      [() => `off ${later()}x\n`, false],
      [() => `\noff ${later()}\n`, false],
      [() => `other ${later()}\n`, false],
      [() => 'off', false],
      [() => '', false],
      [() => 'garbage '.repeat(900), false],
      [() => `breaker ${later()}\n`, false],
      [() => `breaker ${later()} nonblocking\n`, false],
    ] as const) {
      const shown = JSON.stringify(text().slice(0, 40)).replaceAll(/\d{13}/g, 'TIME');
      test(`that says ${shown} ${counts ? 'counts' : 'lets the guard run'}`, async (stage) => {
        close(stage, text());
        expect(await guarded(stage)).toEqual(counts ? SKIPPED : DENIED);
      });
    }

    test('of a breaker counts only on events where no hook can block', async (stage) => {
      close(stage, `${gateLine({ kind: 'breaker', untilMs: later() })}\n`);
      for (const event of ['PreToolUse', 'Stop', 'NewEvent', '', ...EVENT_NAMES.slice(0, 3)]) {
        expect(await guarded(stage, { flags: flags('guard', event) }), event).toEqual(
          canBlock(event) ? DENIED : SKIPPED,
        );
      }
      const input = '{"hook_event_name":"PreToolUse"}\n';
      expect(
        await guarded(stage, { input, stdin: 'pipe', flags: flags('guard', 'PostToolUse') }),
      ).toEqual(DENIED);
    });

    test('counts only on the events that it names', async (stage) => {
      close(stage, `breaker ${later()} PostToolUse Notification\n{"hook":"guard"} Setup\n`);
      for (const [event, isSkipped] of [
        ['Notification', true],
        ['PostToolUse', true],
        ['Setup', false],
        ['Post', false],
        ['ToolUse', false],
        ['', false],
        ['PostToolUse Notification', false],
      ] as const) {
        const flagged = { flags: flags('guard', event) };
        expect(await guarded(stage, flagged), event).toEqual(isSkipped ? SKIPPED : DENIED);
      }
    });

    test('that an older version wrote under another name has no effect', async (stage) => {
      stage.makeHome();
      mkdirSync(join(stage.home, 'gates'));
      const command = `sh -c '${DENY}'`;
      const digest = createHash('sha256').update(command).digest('hex').slice(0, 32);
      for (const file of ['guard', `guard~${digest}`]) {
        for (const text of ['off 0\n', `off ${later()}\n`]) {
          writeFileSync(join(stage.home, 'gates', file), text, { mode: 0o600 });
          expect(await guarded(stage)).toEqual(DENIED);
        }
      }
      const { stdout } = await stage.hookbus('status', '--json');
      expect(JSON.parse(`${stdout}`)).toMatchObject({ old_gates: ['guard'], gates: [] });
      await stage.hookbus('on', 'guard');
      expect(readdirSync(join(stage.home, 'gates'))).toEqual([]);
    });

    test('of one hook does not affect another with the same name if people switch one of them off', async (stage) => {
      const other = ['sh', '-c', 'echo other'];
      await guarded(stage, { flags: flags('guard', 'PostToolUse') }, other);
      await guarded(stage);
      const off = await stage.hookbus('off', 'guard', '--yes', '--command', `sh -c 'echo other'`);
      expect(brief(off)).toMatchObject({ code: 0, stderr: '' });
      expect(await guarded(stage, {}, other)).toEqual(SKIPPED);
      expect(await guarded(stage)).toEqual(DENIED);
    });
  });

  topic(engine, 'a hook that root protects', 'concurrent', ({ testIf }) => {
    const FAIL = ['sh', '-c', 'echo said; echo why >&2; exit 1'];
    const FAILED = { code: 1, signal: null, stdout: 'said\n', stderr: 'why\n' };
    const FORGIVEN = { code: 0, signal: null, stdout: '', stderr: '' };

    const under = (stage: Stage, policy: string, change?: string): RunOptions => {
      const room = stage.path('etc');
      mkdirSync(room, { recursive: true });
      return { program: [...underPolicy(room, policy, change), ...engine.command] };
    };

    testIf(
      canHavePolicy,
      'runs even if its gate is closed, and its decision is passed on',
      async (stage) => {
        close(stage, `off ${later()}\n`);
        const options = under(stage, '{"protected_hooks": ["other", "guard"]}');
        expect(await guarded(stage)).toEqual(SKIPPED);
        expect(await guarded(stage, options)).toEqual(DENIED);
        expect(await guarded(stage, under(stage, '{"protected_hooks": ["other"]}'))).toEqual(
          SKIPPED,
        );
        expect(await guarded(stage, under(stage, '{"protected_hooks": ["*"]}'))).toEqual(DENIED);
      },
    );

    testIf(canHavePolicy, 'is never skipped as a duplicate', async (stage) => {
      const options = under(stage, '{"protected_hooks": ["guard"]}');
      const dedupe = ['--dedupe-key', 'k', '--on-duplicate', 'replay'];
      const counts = async (program: RunOptions): Promise<number> => {
        const ran = stage.path('ran');
        writeFileSync(ran, '');
        const hook = ['sh', '-c', `echo x >>'${ran}'`];
        const keyed = { ...program, flags: [...flags('guard', 'Stop'), ...dedupe] };
        for (let time = 0; time < 3; time += 1) await guarded(stage, keyed, hook);
        return readFileSync(ran, 'utf8').length / 2;
      };
      expect(await counts({})).toBe(1);
      expect(await counts(options)).toBe(3);
    });

    testIf(canHavePolicy, 'keeps its exit code even with --guard', async (stage) => {
      const given = { flags: ['--name', 'guard', '--event', 'PostToolUse', '--guard'] };
      expect(await guarded(stage, given, FAIL)).toEqual(FORGIVEN);
      const options = { ...given, ...under(stage, '{"protected_hooks": ["guard"]}') };
      expect(await guarded(stage, options, FAIL)).toEqual(FAILED);
      expect(await guarded(stage, options, ['/no/such/hook'])).toMatchObject({ code: 127 });
    });

    for (const [what, change, counts] of [
      ['of another user', 'chown 4002 hookbus/policy.json', false],
      ['that its group can write', 'chmod 664 hookbus/policy.json', false],
      ['that others can write', 'chmod 646 hookbus/policy.json', false],
      ['in a directory of another user', 'chown 4002 hookbus', false],
      ['in a directory that others can write', 'chmod 777 hookbus', false],
      ['that is a link', 'mv hookbus/policy.json p; ln -s ../p hookbus/policy.json', false],
      ['in a directory that is a link', 'mv hookbus h; ln -s h hookbus', false],
      ['that is a directory', 'rm hookbus/policy.json; mkdir hookbus/policy.json', false],
      ['that is a FIFO', 'rm hookbus/policy.json; mkfifo hookbus/policy.json', false],
      ['that does not exist', 'rm hookbus/policy.json', false],
      ['that only root can read', 'chmod 600 hookbus/policy.json', true],
      ['that is longer than 64 KiB', 'yes | head -c 70000 >hookbus/policy.json', true],
    ] as const) {
      testIf(
        canHavePolicy,
        `is ${counts ? '' : 'not '}protected by a policy ${what}`,
        async (stage) => {
          close(stage, `off ${later()}\n`);
          const options = under(stage, '{"protected_hooks": ["guard"]}', change);
          expect(await guarded(stage, options)).toEqual(counts ? DENIED : SKIPPED);
        },
      );
    }

    testIf(
      canHavePolicy,
      'is the same for every engine, whatever the policy contains',
      async (stage) => {
        const file = new URL('../../fixtures/vectors/policy.json', import.meta.url);
        const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
          text: string;
          hook: string;
          protected: boolean;
        }[];
        for (const [index, { text, hook }] of vectors.entries()) {
          writeFileSync(stage.path(`${index}.json`), text);
          writeFileSync(stage.path(`${index}.name`), hook);
        }
        const script = `n=$1; shift; for i in $(seq 0 $n); do
        cp "$i.json" /etc/hookbus/policy.json
        "$@" run --name "$(cat "$i.name")" --event PostToolUse --guard -- sh -c 'exit 1' </dev/null
        echo $?
      done`;
        const room = stage.path('etc');
        mkdirSync(room);
        const words = [...underPolicy(room, ''), 'sh', '-c', script, 'sh', `${vectors.length - 1}`];
        const { stdout } = await stage.bare([...words, ...engine.command], { deadlineMs: 120_000 });
        const codes = `${stdout}`.trim().split('\n');
        expect(codes).toEqual(vectors.map((vector) => (vector.protected ? '1' : '0')));
      },
      60_000,
    );
  });
}
